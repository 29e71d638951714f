"""The hub: which connection is live in which room, and the one way by which any of them gets frames.

A connection is, for each of its rooms, either *live* (it gets each frame as it comes) or *behind*, with a cursor: the
last `seq` that was written to it. Joining, resuming and recovering from slowness are the same: be behind with a
cursor, be given what follows it, go live. From the ring of recent frames that happens at once (`advance`); what the
ring no longer has is read from the store by `CatchUp` and handed in by `replay`. Whoever is too far behind is `reset`.

All methods are plain functions and run in the event loop's thread, so that none of them can be interrupted half way.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from hubbub.core.models import Person, RoomSummary
from hubbub.errors import CloseCode
from hubbub.hub.outlet import Batch, Outlet
from hubbub.protocol import Reset
from hubbub.store import StoredFrame

IDLE_FEEDS_MAX = 200
NO_CHANGES: Mapping[str, int] = {}
"""Of connections whose person stays where they are: most of them, so they share it."""


class Connection:
    """One socket of one person. `plain` ones speak the tutorial's text protocol instead of JSON frames.
    `name` is what the log calls it."""

    __slots__ = (
        *("behind", "changed", "end", "live", "name", "outdated"),
        *("outlet", "person", "plain", "ready", "session"),
    )

    def __init__(self, person: Person, outlet: Outlet, *, plain: bool = False, name: str = "") -> None:
        self.name = name
        self.session = ""
        """The public id of the session that it was opened with."""
        self.end: Callable[[CloseCode, str], None] = lambda code, reason: outlet.abort()
        """Closes it, with a code and words for its client."""
        self.person = person
        self.outlet = outlet
        self.plain = plain
        self.live: set[str] = set()
        self.behind: dict[str, int] = {}
        self.ready = plain
        """Whether it has been welcomed: before, it is told nothing."""
        self.outdated = False
        """Whether the person changed, or joined or left a room, before it was ready."""
        self.changed: Mapping[str, int] = NO_CHANGES
        """The `seq` at which the person last joined or left a room since it was ready."""

    def is_in(self, room: str) -> bool:
        return room in self.live or room in self.behind


class Frame(NamedTuple):
    """One frame in both languages; an empty text or None is not sent to connections of that language."""

    json: str
    plain: str | None
    seq: int = 0
    """0 for a signal."""


Send = Callable[[bytes], None]
Soon = Callable[[Callable[[], None]], object]
"""Calls a function when it may be, at the end of the loop's tick at the earliest."""


class Load(NamedTuple):
    """What the hub has to do with now."""

    rooms: int
    live: int
    behind: int


class Feed:
    """A room that somebody on this node listens to."""

    __slots__ = ("behind", "entering", "head", "live", "pending", "ring", "soon", "written")

    def __init__(self, head: int, ring_size: int, soon: Soon) -> None:
        self.soon = soon
        self.head = head
        """`seq` of the last event delivered to this node."""
        self.written = head
        """`seq` of the last event written to the live connections; less than `head` until the tick ends."""
        self.live: dict[Connection, Send | None] = {}
        """With what each is sent encoded frames by; None: see `Hub._write_with_care`."""
        self.behind: dict[Connection, None] = {}
        self.ring: deque[Frame] = deque(maxlen=ring_size)
        self.pending: list[Frame] = []
        self.entering: dict[Connection, int] = {}
        """Those behind who know so many of the pending frames, and go live when these are written."""


class Hub:
    """`new_pace` makes what says when one room is written to (see `hubbub.hub.pace`); `on_behind(connection, room)` is
    told when a connection needs frames that only the store has (and again after each time its outlet has drained)."""

    def __init__(
        self,
        *,
        new_pace: Callable[[], Soon],
        on_behind: Callable[[Connection, str], None],
        plain_of: Callable[[str], str | None],
        buffer_limit: int,
        ring_size: int,
        replay_limit: int,
    ) -> None:
        self._new_pace = new_pace
        self._on_behind = on_behind
        self._plain_of = plain_of
        self._limit = buffer_limit
        self._ring_size = ring_size
        self._replay_limit = replay_limit
        self._feeds: dict[str, Feed] = {}
        self._people: dict[str, dict[Connection, None]] = {}
        # Counted since the start:
        self.deliveries = 0
        self.falls = 0
        self.resets = 0

    def load(self) -> Load:
        feeds = self._feeds.values()
        return Load(len(feeds), sum(len(feed.live) for feed in feeds), sum(len(feed.behind) for feed in feeds))

    # Rooms ---------------------------------------------------------------------------------------------------

    def open(self, room: str, head: int, recent: Iterable[StoredFrame]) -> None:
        """Begins to follow a room whose log ends at `head`; `recent` are its last frames, oldest first."""
        if room in self._feeds:
            return
        self._retire_idle_feeds()
        feed = self._feeds[room] = Feed(head, self._ring_size, self._new_pace())
        feed.ring.extend(Frame(stored.frame, self._plain_of(stored.frame), stored.seq) for stored in recent)

    def head(self, room: str) -> int | None:
        """The last `seq` delivered here; None for a room that nobody here listens to."""
        feed = self._feeds.get(room)
        return feed.head if feed else None

    def rooms(self) -> list[str]:
        """The rooms that are followed."""
        return list(self._feeds)

    def deliver(self, room: str, seq: int, json: str, plain: str | None, *, erases: bool = False) -> None:
        """Hands the event that follows `head(room)` to everybody live in the room. Called by the relay alone.
        `erases`: the event took a text out of the log, so no earlier frame may be given to anybody from the ring."""
        feed = self._feeds[room]
        if seq != feed.head + 1:
            raise ValueError(f"{room}: {seq} does not follow {feed.head}")
        frame = Frame(json, plain, seq)
        feed.head = seq
        if erases:
            feed.ring.clear()
        feed.ring.append(frame)
        self._enqueue(room, feed, frame)

    def forget(self, room: str) -> None:
        """Something was taken out of the log, and no event says so: no earlier frame is given from the ring."""
        if feed := self._feeds.get(room):
            feed.ring.clear()

    def skip(self, room: str, seq: int) -> None:
        """The log has nothing any more between what was delivered here and `seq`: goes on after it. Whoever was live
        is behind now, for `CatchUp` to find out and reset."""
        feed = self._feeds[room]
        self._write_pending(room, feed)
        feed.ring.clear()
        feed.head = seq
        for connection in list(feed.live):
            self._fall_behind(connection, room, feed)
        feed.written = seq

    def signal(self, room: str, json: str, plain: str | None) -> None:
        """Hands a signal to everybody live in the room who is not short of buffer."""
        if feed := self._feeds.get(room):
            self._enqueue(room, feed, Frame(json, plain))

    # People --------------------------------------------------------------------------------------------------

    def connect(self, connection: Connection) -> None:
        self._people.setdefault(connection.person.id, {})[connection] = None

    def disconnect(self, connection: Connection) -> None:
        """Takes the connection out of everything. Safe to call twice."""
        for room in [*connection.live, *connection.behind]:
            self.leave(connection, room)
        mine = self._people.get(connection.person.id)
        if mine is not None:
            mine.pop(connection, None)
            if not mine:
                del self._people[connection.person.id]

    def connections(self) -> Iterator[Connection]:
        for mine in list(self._people.values()):
            yield from list(mine)

    def connections_of(self, person: str) -> list[Connection]:
        return list(self._people.get(person, ()))

    def tell(self, connection: Connection, *frames: str) -> None:
        """Writes frames to one connection: answers and signals that are meant for it alone."""
        connection.outlet.write(Batch(frames))

    # A connection in a room ----------------------------------------------------------------------------------

    def enter(self, connection: Connection, room: str, cursor: int | None, summary: RoomSummary | None = None) -> bool:
        """Puts the connection into a followed room, to be given everything after `cursor`. None: live from the head
        on. A negative cursor, or one too far back, is answered with a `reset`: at once with this `summary`, or with
        one that `CatchUp` reads. Returns False when the connection was in the room already."""
        if connection.is_in(room):
            return False
        feed = self._feeds[room]
        connection.behind[room] = feed.head if cursor is None else min(cursor, feed.head)
        feed.behind[connection] = None
        if summary and self.is_too_far_behind(connection, room):
            self.reset(connection, room, summary)
        else:
            self.advance(connection, room)
        return True

    def leave(self, connection: Connection, room: str) -> bool:
        """Takes the connection out of the room. Returns False when it was not in it."""
        if room not in connection.live and room not in connection.behind:
            return False
        connection.live.discard(room)
        connection.behind.pop(room, None)
        if feed := self._feeds.get(room):
            feed.live.pop(connection, None)
            feed.behind.pop(connection, None)
            feed.entering.pop(connection, None)
        return True

    def advance(self, connection: Connection, room: str) -> None:
        """Brings a connection that is behind to the head, or asks for what only the store has. It goes live at once;
        while frames are pending, together with them, and those that it has been given here are not given again."""
        feed = self._feeds[room]
        feed.entering.pop(connection, None)
        if self.is_too_far_behind(connection, room):
            self._on_behind(connection, room)
            return
        cursor = connection.behind[room]
        newer = [frame for frame in feed.ring if frame.seq > cursor] if feed.head > cursor else []
        if len(newer) < feed.head - cursor or not self._give(connection, _batch(newer, connection.plain)):
            self._on_behind(connection, room)
        elif feed.pending:
            connection.behind[room] = feed.head
            feed.entering[connection] = len(feed.pending)
        else:
            self._go_live(connection, room, feed)

    def outlet_changed(self, connection: Connection) -> None:
        """Its outlet holds something back, or has sent everything."""
        for room in connection.live:
            self._feeds[room].live[connection] = _send_of(connection)

    def replay(self, connection: Connection, room: str, stored: Iterable[StoredFrame]) -> None:
        """Writes frames that follow the connection's cursor, as many as its outlet has space for, then advances it.
        Those that this node has not delivered yet are left out: they will come live."""
        head = self._feeds[room].head
        frames: list[Frame] = []
        space = self._limit - connection.outlet.buffered()
        for seq, json in stored:
            if seq > head or (frames and space < len(json)):
                break
            frames.append(Frame(json, self._plain_of(json) if connection.plain else None, seq))
            space -= len(json)
        if frames:
            connection.outlet.write(_batch(frames, connection.plain))
            connection.behind[room] = frames[-1].seq
        self.advance(connection, room)

    def is_too_far_behind(self, connection: Connection, room: str) -> bool:
        """Whether it is given no events any more, but a `reset`."""
        cursor = connection.behind[room]
        return cursor < 0 or self._feeds[room].head - cursor > self._replay_limit

    def reset(self, connection: Connection, room: str, summary: RoomSummary) -> None:
        """Gives up what the connection has missed: it goes on after `summary`, or after the last event delivered here
        when the store is ahead of that."""
        self.resets += 1
        seq = connection.behind[room] = min(summary.head, self._feeds[room].head)
        if not connection.plain:
            self.tell(connection, Reset(room=room, seq=seq, summary=summary).model_dump_json(exclude_none=True))
        self.advance(connection, room)

    # The end of a tick ---------------------------------------------------------------------------------------

    def _enqueue(self, room: str, feed: Feed, frame: Frame) -> None:
        if not feed.live and not feed.entering:
            feed.written = feed.head
            return
        if not feed.pending:
            feed.soon(partial(self._write_pending, room, feed))
        feed.pending.append(frame)

    def _write_pending(self, room: str, feed: Feed) -> None:
        """Writes what has come since the last time, one batch for each language."""
        frames, feed.pending = feed.pending, []
        if frames:
            everything = _batch(frames, False)
            encoded = everything.wire()
            sends = feed.live.values()
            others = [] if all(sends) else [connection for connection, send in feed.live.items() if not send]
            # One call each and nothing else: only to touch the connections would cost as much as the loop itself. A
            # call can change a `send`, no more.
            for send in sends:
                if send:
                    send(encoded)
            slow = self._write_with_care(others, frames, everything) if others else ()
            self.deliveries += (len(feed.live) - len(slow)) * len(frames)
            for connection in slow:
                self._fall_behind(connection, room, feed)
            if feed.entering:
                self._let_in(room, feed, frames, everything)
        feed.written = feed.head

    def _let_in(self, room: str, feed: Feed, frames: Sequence[Frame], everything: Batch) -> None:
        """Brings those who came while these frames were pending to the head."""
        entering, feed.entering = feed.entering, {}
        skipped = [0, *accumulate(bool(frame.json) for frame in frames)]
        for connection, known in entering.items():
            plain = connection.plain
            batch = _batch(frames[known:], plain) if plain else everything.without(skipped[known])
            if self._give(connection, batch):
                self._go_live(connection, room, feed)
            else:
                self._on_behind(connection, room)

    def _give(self, connection: Connection, batch: Batch) -> bool:
        """Writes to one connection. False: its outlet has no space for it."""
        if batch.frames:
            if connection.outlet.buffered() + batch.size > self._limit:
                return False
            connection.outlet.write(batch)
        return True

    def _go_live(self, connection: Connection, room: str, feed: Feed) -> None:
        del connection.behind[room]
        connection.live.add(room)
        feed.behind.pop(connection, None)
        feed.live[connection] = _send_of(connection)

    def _write_with_care(
        self, connections: Iterable[Connection], frames: Sequence[Frame], everything: Batch
    ) -> list[Connection]:
        """To those for whom something waits already, or who are not sent what all others are. Returns those who have
        no space for it."""
        plain = _batch(frames, True)
        durable = everything if all(f.seq for f in frames) else _batch([f for f in frames if f.seq], False)
        slow: list[Connection] = []
        for connection in connections:
            outlet = connection.outlet
            batch = plain if connection.plain else everything
            if buffered := outlet.buffered():
                if buffered > self._limit // 2 and not connection.plain:
                    batch = durable
                if buffered + batch.size > self._limit:
                    slow.append(connection)
                    continue
            if batch.frames:
                outlet.write(batch)
        return slow

    def _fall_behind(self, connection: Connection, room: str, feed: Feed) -> None:
        """Takes a slow connection out of the live ones; its outlet's drain will bring it back."""
        self.falls += 1
        feed.live.pop(connection, None)
        feed.behind[connection] = None
        connection.live.discard(room)
        connection.behind[room] = feed.written
        self._on_behind(connection, room)

    def _retire_idle_feeds(self) -> None:
        """Stops following rooms that nobody is in, but for the newest IDLE_FEEDS_MAX of them."""
        idle = [room for room, feed in self._feeds.items() if not feed.live and not feed.behind]
        for room in idle[: max(0, len(idle) - IDLE_FEEDS_MAX)]:
            del self._feeds[room]


def _send_of(connection: Connection) -> Send | None:
    return None if connection.plain else connection.outlet.send_now


def _batch(frames: Iterable[Frame], plain: bool) -> Batch:
    return Batch([f.plain for f in frames if f.plain is not None] if plain else [f.json for f in frames if f.json])
