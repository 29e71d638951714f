"""The judge: compares what clients saw with the final log. It runs when all is over and needs nothing but files.

a  what was acknowledged is in the log, once
b  what a client is shown of a room has no gap and no repetition between resets, and comes to the end
c  everybody sees the same at the same place: live, replayed, in the history
d  the messages that somebody sends on one connection keep their order
e  nothing is shown that is not in the log, and nothing is in the log that was refused
f  nothing is shown to somebody who is not in the room, and no deleted text to somebody who comes later
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from hubbub.testing.evidence.history import Json, read_history
from hubbub.testing.evidence.log import RoomLog

PERHAPS = {"storage_failed"}
"""Refusals after which nobody knows, until the next start, whether the change was made."""
CHANGES = {"post", "edit", "delete", "react", "unreact", "pin", "unpin", "join", "leave"}

Letter = Literal["a", "b", "c", "d", "e", "f"]


class Broken(NamedTuple):
    """A promise that was not kept."""

    check: Letter
    promise: str
    """Its number in docs/guarantees.md."""
    words: str
    where: str
    """`file:line` of the note that shows it; empty when it is the log itself."""

    def __str__(self) -> str:
        return f"{self.promise} ({self.check}): {self.words}" + (f" [{self.where}]" if self.where else "")


@dataclass
class Verdict:
    broken: list[Broken] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """How much was looked at: `acknowledged`, `received`, `resets`, `connections`, `refused`, `unanswered`, `read`.
    And `refused: CODE` for each code."""


def judge(logs: Mapping[str, RoomLog], histories: Iterable[Path], until: float = math.inf) -> Verdict:
    """Reads the histories and says what was broken. `logs`: the final log of every room that they speak of. Or the
    logs of a backup that was asked for at the moment `until`: what was sent later may be in them or not."""
    judgement = _Judgement(logs)
    for path in histories:
        for where, note in read_history(path):
            if note["t"] <= until or note["op"] in ("open", "send"):
                judgement.take(where, note)
    judgement.conclude()
    return judgement.verdict


class _Sent(NamedTuple):
    asked: Json
    where: str


class _Link:
    """One connection, as far as it has been read."""

    def __init__(self, who: str, at: float) -> None:
        self.who = who
        self.began = at
        self.positions: dict[str, int] = {}
        self.waiting: dict[int, _Sent] = {}


class _Judgement:
    def __init__(self, logs: Mapping[str, RoomLog]) -> None:
        self.verdict = Verdict()
        self._logs = logs
        self._links: dict[str, _Link] = {}
        self._posts: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
        """For (room, who, key): on which link it was sent, and where that is noted."""
        self._may_be: set[tuple[str, str, str]] = set()
        """Posts that were acknowledged, or whose answer is unknown."""
        self._answered: set[tuple[str, str, str]] = set()
        self._acks: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
        self._reads: list[tuple[float, str, int, str]] = []
        self._asked_to_join: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._asked_to_leave: dict[tuple[str, str, int], float] = {}
        """When somebody asked for the leaving that became this event."""
        self._outside: list[tuple[str, str, int, float, str]] = []
        """What was shown to somebody who was not in the room at that event."""
        self._gone_at: dict[tuple[str, int], float] = {}
        """When the deletion of a message was first acknowledged."""
        self._gone_texts: list[tuple[str, int, float, str]] = []
        self._bodies: dict[tuple[str, int], str] = {}

    def take(self, where: str, note: Json) -> None:
        if note["link"] not in self._links and note["op"] in ("recv", "reset", "joined"):
            self._say("b", "G6", f"{note['link']} was shown {note['room']} {note['seq']} without a welcome", where)
            return
        match note["op"]:
            case "open":
                self._take_open(note)
            case "send":
                self._take_send(where, note)
            case "ack" | "refused" | "read":
                self._take_answer(where, note)
            case "recv":
                self._take_recv(where, note)
            case "reset" | "joined":
                self.verdict.counts["resets"] += note["op"] == "reset"
                self._links[note["link"]].positions[note["room"]] = note["seq"]
            case "end":
                self._take_end(where, note)

    # What clients do -----------------------------------------------------------------------------------------

    def _take_open(self, note: Json) -> None:
        self.verdict.counts["connections"] += 1
        link = self._links[note["link"]] = _Link(note["who"], note["began"])
        another_log = note["asked"] not in (None, note["epoch"])
        for room, head in note["rooms"].items():
            cursor = note["cursors"].get(room, head)
            link.positions[room] = -1 if another_log and room in note["cursors"] else cursor

    def _take_send(self, where: str, note: Json) -> None:
        link, room, verb = self._links[note["link"]], note.get("room", ""), note["verb"]
        link.waiting[note["n"]] = _Sent(note, where)
        self.verdict.counts["unanswered"] += 1
        if verb == "post" and "key" in note:
            self._posts[room, link.who, note["key"]].append((note["link"], where))
        elif verb == "join":
            self._asked_to_join[room, link.who].append(note["t"])

    def _take_answer(self, where: str, note: Json) -> None:
        link = self._links[note["link"]]
        sent = link.waiting.pop(note["n"], None)
        if sent is None:
            return
        self.verdict.counts["unanswered"] -= 1
        asked = sent.asked
        post = (asked.get("room", ""), link.who, asked.get("key", ""))
        match note["op"]:
            case "refused":
                self.verdict.counts["refused"] += 1
                self.verdict.counts[f"refused: {note['code']}"] += 1
                if note["code"] in PERHAPS:
                    self._may_be.add(post)
                self._answered.add(post)
            case "read":
                self._take_page(where, asked["t"], note)
            case "ack" if asked["verb"] in CHANGES:
                self.verdict.counts["acknowledged"] += 1
                self._may_be.add(post)
                self._take_ack(where, link.who, asked, note)

    def _take_ack(self, where: str, who: str, asked: Json, note: Json) -> None:
        room, seq = note["room"], note["seq"]
        log = self._log(room, where)
        if log is None or seq < log.first:
            return
        if seq > log.head or not log.holds(who, asked, seq):
            self._say(
                "a", "G1", f"{asked['verb']} was acknowledged as {room} {seq}, which the log does not have", where
            )
        self._acks[room].append((note["t"], seq, where))
        if asked["verb"] == "delete":
            gone = (room, asked["message"])
            self._gone_at[gone] = min(note["t"], self._gone_at.get(gone, note["t"]))
        elif asked["verb"] == "leave":
            self._asked_to_leave.setdefault((room, who, seq), asked["t"])

    def _take_page(self, where: str, asked_at: float, note: Json) -> None:
        room, head = note["room"], note["head"]
        log = self._log(room, where)
        if log is None:
            return
        self.verdict.counts["read"] += 1
        self._reads.append((asked_at, room, head, where))
        if head > log.head:
            self._say("e", "G1", f"the history of {room} came to {head}, the log only to {log.head}", where)
        for seq, text in note["messages"]:
            if seq >= log.first and log.text_at(seq, head) not in (text, None):
                self._say("c", "G5", f"the history of {room} at {head} had another text at {seq} than the log", where)

    # What clients are shown ----------------------------------------------------------------------------------

    def _take_recv(self, where: str, note: Json) -> None:
        self.verdict.counts["received"] += 1
        link, room, seq = self._links[note["link"]], note["room"], note["seq"]
        position = link.positions.get(room)
        if position is None:
            self._say("f", "G16", f"{room} {seq} was shown to {link.who}, who had not come into the room", where)
        elif seq != position + 1:
            self._say("b", "G6", f"{link.who} was shown {room} {seq} after {position}", where)
        link.positions[room] = seq
        log = self._log(room, where)
        if log is None or seq < log.first:
            return
        if seq > log.head:
            self._say("e", "G1", f"{room} {seq} was shown, and is not in the log", where)
            return
        self._compare(where, link, log, note)
        if not log.is_member(link.who, seq):
            self._outside.append((room, link.who, seq, note["t"], where))

    def _compare(self, where: str, link: _Link, log: RoomLog, note: Json) -> None:
        room, seq, sight, body = note["room"], note["seq"], log.sight(note["seq"]), note.get("body")
        same = note["rest"] == sight["rest"]
        if log.erased(seq):
            if body:
                same = same and self._bodies.setdefault((room, seq), body) == body
                event = log.events[seq - log.first]
                self._gone_texts.append((room, event.get("message", seq), link.began, where))
        else:
            same = same and body == sight.get("body")
        if not same:
            self._say("c", "G5", f"{room} {seq} was shown differently from what the log has", where)

    def _take_end(self, where: str, note: Json) -> None:
        who = self._links[note["link"]].who
        for room, goal in note["goal"].items():
            log = self._log(room, where)
            came_to = note["cursors"].get(room, 0)
            if log and came_to < goal and log.is_member(who, goal):
                self._say("b", "G6", f"{who} came to {room} {came_to} and no further; its end was {goal}", where)

    # When everything has been read ---------------------------------------------------------------------------

    def conclude(self) -> None:
        self._each_key_once()
        self._order_of_each_link()
        self._reads_show_what_was_acknowledged()
        self._nothing_for_outsiders()
        self._deleted_texts_are_gone()

    def _deleted_texts_are_gone(self) -> None:
        for room, log in self._logs.items():
            for seq in log.kept():
                self._say("f", "G16", f"{room} {seq} still has the text of a message that was deleted", "")
        for room, message, began, where in self._gone_texts:
            if began > self._gone_at.get((room, message), float("inf")):
                self._say("f", "G16", f"the text of {room} {message} was shown after its deletion", where)

    def _each_key_once(self) -> None:
        unanswered = {
            (sent.asked.get("room", ""), link.who, sent.asked.get("key", ""))
            for link in self._links.values()
            for sent in link.waiting.values()
        }
        for room, log in self._logs.items():
            for (who, key), seqs in log.posts.items():
                post = (room, who, key)
                if len(seqs) > 1:
                    self._say("a", "G4", f"the post {key} of {who} is in {room} more than once: {seqs}", "")
                if post in self._answered - self._may_be - unanswered:
                    self._say("e", "G3", f"the post {key} of {who} was refused, and is {room} {seqs[0]}", "")

    def _order_of_each_link(self) -> None:
        """A post that was sent again may have been made by either; it says nothing about order."""
        last: dict[tuple[str, str], int] = {}
        for (room, who, key), sent in self._posts.items():
            log = self._logs.get(room)
            seqs = log.posts.get((who, key)) if log else None
            if len(sent) != 1 or not seqs:
                continue
            [(link, where)] = sent
            if seqs[0] < last.get((link, room), 0):
                self._say("d", "G5", f"{who} sent {key} later than what stands after it in {room}", where)
            last[link, room] = seqs[0]

    def _reads_show_what_was_acknowledged(self) -> None:
        acks = {room: sorted(found, key=lambda ack: ack[0]) for room, found in self._acks.items()}
        places: dict[str, int] = defaultdict(int)
        newest: dict[str, int] = defaultdict(int)
        for asked_at, room, head, where in sorted(self._reads):
            found = acks.get(room, [])
            while places[room] < len(found) and found[places[room]][0] < asked_at:
                newest[room] = max(newest[room], found[places[room]][1])
                places[room] += 1
            if head < newest[room]:
                words = f"{room} {newest[room]} was acknowledged, and a history read after that ended at {head}"
                self._say("a", "G17", words, where)

    def _nothing_for_outsiders(self) -> None:
        """Somebody who joins again with an old cursor is shown what happened meanwhile, but only then."""
        for room, who, seq, at, where in self._outside:
            log = self._logs[room]
            joined, left = log.next_join(who, seq), log.last_leave(who, seq)
            since = self._asked_to_leave.get((room, who, left or 0), 0.0)
            if joined is None or not any(since < t < at for t in self._asked_to_join[room, who]):
                self._say("f", "G16", f"{room} {seq} was shown to {who}, who was not in the room", where)

    # Words ---------------------------------------------------------------------------------------------------

    def _log(self, room: str, where: str) -> RoomLog | None:
        log = self._logs.get(room)
        if log is None:
            self._say("e", "G1", f"there is no room {room} in the end", where)
        return log

    def _say(self, check: Letter, promise: str, words: str, where: str) -> None:
        self.verdict.broken.append(Broken(check, promise, words, where))
