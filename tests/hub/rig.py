"""A hub alone: outlets that are lists, a loop that ticks when a test says so."""

from collections.abc import Callable

from hubbub.core.models import Person, RoomSummary
from hubbub.hub.hub import Connection, Hub, Soon
from hubbub.hub.outlet import Batch
from hubbub.protocol import Reset
from hubbub.store import StoredFrame

ANN = Person(id="guest-1", name="Ann", kind="guest", created_at=1)
BOB = Person(id="guest-2", name="Bob", kind="guest", created_at=2)


def summary(head: int) -> RoomSummary:
    return RoomSummary(id="lobby", name="Lobby", archived=False, head=head, last_at=1, joined=True, unread=2)


def reset(seq: int, head: int) -> str:
    """The frame."""
    return Reset(room="lobby", seq=seq, summary=summary(head)).model_dump_json(exclude_none=True)


class ListOutlet:
    """Keeps what it is given; `stuck` characters pretend to wait for a slow reader."""

    send_now = None

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.writes = 0
        self.stuck = 0

    def write(self, batch: Batch) -> None:
        if batch.frames:
            self.writes += 1
        self.frames.extend(batch.frames)

    def buffered(self) -> int:
        return self.stuck

    def stalled_since(self) -> float | None:
        return None

    def abort(self) -> None:
        raise AssertionError("nobody should be cut here")


class QuickOutlet(ListOutlet):
    """Takes encoded frames while nothing is stuck, and counts those."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.after: Callable[[], None] = lambda: None
        """Called when something was sent."""

    @property
    def send_now(self) -> Callable[[bytes], None] | None:  # type: ignore[override]
        return None if self.stuck else self._send

    def _send(self, frames: bytes) -> None:
        self.sent.append(frames)
        self.after()


class Rig:
    """A hub whose loop ticks when the test says so, with a log to catch up from."""

    def __init__(
        self,
        ring_size: int = 4,
        replay_limit: int = 50,
        buffer_limit: int = 1000,
        new_pace: Callable[[], Soon] | None = None,
    ) -> None:
        self.soon: list[Callable[[], None]] = []
        self.behind: list[tuple[Connection, str]] = []
        self.log: list[StoredFrame] = []
        self.hub = Hub(
            new_pace=new_pace or (lambda: self.soon.append),
            on_behind=lambda connection, room: self.behind.append((connection, room)),
            plain_of=lambda frame: f"plain {frame}",
            buffer_limit=buffer_limit,
            ring_size=ring_size,
            replay_limit=replay_limit,
        )

    def open(self, events: int) -> None:
        self.log = [StoredFrame(seq, f"e{seq}") for seq in range(1, events + 1)]
        self.hub.open("lobby", events, self.log[-4:])

    def happen(self, count: int = 1, erases: bool = False) -> None:
        for _ in range(count):
            seq = len(self.log) + 1
            self.log.append(StoredFrame(seq, f"e{seq}"))
            self.hub.deliver("lobby", seq, f"e{seq}", f"plain e{seq}", erases=erases)

    def tick(self) -> None:
        soon, self.soon[:] = list(self.soon), []
        for work in soon:
            work()

    def join(
        self,
        cursor: int | None = None,
        person: Person = ANN,
        plain: bool = False,
        summary: RoomSummary | None = None,
        outlet: ListOutlet | None = None,
    ) -> tuple[Connection, ListOutlet]:
        outlet = outlet or ListOutlet()
        connection = Connection(person, outlet, plain=plain)
        self.hub.connect(connection)
        self.hub.enter(connection, "lobby", cursor, summary)
        return connection, outlet

    def serve_the_log(self) -> None:
        """Does what CatchUp does."""
        while self.behind:
            connection, room = self.behind.pop()
            while (cursor := connection.behind.get(room)) is not None:
                if self.hub.is_too_far_behind(connection, room):
                    self.hub.reset(connection, room, summary(len(self.log)))
                    continue
                before = (cursor, connection.outlet.buffered())
                self.hub.replay(connection, room, [s for s in self.log if s.seq > cursor])
                if (connection.behind.get(room), connection.outlet.buffered()) == before:
                    return
        self.behind.clear()


def events(first: int, last: int) -> list[str]:
    return [f"e{seq}" for seq in range(first, last + 1)]
