"""Makes a data folder with a large history: MESSAGES messages in ROOMS rooms, by PEOPLE people who are in all of them.

    .venv/bin/python benchmarks/make_history.py FOLDER [--messages 1000000] [--rooms 200] [--people 50]

The first room gets half of the messages. What stands there is what the server would have written: the rows are made
from the same events, only without a transaction for each.
"""

import argparse
import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

from hubbub.core.models import Author
from hubbub.protocol import MemberJoined, MessagePosted, RoomCreated
from hubbub.store.sqlite import SqliteStore
from hubbub.store.transaction import encode

WORDS = (
    "and then we could bring the boat round to other side before tide turns if somebody has key for shed because "
    "kettle is on weather looks fine until evening train leaves at nine from platform two tickets are in drawer"
).split()
RARE_WORDS = 50_000
"""So many other words there are, the first ones far more often than the last ones; about one in each message."""
CHINESE = "我们明天下午三点在湖边见面带上茶和饼干如果下雨就改在图书馆二楼的房间里等大家"
CHINESE_EVERY = 50
BATCH = 5000
PAUSE_S = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--people", type=int, default=50)
    options = parser.parse_args()
    began = time.perf_counter()
    make(options.folder, options.messages, options.rooms, options.people)
    print(f"{options.messages:,} messages in {options.rooms} rooms: {time.perf_counter() - began:.1f} s")


def make(folder: Path, messages: int, rooms: int, people: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hubbub.db"
    asyncio.run(_make_schema(path))
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous=OFF")
    chance = random.Random(1)
    authors = [Author(id=f"guest-{1000 + n}", name=f"Person {n}") for n in range(people)]
    database.execute("BEGIN")
    for author in authors:
        database.execute(
            "INSERT INTO person (id, name, kind, created_at) VALUES (?, ?, 'guest', 1000)", (author.id, author.name)
        )
        database.execute("INSERT INTO person_name VALUES (?, ?)", (author.name.lower(), author.id))
    sizes = _sizes(messages, rooms)
    for number, size in enumerate(sizes):
        _fill(database, f"room-{number}", size, authors, chance)
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


async def _make_schema(path: Path) -> None:
    store = SqliteStore(path, now=lambda: 1000, new_epoch=lambda: "benchmark")
    await store.start()
    await store.stop()


async def until_indexed(http: httpx2.AsyncClient) -> None:
    """Waits until a server with such a history has made its index for search."""
    while not (await http.get("/api/search", params={"text": "kettle"})).json()["complete"]:
        await asyncio.sleep(PAUSE_S)


def _sizes(messages: int, rooms: int) -> list[int]:
    if rooms == 1:
        return [messages]
    rest = messages // 2 // (rooms - 1)
    return [messages - rest * (rooms - 1), *[rest] * (rooms - 1)]


def _fill(database: sqlite3.Connection, room: str, size: int, authors: list[Author], chance: random.Random) -> None:
    last_at = 1_000_000 + 1000 * (len(authors) + size)
    head = 1 + len(authors) + size
    database.execute(
        "INSERT INTO room (id, name, name_key, created_at, created_by, archived, head, last_at) "
        "VALUES (?, ?, ?, 1000000, ?, 0, ?, ?)",
        (room, room, room, authors[0].id, head, last_at),
    )
    database.execute("INSERT INTO search_mark (room, backlog, done) VALUES (?, ?, ?)", (room, head, head))
    events, messages = [], []
    for event in _events(room, size, authors, chance):
        events.append((room, event.seq, event.type, event.at, event.by.id, None, encode(event)))
        if isinstance(event, MessagePosted):
            messages.append((room, event.seq, event.by.id, event.at, event.text))
        if len(events) == BATCH:
            _insert(database, events, messages)
    _insert(database, events, messages)
    database.executemany(
        "INSERT INTO membership (room, person, joined_at, read) VALUES (?, ?, 1000000, ?)",
        [(room, author.id, chance.randint(max(0, head - 200), head)) for author in authors],
    )


def _events(
    room: str, size: int, authors: list[Author], chance: random.Random
) -> Iterator[RoomCreated | MemberJoined | MessagePosted]:
    yield RoomCreated(room=room, seq=1, at=1_000_000, by=authors[0], name=room)
    for seq, author in enumerate(authors, 2):
        yield MemberJoined(room=room, seq=seq, at=1_000_000, by=author, person=author)
    first = 2 + len(authors)
    for number in range(size):
        text = _text(chance, chinese=number % CHINESE_EVERY == 0)
        at = 1_000_000 + 1000 * number
        yield MessagePosted(room=room, seq=first + number, at=at, by=chance.choice(authors), text=text)


def _text(chance: random.Random, chinese: bool) -> str:
    if chinese:
        start = chance.randrange(len(CHINESE) - 8)
        return CHINESE[start : start + chance.randint(4, 20)] + CHINESE[chance.randrange(len(CHINESE))]
    words = chance.choices(WORDS, k=chance.randint(3, 30))
    words[-1] = rare_word(int(RARE_WORDS ** chance.random()) - 1)
    return " ".join(words)


def rare_word(number: int) -> str:
    """Each number's own word, of a consonant and a vowel for each digit of the base 100."""
    syllables = [f"{c}{v}" for c in "bdfgklmnprstvzhwjcxq" for v in "aeiou"]
    return "".join(syllables[number // 100**digit % 100] for digit in range(3))


def _insert(database: sqlite3.Connection, events: list[tuple[object, ...]], messages: list[tuple[object, ...]]) -> None:
    database.executemany(
        "INSERT INTO event (room, seq, type, at, by, message, frame) VALUES (?, ?, ?, ?, ?, ?, ?)", events
    )
    database.executemany(
        "INSERT INTO message (room, seq, author, at, text, deleted, pinned) VALUES (?, ?, ?, ?, ?, 0, 0)", messages
    )
    events.clear()
    messages.clear()


if __name__ == "__main__":
    main()
