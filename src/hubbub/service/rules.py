"""The rules of the place, and how long messages are kept."""

from hubbub.core import policy
from hubbub.core.models import Person, Place
from hubbub.core.words import words_of
from hubbub.errors import Invalid
from hubbub.protocol import Applied, Envelope, GetRules, Rules, SetRetention, SetRules
from hubbub.service.audit import record
from hubbub.service.change import permit
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction


async def rules(context: Context, me: Person, command: GetRules) -> Rules:
    def look(reader: Reader) -> Rules:
        policy.permit_in_place("rules", reader.person(me.id) or me, context.place())
        return _rules_of(context.place())

    return await context.store.read(look)


async def set_rules(context: Context, me: Person, command: SetRules) -> Rules:
    words = [" ".join(word.split()) for word in command.blocked_words]
    for word in words:
        if not words_of(word):
            raise Invalid("A blocked word needs letters or digits.", code="bad_rule")

    def change(tx: Transaction) -> Rules:
        policy.permit_in_place("set_rules", tx.person(me.id) or me, context.place())
        about = {"links": command.links, "retention_days": command.retention_days}
        place = (tx.place() or context.place()).model_copy(
            update={"blocked_words": sorted(set(words), key=str.casefold), **about}
        )
        tx.set_place(place)
        record(tx, "set_rules", me, context.now())
        tx.announce(Envelope(place=place, frame=""))
        return _rules_of(place)

    answer = await context.store.write(change)
    context.erasing.set()
    return answer


async def set_retention(context: Context, me: Person, command: SetRetention) -> Applied:
    def change(tx: Transaction) -> Applied:
        standing = permit(context, tx, me, command)
        tx.set_retention(command.room, command.days)
        days = "as the place" if command.days is None else f"{command.days} days"
        record(tx, "retention", me, context.now(), room=command.room, reason=days)
        return Applied(room=command.room, seq=standing.head)

    answer = await context.store.write(change)
    context.erasing.set()
    return answer


def _rules_of(place: Place) -> Rules:
    return Rules(blocked_words=place.blocked_words, links=place.links, retention_days=place.retention_days)
