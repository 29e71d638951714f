"""The audit log: what moderators and owners have done, for those who may ask."""

from hubbub.core import policy
from hubbub.core.models import FOREVER, Person
from hubbub.protocol import AuditPage, ReadAudit
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction


def record(
    tx: Transaction,
    action: str,
    by: Person | str,
    at: int,
    *,
    person: str | None = None,
    room: str | None = None,
    message: int | None = None,
    until: int | None = None,
    reason: str = "",
) -> None:
    """Adds an entry in the transaction of what it tells of. `action` is the type of a command, or a name like one.
    Never give it the text of a message, or a secret."""
    about = {"person": person, "room": room, "message": message, "reason": reason}
    if until is not None and until < FOREVER:
        about["until"] = until
    tx.record(action, by.id if isinstance(by, Person) else by, at, **about)


async def audit(context: Context, me: Person, command: ReadAudit) -> AuditPage:
    def look(reader: Reader) -> AuditPage:
        may_look(context, reader, me, "audit", command.room)
        entries = reader.audit(
            me.id,
            room=command.room,
            person=command.person,
            action=command.action,
            before=command.before,
            limit=command.limit,
        )
        return AuditPage(entries=entries)

    return await context.store.read(look)


def may_look(context: Context, reader: Reader, me: Person, action: str, room: str | None) -> None:
    """Lets a moderator of the room, or (None) of the place, see something."""
    if room is None:
        policy.permit_in_place("moderate", reader.person(me.id) or me, context.place())
    else:
        policy.permit(action, reader.standing(room, me.id), context.place(), context.now())
