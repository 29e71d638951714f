"""The index for search: it finds what reading everything would find, at a bounded cost, and forgets what is deleted."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hubbub.core.models import Found
from hubbub.core.search import Place, Query, read_query
from hubbub.errors import Unavailable
from hubbub.protocol import Envelope, MessageDeleted, MessageEdited, MessagePosted, MessagesErased, RoomCreated
from hubbub.store import Committed, Reader, Transaction
from hubbub.store.indexer import Indexer
from hubbub.store.packed import BLOCK_MAX, numbers_of, pack, unpack
from hubbub.store.sqlite import SqliteStore
from hubbub.testing.store_search import found, page
from hubbub.testing.store_stage import ANN, AT, BOB, PLANS, Opened, draft, found_plans, post
from hubbub.testing.torture.copies import make_older
from tests.store.test_sqlite_statements import cost

PATIENCE_S = 20.0
NEVER = 1_000_000
"""A size of blocks that no test reaches."""
WORDS = ["tea", "teapot", "the", "kettle", "Café", "caffè", "湖", "湖边", "见面", "🎉", "x-ray", "https://tea.org"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
questions = st.lists(
    st.sampled_from(
        [*WORDS, "te", "-the", '"the kettle"', '"tea', "湖见", "has:link", "cafe", "k", "-湖", "after:2023-11-13"]
    ),
    min_size=1,
    max_size=3,
).map(" ".join)
steps = st.one_of(
    st.tuples(st.just("post"), texts),
    st.tuples(st.just("edit"), st.integers(0, 30), texts),
    st.tuples(st.just("delete"), st.integers(0, 30)),
    st.tuples(st.just("erase"), st.integers(0, 30)),
    st.tuples(st.just("index"), st.integers(1, 6)),
)


def store_at(path: Path, block_size: int = BLOCK_MAX) -> SqliteStore:
    return SqliteStore(path, now=lambda: AT, new_epoch=lambda: "epoch", block_size=block_size)


async def index(store: SqliteStore, size: int) -> int:
    """Puts as many blocks of this size into the index as there are, and returns how many."""
    count = 0
    while block := await store.read(lambda reader: reader.next_block(size)):  # type: ignore[attr-defined]
        count += await store.write(lambda tx: tx.add_to_index(block))  # type: ignore[attr-defined]
    return count


async def is_indexed(opened: Opened, size: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await opened.reads(lambda reader: reader.next_block(size)):  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)


# What is found -----------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=25), st.lists(questions, min_size=1, max_size=5))
def test_the_index_finds_what_reading_everything_finds(happenings: list[tuple[object, ...]], asked: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(Path(folder) / "hubbub.db", happenings, asked))


async def compare(path: Path, happenings: list[tuple[object, ...]], asked: list[str]) -> None:
    opened = Opened(store := store_at(path))
    await store.start()
    try:
        await store.write(found_plans)
        seqs: list[int] = []
        for kind, *details in happenings:
            match kind, details:
                case "post", [words]:
                    seqs += await opened.happens(post(str(words), BOB if len(seqs) % 3 else ANN, at=AT + len(seqs) % 4))
                case "index", [int(size)]:
                    await index(store, size)
                case "erase", [int(which)] if seqs:
                    await opened.happens(draft(MessagesErased, up_to=seqs[which % len(seqs)]))
                case _, [int(which), *words] if seqs:
                    seq = seqs[which % len(seqs)]
                    message = await opened.reads(lambda r, seq=seq: r.message(PLANS, seq))  # type: ignore[misc]
                    if message and not message.deleted:
                        edit = draft(MessageEdited, message=seq, text=str(words[0])) if words else None
                        await opened.happens(edit or draft(MessageDeleted, message=seq))
        messages = (await opened.reads(lambda r: r.history(PLANS, limit=100))).messages
        for question in asked:
            query = read_query(question)
            fits = [m for m in messages if not m.deleted and query.match(m.text) is not None]
            fits = [m for m in fits if (query.since or 0) <= m.at]
            hits = (await page(opened, question, limit=100)).hits
            assert [hit.message for hit in hits] == sorted(fits, key=lambda m: (-m.at, -m.seq)), question
    finally:
        await store.stop()


@given(st.sets(st.integers(0, BLOCK_MAX - 1)))
def test_numbers_come_back_from_their_bytes(numbers: set[int]) -> None:
    packed = pack(sorted(numbers))
    assert numbers_of(unpack(packed)) == sorted(numbers)
    assert len(packed) <= BLOCK_MAX // 8


# What it costs -----------------------------------------------------------------------------------------------


async def test_a_common_word_costs_the_same_among_few_messages_and_many(tmp_path: Path) -> None:
    async def costs(blocks: int) -> list[int]:
        opened = Opened(store := store_at(tmp_path / f"{blocks}.db", NEVER))  # it must not make blocks by itself
        await store.start()
        try:
            await store.write(found_plans)
            await opened.happens(*(post(f"the tea {n}", at=AT + n) for n in range(blocks * 50)))
            assert await index(store, 50) == blocks
            questions = map(read_query, ("tea", "nowhere"))
            return [await opened.reads(cost(partial(search, query))) for query in questions]
        finally:
            await store.stop()

    (few, nowhere_in_few), (many, nowhere_in_many) = await costs(8), await costs(60)
    assert 3 * nowhere_in_few < nowhere_in_many  # so it would be noticed
    assert many < 1.3 * few


def search(query: Query, reader: Reader) -> Found:
    return reader.search(ANN.id, query)


async def test_a_page_reads_a_bounded_number_of_texts_and_says_where_it_stopped(plans: Opened) -> None:
    await plans.happens(post("kettle tea"), *(post("tea kettle", at=AT + 1) for n in range(1200)))
    assert await index(plans.store, 1201) == 1  # type: ignore[arg-type]
    pages = [await page(plans, '"kettle tea"')]
    while pages[-1].before:
        pages.append(await page(plans, '"kettle tea"', before=Place.read(pages[-1].before)))
    assert [len(one.hits) for one in pages] == [0, 0, 1]


# What is forgotten -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["canary-2718281828", "canary2718281828 " * 500])
async def test_a_deleted_or_replaced_text_is_nowhere_in_the_index(tmp_path: Path, words: str) -> None:
    def files() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir()))

    opened = Opened(store := store_at(tmp_path / "hubbub.db"))
    await store.start()
    await store.write(found_plans)
    [deleted, edited, *_] = await opened.happens(post(words), post(words), *(post(f"other {n}") for n in range(300)))
    assert await index(store, 302) == 1
    await opened.happens(draft(MessageEdited, message=edited, text="something else"))
    await opened.happens(draft(MessageDeleted, message=edited))  # its first text stood in the log
    await opened.happens(draft(MessageDeleted, message=deleted))
    assert await found(opened, "something") == await found(opened, "canary") == []
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:
        assert database.execute("SELECT count(*) FROM search_term WHERE term LIKE '%2718281828%'").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM search_term WHERE term = 'other'").fetchone() == (1,)
    await store.stop()
    assert b"2718281828" not in files()
    assert b"other" in files()


# How it is made ----------------------------------------------------------------------------------------------


async def test_messages_go_into_the_index_when_there_are_enough_of_them(tmp_path: Path) -> None:
    opened = Opened(store_at(tmp_path / "hubbub.db", block_size=10))
    await opened.store.start()
    try:
        await opened.store.write(found_plans)
        await opened.happens(*(post(f"tea {n}") for n in range(25)))
        await is_indexed(opened, 10)
        blocks = "SELECT count(*) FROM search_block"
        assert await opened.reads(lambda r: r._connection.execute(text(blocks)).scalar()) == 2  # type: ignore[attr-defined]
        assert len(await found(opened, "tea 1")) == 11
        assert len((await page(opened, "tea", limit=100)).hits) == 25
    finally:
        await opened.store.stop()


async def test_an_older_database_is_indexed_while_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    opened = Opened(store_at(path))
    await opened.store.start()
    await opened.store.write(found_plans)
    await opened.happens(*(post(f"old tea {n}", at=AT - 100 + n) for n in range(25)))
    await opened.store.stop()
    make_older(path, "0001")
    opened = Opened(store := store_at(path, block_size=7))
    store._tasks.spawn = lambda work: work.close()  # type: ignore[method-assign, assignment]  # not yet
    await store.start()
    await opened.happens(post("new tea"))
    answer = await page(opened, "tea")
    assert ([hit.message.text for hit in answer.hits], answer.complete) == (["new tea"], False)
    assert await opened.reads(lambda r: r.people_named("ann", 9)) == [ANN.id]
    await store.stop()
    opened = Opened(store_at(path, block_size=7))
    await opened.store.start()
    try:
        await is_indexed(opened, 7)
        answer = await page(opened, "tea", limit=100)
        assert [hit.message.text for hit in answer.hits] == ["new tea", *(f"old tea {n}" for n in range(24, -1, -1))]
        assert answer.complete
    finally:
        await opened.store.stop()


@pytest.mark.parametrize("change", [draft(MessageDeleted, message=4), draft(MessageEdited, message=4, text="black")])
async def test_a_block_that_was_read_before_a_change_is_made_anew(plans: Opened, change: MessageDeleted) -> None:
    await plans.happens(post("green tea"), post("more"))
    block = await plans.reads(lambda reader: reader.next_block(2))  # type: ignore[attr-defined]
    await plans.happens(change)
    assert await plans.store.write(lambda tx: tx.add_to_index(block)) is False  # type: ignore[attr-defined]
    assert await index(plans.store, 2) == 1  # type: ignore[arg-type]
    assert await found(plans, "green") == []


async def test_a_block_is_stored_although_others_have_posted_since_it_was_read(plans: Opened) -> None:
    await plans.store.write(lambda tx: tx.append(draft(RoomCreated, room="later", name="Later")))
    await plans.happens(post("green tea"), draft(MessagePosted, room="later", text="black tea"))
    block = await plans.reads(lambda reader: reader.next_block(2))  # type: ignore[attr-defined]
    await plans.happens(post("white tea"), draft(MessagePosted, room="later", text="red tea"))
    assert await plans.store.write(lambda tx: tx.add_to_index(block)) is True  # type: ignore[attr-defined]
    assert await index(plans.store, 2) == 1  # type: ignore[arg-type]
    rooms = [PLANS, "later"]
    answers = await plans.reads(lambda reader: reader.search(ANN.id, read_query("tea"), rooms=rooms))
    assert sorted(hit.message.text for hit in answers.hits) == ["black tea", "green tea", "red tea", "white tea"]


async def test_indexing_goes_on_after_the_database_could_not() -> None:
    tried: list[str] = []
    enough = asyncio.Event()

    async def read(function: Callable[[Reader], object]) -> object:
        tried.append("read")
        if len(tried) == 1:
            raise Unavailable("The disk is full.")
        enough.set()
        return None

    async def write(function: Callable[[Transaction], object]) -> object:
        raise AssertionError("there is nothing to write")

    indexer = Indexer(read, write, block_size=2)
    running = asyncio.create_task(indexer.run())
    async with asyncio.timeout(PATIENCE_S):
        while not tried:
            await asyncio.sleep(0)
        indexer.heard([Envelope(frame=""), *[Committed(post("tea"), "")] * 2])
        await enough.wait()
    running.cancel()
    assert tried == ["read", "read"]


async def test_blocks_of_messages_that_are_not_kept_go_with_them(tmp_path: Path) -> None:
    opened = Opened(store := store_at(tmp_path / "hubbub.db"))
    await store.start()
    try:
        await store.write(found_plans)
        seqs = await opened.happens(*(post(f"kettle {n}", at=AT + n) for n in range(40)))
        assert await index(store, 10) == 4
        await opened.happens(draft(MessagesErased, up_to=seqs[24]))
    finally:
        await store.stop()
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:
        assert database.execute("SELECT count(*) FROM search_block").fetchone() == (2,)
        words = {term for (term,) in database.execute("SELECT term FROM search_term")}
    assert {"kettle", "25", "39"} <= words
    assert not {"0", "7", "24"} & words


# Corners -----------------------------------------------------------------------------------------------------


async def test_blocks_of_one_time_and_other_rooms_are_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two blocks over the same time the first has only a room that nobody asks about."""
    monkeypatch.setattr("hubbub.store.search.ROOMS_BY_TERM_MAX", 0)  # as for somebody in many rooms
    opened = Opened(store := store_at(tmp_path / "hubbub.db"))
    await store.start()
    try:
        await store.write(found_plans)
        await opened.happens(draft(RoomCreated, room="other", name="Other"))
        await opened.happens(post("tea", room="other", at=AT), post("tea", room="other", at=AT + 5))
        await index(store, 2)
        seq, _ = await opened.happens(post("tea", at=AT + 5), post("more tea", at=AT + 9))
        await index(store, 2)
        await opened.happens(draft(MessageEdited, message=seq, text="coffee"))
        assert await found(opened, "coffee") == ["coffee"]
        assert await found(opened, "tea") == ["more tea"]
    finally:
        await store.stop()


async def test_a_message_that_is_in_no_block_can_be_changed(tmp_path: Path) -> None:
    opened = Opened(store := store_at(tmp_path / "hubbub.db"))
    await store.start()
    try:
        await store.write(found_plans)
        [seq] = await opened.happens(post("tea"))
        assert await index(store, 1) == 1
        with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database, database:
            database.execute("DELETE FROM search_term")
            database.execute("DELETE FROM search_block")
        await opened.happens(draft(MessageEdited, message=seq, text="coffee"))
        message = await opened.reads(lambda r: r.message(PLANS, seq))
        assert message is not None
        assert message.text == "coffee"
    finally:
        await store.stop()


async def test_an_old_database_without_messages_is_indexed_at_once(tmp_path: Path) -> None:
    store = store_at(tmp_path / "hubbub.db")
    await store.start()
    try:
        with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database, database:
            database.execute("UPDATE search_mark SET backlog = done + 1")
        await index(store, 5)
        with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:
            assert database.execute("SELECT max(backlog) FROM search_mark").fetchone() == (0,)
    finally:
        await store.stop()
