#!/usr/bin/env python3
"""Posts that are safe, against chat servers that keep them too: benchmarks/archives.py [--help]

People in small rooms post over real sockets, each the next message when the last one is safe: Hubbub says so after its
commit; ejabberd and Prosody send a message out, also to its sender, after it is in their archive in SQLite. First as
fast as it goes; the same generator drives all of them. How fast Hubbub alone can be is what `ingest.py` measures.
"""

import argparse
import asyncio
import json
import time

from measuring import BUSY, Bench, Meter, Row, medians, options, percentile, table
from members import PATIENCE_S, Api, Crowd, Member, sign_in
from peers import Peer
from peers.hubbub import HELLO
from peers.peer import TEXT
from peers.xmpp import ROOMS, Occupant, to_room
from servers import Running

WARM_UP = 0.2
"""Of the measured time."""
COLUMNS = {
    "server": "server|",
    "posts_per_s": "posts/s|,.0f",
    "us_per_post": "µs CPU / post|,.0f",
    "p50_ms": "p50 ms|.1f",
    "p99_ms": "p99 ms|.1f",
    "server_busy": "server busy|.0%",
    "load_busy": "load busy|.0%",
    "others_busy": "others|.0%",
}


def main() -> None:
    bench = Bench(_arguments())
    rows: list[Row] = []
    for row in bench.rounds(lambda peer: measure(peer, bench)):
        rows.append(row)
        words = f"{row['server']:<10}{row['posts_per_s']:8,.0f} posts/s  p99 {row['p99_ms']:7.1f} ms"
        print(f"  round {row['round']}  {words}", flush=True)
    summary = medians(rows, "server")
    print(table(summary, COLUMNS))
    bench.write(rows=rows, summary=summary)


async def measure(peer: Peer, bench: Bench) -> list[Row]:
    options = bench.options
    with peer.start(bench.server_core) as server:
        authors = Authors()
        come = come_to_hubbub if peer.program.is_hubbub else _come_by_xmpp
        await come(authors, server, options.senders, options.rooms)
        await authors.push(options.seconds * WARM_UP)
        authors.waits_s.clear()
        meter = Meter(server)
        await authors.push(options.seconds)
        used, posts = meter.read(), len(authors.waits_s)
        authors.leave()
    row = {
        "posts_per_s": posts / used["took_s"],
        "us_per_post": used["cpu_s"] / posts * 1e6,
        "p50_ms": percentile(authors.waits_s, 50) * 1e3,
        "p99_ms": percentile(authors.waits_s, 99) * 1e3,
        **{name: used[name] for name in BUSY},
    }
    return [row]


class Author(Member):
    """A member of Hubbub."""

    crowd: "Authors"
    room: str
    due: float

    def post(self) -> None:
        self.due = time.monotonic()
        post = {"type": "post", "id": 1, "room": self.room, "text": TEXT.decode()}
        self.say(json.dumps(post, separators=(",", ":")).encode())

    def short(self, payload: bytes) -> None:
        if b'"result"' in payload:
            self.crowd.answered(self)
        elif b'"error"' in payload:
            raise SystemExit(f"the server refused a post: {payload.decode()}")


class XmppAuthor(Occupant):
    """Knows its own messages, when they come back, by how they begin."""

    crowd: "Authors"
    due: float

    def __init__(self, crowd: "Authors", request: bytes) -> None:
        super().__init__(crowd, request)
        self.marker = b"<body>%s:" % self.nick

    def post(self) -> None:
        self.due = time.monotonic()
        self.say(to_room(self.room.decode(), (self.nick + b":").ljust(len(TEXT), b"x")))


class Authors(Crowd):
    def __init__(self) -> None:
        super().__init__(lambda number: b"")
        self.waits_s: list[float] = []
        self.waiting = 0
        self._pushing = False

    def received(self, member: Member, frames: int, size: int) -> None:
        super().received(member, frames, size)
        if frames and isinstance(member, XmppAuthor) and self.waiting:
            self.answered(member)

    def answered(self, author: Author | XmppAuthor) -> None:
        self.waits_s.append(time.monotonic() - author.due)
        self.waiting -= 1
        if self._pushing:
            self._begin(author)

    async def push(self, seconds: float) -> None:
        """All post as fast as their posts become safe."""
        self._pushing = True
        for author in self.members:
            assert isinstance(author, Author | XmppAuthor)
            self._begin(author)
        await asyncio.sleep(seconds)
        self._pushing = False
        async with asyncio.timeout(PATIENCE_S):
            while self.waiting:
                await asyncio.sleep(0.01)

    def _begin(self, author: Author | XmppAuthor) -> None:
        self.waiting += 1
        author.post()


async def come_to_hubbub(authors: Authors, server: Running, senders: int, rooms: int) -> None:
    """As so many senders, spread over so many rooms."""
    headers = await sign_in(server.port, senders)
    api = await Api.at(server.port)
    for number in range(rooms):
        await api.call("POST /rooms", json.dumps({"name": f"room-{number}"}), headers[number])
    for number, header in enumerate(headers[rooms:]):
        await api.call(f"PUT /rooms/room-{number % rooms}/membership", header=header)
    api.close()
    authors.member = Author
    await authors.join(server.port, ["/ws"] * senders, headers, HELLO)
    homes = {header: f"room-{number % rooms}" for number, header in enumerate(headers)}
    for author in authors.members:
        assert isinstance(author, Author)
        author.room = next(room for header, room in homes.items() if header.encode() in author.request)


async def _come_by_xmpp(authors: Authors, server: Running, senders: int, rooms: int) -> None:
    authors.member = XmppAuthor
    paths = [f"/room-{number % rooms}@{ROOMS}/m{number}" for number in range(senders)]
    await authors.join(server.port, paths, [""] * senders, None)


def _arguments() -> argparse.Namespace:
    parser = options(__doc__, "archives", ["hubbub", "ejabberd", "prosody"])
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time for each figure [5]")
    parser.add_argument("--senders", type=int, default=100, help="people who post [100]")
    parser.add_argument("--rooms", type=int, default=20, help="rooms they are spread over [20]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
