"""Who is here in one room, counted by connection, told by difference."""

from dataclasses import dataclass

from hubbub.core.models import Author


@dataclass(frozen=True, slots=True)
class Diff:
    here: list[Author]
    """Who came, or has another name now."""
    gone: list[str]
    """Ids of those who went."""
    count: int
    """How many are here now."""


class Roster:
    def __init__(self) -> None:
        self._connections: dict[str, int] = {}
        self._people: dict[str, Author] = {}
        self._told: dict[str, Author | None] = {}
        """For everybody who changed since the last difference: what was told before; None for "not here"."""

    @property
    def count(self) -> int:
        return len(self._people)

    def enter(self, person: Author) -> bool:
        """One more connection of the person. True if it is the first; a changed name counts as news."""
        before = self._people.get(person.id)
        if before != person:
            self._told.setdefault(person.id, before)
        self._people[person.id] = person
        self._connections[person.id] = self._connections.get(person.id, 0) + 1
        return before is None

    def exit(self, person: str) -> bool:
        """One connection less. True if it was the last."""
        left = self._connections.get(person, 0) - 1
        if left > 0:
            self._connections[person] = left
            return False
        if left < 0:
            return False
        del self._connections[person]
        self._told.setdefault(person, self._people.pop(person))
        return True

    def people(self, limit: int) -> list[Author]:
        """In the order of their ids, at most `limit`."""
        return [self._people[person] for person in sorted(self._people)[:limit]]

    def take_diff(self) -> Diff | None:
        """What has changed since the last call, without what came and went in between. None: nothing."""
        told, self._told = self._told, {}
        here = [self._people[p] for p, before in told.items() if p in self._people and self._people[p] != before]
        gone = [p for p, before in told.items() if p not in self._people and before is not None]
        return Diff(here, gone, self.count) if here or gone else None
