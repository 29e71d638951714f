"""Who is typing in one room: said again and again, and forgotten when it is not."""

from hubbub.core.models import Author


class Typists:
    """Times are seconds of any clock that never goes backwards."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[Author, float]] = {}

    def __len__(self) -> int:
        return len(self._people)

    def __contains__(self, person: str) -> bool:
        return person in self._people

    def type(self, person: Author, until: float) -> None:
        """The person is typing, until that time unless it is said again."""
        self._people[person.id] = (person, until)

    def stop(self, person: str) -> None:
        self._people.pop(person, None)

    def expire(self, now: float) -> None:
        """Forgets those whose time is over."""
        self._people = {person: typist for person, typist in self._people.items() if typist[1] > now}

    def people(self, limit: int) -> list[Author]:
        """In the order in which they began, at most `limit`."""
        return [person for person, _ in self._people.values()][:limit]
