"""What every Store promises to those who look for messages. Part of `hubbub.testing.store_contract`."""

import pytest

from hubbub.core.models import LOBBY, Found
from hubbub.core.search import Place, read_query
from hubbub.protocol import MemberJoined, MemberLeft, MessageDeleted, MessageEdited, MessagePosted, RoomCreated
from hubbub.store import Transaction
from hubbub.testing.store_stage import ANN, AT, BOB, PLANS, Opened, Stage, draft, post

DAY_MS = 86_400_000


class SearchContract(Stage):
    """All of it holds at any time, whether a message has come just now or long ago."""

    pytestmark = pytest.mark.asyncio

    async def test_words_are_found_from_their_beginning_without_case_and_accents(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*map(post, ["Tea at the CAFÉ", "teapots", "steam", "Cafeteria, tea!", "naïve Café"]))
            assert await found(opened, "tea") == ["Cafeteria, tea!", "teapots", "Tea at the CAFÉ"]
            assert await found(opened, "cafe tea") == ["Cafeteria, tea!", "Tea at the CAFÉ"]
            assert await found(opened, "NAIVE") == ["naïve Café"]
            assert await found(opened, "café") == ["naïve Café", "Cafeteria, tea!", "Tea at the CAFÉ"]
            assert await found(opened, "ea") == []

    async def test_in_quotes_words_follow_each_other_exactly(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*map(post, ["the tea kettle", "the kettle, tea", "tea-kettle!", "tea kettles"]))
            assert await found(opened, '"tea kettle"') == ["tea-kettle!", "the tea kettle"]
            assert await found(opened, "“tea kettle”") == ["tea-kettle!", "the tea kettle"]
            assert await found(opened, '"tea kett"') == []

    async def test_a_long_question_is_answered(self) -> None:
        async with self.with_plans() as opened:
            long = "明天下午三点在湖边见面" * 30
            await opened.happens(*map(post, [long, long[:-1], "x"]))
            assert await found(opened, long) == [long]

    async def test_what_is_not_wanted_is_left_out(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*map(post, ["black tea", "green tea", "green lamp"]))
            assert await found(opened, "tea -green") == ["black tea"]
            assert await found(opened, '-"green tea"') == ["green lamp", "black tea"]

    async def test_texts_without_spaces_are_found_by_any_part(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(
                *map(post, ["明天下午三点在湖边见面", "東京タワーで会いましょう", "서울대학교에서", "พบกันที่สวน", "湖"])
            )
            assert await found(opened, "湖边") == ["明天下午三点在湖边见面"]
            assert await found(opened, "湖") == ["湖", "明天下午三点在湖边见面"]
            assert await found(opened, "湖下") == []
            assert await found(opened, "タワー 会い") == ["東京タワーで会いましょう"]
            assert await found(opened, "대학") == ["서울대학교에서"]
            assert await found(opened, "กันที่") == ["พบกันที่สวน"]

    async def test_an_emoji_is_found(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*map(post, ["well done 🎉👍", "I ❤️ tea"]))
            assert await found(opened, "🎉") == ["well done 🎉👍"]
            assert await found(opened, "❤") == ["I ❤️ tea"]

    async def test_only_the_rooms_that_one_is_in_are_looked_through(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(found_a_secret_room)
            await opened.happens(post("tea for all"))
            assert await found(opened, "tea") == ["tea for all"]
            assert await found(opened, "tea", BOB.id) == ["tea for all", "tea for Bob"]
            assert await found(opened, "tea", "guest-9") == []
            assert await found(opened, "tea", rooms=["secret"]) == ["tea for Bob"]
            await opened.happens(draft(MemberLeft, BOB, room="secret", person=BOB))
            assert await found(opened, "tea", BOB.id) == ["tea for all"]

    async def test_authors_days_and_links_narrow_it_down(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(
                post("tea, by Ann"), post("tea, by Bob", BOB), post("see HTTPS://example.org", at=AT + DAY_MS)
            )
            assert await found(opened, "tea", authors=[BOB.id]) == ["tea, by Bob"]
            assert await found(opened, "has:link") == ["see HTTPS://example.org"]
            day = "2023-11-14"  # of AT
            assert await found(opened, f"after:{day}") == ["see HTTPS://example.org"]
            assert await found(opened, f"before:{day}") == []
            assert await found(opened, "before:1970-01-01") == []
            assert await found(opened, "before:2023-11-15 tea") == ["tea, by Bob", "tea, by Ann"]
            assert await found(opened, "from:x", authors=[ANN.id]) == ["see HTTPS://example.org", "tea, by Ann"]

    async def test_an_edited_message_is_found_by_its_new_text_alone(self) -> None:
        async with self.with_plans() as opened:
            [seq, *_] = await opened.happens(*map(post, ["green tea", "x", "y", "z"]))
            assert await found(opened, "green") == ["green tea"]
            await opened.happens(draft(MessageEdited, message=seq, text="black tea"))
            assert await found(opened, "green") == []
            assert await found(opened, "black") == ["black tea"]
            assert await found(opened, "tea") == ["black tea"]

    async def test_a_deleted_message_is_found_by_nothing(self) -> None:
        async with self.with_plans() as opened:
            [seq, *_] = await opened.happens(*map(post, ["green tea", "x", "y", "z"]))
            assert await found(opened, "green") == ["green tea"]
            await opened.happens(draft(MessageDeleted, message=seq))
            assert await found(opened, "green") == []
            assert await found(opened, "from:x", authors=[ANN.id]) == ["z", "y", "x"]

    async def test_pages_follow_each_other_newest_first_without_a_gap(self) -> None:
        async with self.with_plans() as opened:
            times = [AT, AT + 5, AT + 5, AT + 3, AT + 9, AT + 9, AT + 1]
            await opened.happens(
                draft(RoomCreated, room="tea", name="Tea"), draft(MemberJoined, room="tea", person=ANN)
            )
            await opened.happens(
                *(post(f"tea {n}", at=at, room="tea" if n % 2 else PLANS) for n, at in enumerate(times))
            )
            whole = await page(opened, "tea")
            places = [(-hit.message.at, hit.message.room, -hit.message.seq) for hit in whole.hits]
            assert len(places) == len(times)
            assert places == sorted(places)
            assert whole.before is None
            pages: list[Found] = [await page(opened, "tea", limit=2)]
            while pages[-1].before:
                pages.append(await page(opened, "tea", limit=2, before=Place.read(pages[-1].before)))
            assert [len(one.hits) for one in pages] == [2, 2, 2, 1]
            assert [hit for one in pages for hit in one.hits] == whole.hits

    async def test_an_answer_has_the_message_its_room_and_the_part_that_fits(self) -> None:
        async with self.with_plans() as opened:
            [seq] = await opened.happens(post("word " * 100 + "the\nCafé  is open " + "word " * 100))
            answer = await page(opened, "cafe open")
            [hit] = answer.hits
            assert hit.message == await opened.reads(lambda r: r.message(PLANS, seq))
            assert hit.room_name == "Plans"
            assert [piece.text for piece in hit.snippet if piece.found] == ["Café", "open"]
            words = "".join(piece.text for piece in hit.snippet)
            assert words.startswith("…word")
            assert "the Café  is open word" in words
            assert words.endswith("…")
            assert answer.complete

    async def test_people_are_found_by_the_beginning_of_the_name_they_have_now(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_person("guest", "guest-3", "Ännchen", AT))
            assert await opened.reads(lambda r: r.people_named("ANN", 9)) == [ANN.id, "guest-3"]
            assert await opened.reads(lambda r: r.people_named("ann", 1)) == [ANN.id]
            await opened.store.write(lambda tx: tx.rename_person(ANN.id, "Zoë"))
            assert await opened.reads(lambda r: r.people_named("ann", 9)) == ["guest-3"]
            assert await opened.reads(lambda r: r.people_named("zoe", 9)) == [ANN.id]

    async def test_after_opening_it_again_everything_is_found(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*(post(f"tea {n}") for n in range(7)))
        async with self.opened() as again:
            assert len(await found(again, "tea")) == 7


def found_a_secret_room(tx: Transaction) -> None:
    tx.append(draft(RoomCreated, BOB, room="secret", name="Secret"))
    tx.append(draft(MemberJoined, BOB, room="secret", person=BOB))
    tx.append(draft(MessagePosted, BOB, room="secret", at=AT - 1, text="tea for Bob"))
    assert tx.room(LOBBY)


async def page(
    opened: Opened,
    text: str,
    person: str = ANN.id,
    *,
    rooms: list[str] | None = None,
    authors: list[str] | None = None,
    before: Place | None = None,
    limit: int = 20,
) -> Found:
    query = read_query(text)
    return await opened.reads(
        lambda r: r.search(person, query, rooms=rooms, authors=authors, before=before, limit=limit)
    )


async def found(
    opened: Opened, text: str, person: str = ANN.id, rooms: list[str] | None = None, authors: list[str] | None = None
) -> list[str]:
    """The texts of the answers."""
    return [hit.message.text for hit in (await page(opened, text, person, rooms=rooms, authors=authors)).hits]
