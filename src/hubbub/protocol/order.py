"""Commands that keep order."""

from typing import Annotated, Literal

from pydantic import Field

from hubbub.core.models import (
    PersonId,
    RoomId,
    Seq,
)
from hubbub.core.rules import WORDS_MAX
from hubbub.protocol.talking import Command, InRoom
from hubbub.protocol.values import PAGE_MAX, Action, AuditId, BlockedWord, Days, Minutes, Reason


class Against(Command):
    person: PersonId
    room: RoomId | None = None
    """Null: in the whole place."""
    reason: Reason = ""


class Mute(Against):
    """Silences somebody of a lower role: they can read, and not write."""

    type: Literal["mute"] = "mute"
    minutes: Minutes | None = None
    """How long; null: until somebody ends it."""


class Unmute(Against):
    """Lets somebody speak again."""

    type: Literal["unmute"] = "unmute"


class Ban(Against):
    """Keeps somebody of a lower role out. Of a room: they are no member any more, and can neither join nor read it.
    Of the place: their sessions end at once, and they cannot come back; from the address of a guest no new guests
    come for a day."""

    type: Literal["ban"] = "ban"
    minutes: Minutes | None = None
    """How long; null: until somebody ends it."""


class Unban(Against):
    """Lets somebody in again."""

    type: Literal["unban"] = "unban"


class Kick(InRoom):
    """Takes somebody of a lower role out of a room. They can come back."""

    type: Literal["kick"] = "kick"
    person: PersonId
    reason: Reason = ""


class ListSanctions(Command):
    """Lists who is silenced or banned now, the newest first, at most 100."""

    type: Literal["sanctions"] = "sanctions"
    room: RoomId | None = None
    """Null: in the whole place, and in all public rooms."""


class Report(InRoom):
    """Asks the moderators to look at a message. A second time changes nothing."""

    type: Literal["report"] = "report"
    message: Seq
    reason: Reason = ""


class ListReports(Command):
    """Lists messages that were reported and that no moderator has settled, at most 100."""

    type: Literal["reports"] = "reports"
    room: RoomId | None = None
    """Null: of all public rooms."""


class Resolve(InRoom):
    """Settles the reports of a message, whatever was done about it."""

    type: Literal["resolve"] = "resolve"
    message: Seq
    note: Reason = ""
    """For the audit log."""


class ReadAudit(Command):
    """Reads what moderators and owners have done, the newest first."""

    type: Literal["audit"] = "audit"
    room: RoomId | None = None
    """Null: in the whole place and all rooms, but for other people's private ones."""
    person: PersonId | None = None
    """Only what was done to this person, or by them."""
    action: Action | None = None
    before: AuditId | None = None
    """The last entry of the page before."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50
    """How many entries at most."""


class GetRules(Command):
    """Reads the rules of the place."""

    type: Literal["rules"] = "rules"


class SetRules(Command):
    """Replaces the rules of the place."""

    type: Literal["set_rules"] = "set_rules"
    blocked_words: Annotated[list[BlockedWord], Field(max_length=WORDS_MAX)] = []
    """Whole words that nobody may use in messages and names, compared as search compares them."""
    links: Literal["everybody", "members", "nobody"] = "everybody"
    """Who may post links. Moderators always may."""
    retention_days: Days | None = None
    """After so many days messages are erased; null: never."""


class SetRetention(InRoom):
    """Decides how long a room keeps messages. What is older is erased: pinned ones too."""

    type: Literal["retention"] = "retention"
    days: Days | None = None
    """Null: as the place has it."""


class ForgetMe(Command):
    """Deletes one's own account, or what one has as a guest: the name, the sessions, the memberships. This cannot be
    undone. Connections end with 4401, often before this is answered."""

    type: Literal["forget_me"] = "forget_me"
    messages: Literal["keep", "erase"]
    """What becomes of one's messages: they stay, by a "deleted user"; or each is deleted, soon afterwards."""
