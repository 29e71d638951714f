"""The final log of a room, and what it says about any moment of the past."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

from hubbub.testing.evidence.history import Json, digest, seen

T = TypeVar("T")
Changes = list[tuple[int, T]]
"""What something became, each with the `seq` of the event; in order."""


class RoomLog:
    """All events of a room, oldest first; or, when one came late, all after some `seq`.
    Raises ValueError when they are not dense."""

    def __init__(self, room: str, events: Sequence[Json], after: int = 0) -> None:
        self.room = room
        self.first = after + 1
        self.events = list(events)
        self.posts: dict[tuple[str, str], list[int]] = defaultdict(list)
        """The `seq` of every post, by (author, key)."""
        self.deleted: dict[int, int] = {}
        """The `seq` of the deletion, by the message's own."""
        self._sights: dict[int, Json] = {}
        self._texts: dict[int, Changes[str]] = defaultdict(list)
        self._pinned: dict[int, Changes[bool]] = defaultdict(list)
        self._reactions: dict[tuple[int, str, str], Changes[bool]] = defaultdict(list)
        self._members: dict[str, Changes[bool]] = defaultdict(list)
        for place, event in enumerate(events, self.first):
            if event["seq"] != place:
                raise ValueError(f"{room}: {event['seq']} stands in the place of {place}")
            self._take(event)

    @property
    def head(self) -> int:
        return self.first + len(self.events) - 1

    def event(self, seq: int) -> Json | None:
        return self.events[seq - self.first] if self.first <= seq <= self.head else None

    def sight(self, seq: int) -> Json:
        """The digests of an event that is in the log."""
        if seq not in self._sights:
            self._sights[seq] = seen(self.events[seq - self.first])
        return self._sights[seq]

    def erased(self, seq: int) -> bool:
        """Whether the event's text was taken away later."""
        event = self.event(seq)
        if event is None or "text" not in event:
            return False
        return event.get("message", seq) in self.deleted

    def kept(self) -> list[int]:
        """Where the log still has a text that should have been erased."""
        return [event["seq"] for event in self.events if event.get("text") and self.erased(event["seq"])]

    def text_at(self, message: int, seq: int) -> str | None:
        """The digest of a message's text as it stood at `seq`; None when nobody can know any more."""
        if message in self.deleted:
            return digest("") if self.deleted[message] <= seq else None
        return _as_of(self._texts.get(message, []), seq)

    def is_member(self, person: str, seq: int) -> bool:
        """From the event of joining to the event of leaving. Somebody of whom the log says nothing until then, and
        which does not begin at the beginning, is given the benefit of the doubt."""
        changes = self._members.get(person, [])
        if changes and changes[0][0] <= seq:
            return any(at == seq for at, _ in changes) or _is_on(changes, seq)
        return self.first > 1

    def next_join(self, person: str, seq: int) -> int | None:
        """The first time after `seq` that the person joined."""
        return next((at for at, inside in self._members.get(person, []) if inside and at > seq), None)

    def last_leave(self, person: str, seq: int) -> int | None:
        """The last time before `seq` that the person left."""
        return max((at for at, inside in self._members.get(person, []) if not inside and at < seq), default=None)

    def holds(self, who: str, asked: Json, seq: int) -> bool:
        """Whether, at `seq`, that is true which the command asked for: then its acknowledgement was."""
        message, verb = asked.get("message", 0), asked["verb"]
        match verb:
            case "post":
                return self._is_post(who, asked, seq)
            case "edit":
                return self.text_at(message, seq) in (asked["text"], None)
            case "delete":
                return message in self.deleted and self.deleted[message] <= seq
            case "react" | "unreact":
                return _is_on(self._reactions.get((message, who, asked["emoji"]), []), seq) is (verb == "react")
            case "pin" | "unpin":
                return _is_on(self._pinned.get(message, []), seq) is (verb == "pin")
            case "join" | "leave":
                return _is_on(self._members.get(who, []), seq) is (verb == "join")
        return True

    def _is_post(self, who: str, asked: Json, seq: int) -> bool:
        event = self.event(seq)
        if event is None or event["type"] != "message.posted":
            return False
        same = (event["by"]["id"], event.get("key"), event.get("reply_to")) == (
            who,
            asked.get("key"),
            asked.get("reply_to"),
        )
        return same and (self.erased(seq) or digest(event["text"]) == asked["text"])

    def _take(self, event: Json) -> None:
        seq, message = event["seq"], event.get("message", 0)
        match event["type"]:
            case "message.posted":
                self._texts[seq].append((seq, digest(event["text"])))
                if event.get("key"):
                    self.posts[event["by"]["id"], event["key"]].append(seq)
            case "message.edited":
                self._texts[message].append((seq, digest(event["text"])))
            case "message.deleted":
                self.deleted.setdefault(message, seq)
                self._pinned[message].append((seq, False))
            case "message.pinned" | "message.unpinned":
                self._pinned[message].append((seq, event["type"] == "message.pinned"))
            case "reaction.added" | "reaction.removed":
                change = (seq, event["type"] == "reaction.added")
                self._reactions[message, event["by"]["id"], event["emoji"]].append(change)
            case "member.joined" | "member.left":
                self._members[event["person"]["id"]].append((seq, event["type"] == "member.joined"))


def _as_of(changes: Changes[T], seq: int) -> T | None:
    """The last of what something became at or before `seq`; None before the first."""
    place = bisect_right(changes, seq, key=lambda change: change[0])
    return changes[place - 1][1] if place else None


def _is_on(changes: Changes[bool], seq: int) -> bool:
    return _as_of(changes, seq) or False
