"""Messages: post, edit, delete, react, pin, and read them."""

import asyncio

from hubbub.core import policy, rules
from hubbub.core.emoji import normalise_emoji
from hubbub.core.markdown import render
from hubbub.core.models import History, Message, Person, Role, Standing
from hubbub.core.text import clean_message
from hubbub.errors import Conflict, Invalid
from hubbub.protocol import (
    Applied,
    Delete,
    Edit,
    Event,
    GetHistory,
    ListPins,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageUnpinned,
    Pin,
    Pins,
    Post,
    React,
    ReactionAdded,
    ReactionRemoved,
    Unpin,
    Unreact,
)
from hubbub.service.audit import record
from hubbub.service.change import Stamp, change_room, permit
from hubbub.service.context import Context
from hubbub.service.files import file_of
from hubbub.store import Reader, Transaction

RENDER_IN_LOOP_MAX_CHARS = 500
"""Longer texts are rendered in a thread, so that nobody waits for them."""


async def post(context: Context, me: Person, command: Post) -> Applied:
    """Raises Conflict `key_conflict` when the key was used for something else."""
    text = clean_message(command.text) if command.text.strip() or not command.files else ""
    html = await _render(text)

    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | Applied:
        if standing.announcement:
            policy.permit("announce", standing, context.place(), stamp["at"])
        role = policy.role_of(standing.membership, standing.place)
        if command.key and (first := tx.posted_with(command.room, me.id, command.key)):
            return _repeated(first, text, command)
        rules.check_message(text, context.place(), role)
        files = [file_of(tx, me, file) for file in dict.fromkeys(command.files)]
        rules.check_words("\n".join(file.name for file in files), context.place())
        _wait_in_turn(tx, standing, role, me, stamp["at"])
        if command.reply_to is not None:
            policy.message_must_stand(tx.message(command.room, command.reply_to))
        return MessagePosted(
            **stamp,
            text=text,
            html=html,
            key=command.key,
            reply_to=command.reply_to,
            files=files or None,
        )

    return await change_room(context, me, command, decide)


async def edit(context: Context, me: Person, command: Edit) -> Applied:
    text = clean_message(command.text)
    html = await _render(text)

    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        message = policy.message_must_stand(tx.message(command.room, command.message))
        policy.may_edit(message, me)
        if message.text == text:
            return None
        rules.check_message(text, context.place(), policy.role_of(standing.membership, standing.place))
        return MessageEdited(**stamp, message=command.message, text=text, html=html)

    return await change_room(context, me, command, decide)


async def delete(context: Context, me: Person, command: Delete) -> Applied:
    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        message = policy.message_must_exist(tx.message(command.room, command.message))
        mine = message.author.id == me.id
        if not mine:
            policy.permit("delete_others", standing, context.place(), stamp["at"])
        if message.deleted:
            return None
        reason = None if mine else command.reason.strip()
        if reason is not None:
            record(
                tx,
                "delete",
                me,
                stamp["at"],
                person=message.author.id,
                room=command.room,
                message=command.message,
                reason=reason,
            )
        return MessageDeleted(**stamp, message=command.message, reason=reason)

    return await change_room(context, me, command, decide)


async def react(context: Context, me: Person, command: React) -> Applied:
    emoji = normalise_emoji(command.emoji)

    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        message = policy.message_must_stand(tx.message(command.room, command.message))
        if me.id in _people_with(message, emoji):
            return None
        policy.may_react(message, emoji)
        return ReactionAdded(**stamp, message=command.message, emoji=emoji)

    return await change_room(context, me, command, decide)


async def unreact(context: Context, me: Person, command: Unreact) -> Applied:
    emoji = normalise_emoji(command.emoji)

    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        message = policy.message_must_stand(tx.message(command.room, command.message))
        if me.id not in _people_with(message, emoji):
            return None
        return ReactionRemoved(**stamp, message=command.message, emoji=emoji)

    return await change_room(context, me, command, decide)


async def pin(context: Context, me: Person, command: Pin) -> Applied:
    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        message = policy.message_must_stand(tx.message(command.room, command.message))
        if message.pinned:
            return None
        return MessagePinned(**stamp, message=command.message)

    return await change_room(context, me, command, decide)


async def unpin(context: Context, me: Person, command: Unpin) -> Applied:
    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        message = policy.message_must_stand(tx.message(command.room, command.message))
        if not message.pinned:
            return None
        return MessageUnpinned(**stamp, message=command.message)

    return await change_room(context, me, command, decide)


async def history(context: Context, me: Person, command: GetHistory) -> History:
    if sum(at is not None for at in (command.before, command.after, command.around)) > 1:
        raise Invalid("Give only one of before, after and around.")

    def look(reader: Reader) -> History:
        permit(context, reader, me, command)
        return reader.history(
            command.room,
            before=command.before,
            after=command.after,
            around=command.around,
            limit=command.limit,
        )

    return await context.store.read(look)


async def pins(context: Context, me: Person, command: ListPins) -> Pins:
    def look(reader: Reader) -> Pins:
        permit(context, reader, me, command)
        return Pins(messages=reader.pins(command.room))

    return await context.store.read(look)


def _wait_in_turn(tx: Transaction, standing: Standing, role: Role, me: Person, now: int) -> None:
    """Slow mode, but for moderators."""
    if standing.slow_s and policy.ROLES.index(role) < policy.ROLES.index("moderator"):
        policy.must_wait(tx.posted_at(standing.room, me.id), standing.slow_s, now)
        tx.set_posted_at(standing.room, me.id, now)


async def _render(text: str) -> str | None:
    if len(text) <= RENDER_IN_LOOP_MAX_CHARS:
        return render(text)
    return await asyncio.to_thread(render, text)


def _repeated(first: Message, text: str, command: Post) -> Applied:
    """A post with a known key. What was edited or deleted since can no longer be compared."""
    untouched = first.edited_at is None and not first.deleted
    files = [file.id for file in first.files]
    asked = (text, command.reply_to, list(dict.fromkeys(command.files)))
    if untouched and (first.text, first.reply_to, files) != asked:
        raise Conflict("This key was used for another message. Choose a new key for each.", code="key_conflict")
    return Applied(room=command.room, seq=first.seq)


def _people_with(message: Message, emoji: str) -> list[str]:
    return next((reaction.people for reaction in message.reactions if reaction.emoji == emoji), [])
