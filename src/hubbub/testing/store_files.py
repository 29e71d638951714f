"""What every Store promises about uploaded files: part of `StoreContract`."""

from collections.abc import Callable

from hubbub.core.models import FileInfo
from hubbub.protocol import EVENTS, MessageDeleted, MessagePosted
from hubbub.store import Reader, StoredFile, SweptFile, Transaction
from hubbub.testing.store_stage import ANN, AT, BOB, PLANS, Stage, draft, post

LATER = AT + 1000


def stored(number: int, by: str = ANN.id, content: str = "", thumbnail: str | None = None) -> StoredFile:
    """A file; the same `content` is the same bytes."""
    info = FileInfo(id=f"{number:032x}", name=f"{number}.txt", type="text/plain", size=100 + number)
    return StoredFile(info, by, AT, content or f"{number:064x}", thumbnail)


def uploaded(*files: StoredFile) -> Callable[[Transaction], None]:
    def note(tx: Transaction) -> None:
        for file in files:
            tx.add_file(file)

    return note


def message_with(*files: StoredFile, text: str = "look") -> MessagePosted:
    return post(text, files=[file.info for file in files])


class FilesContract(Stage):
    async def test_a_message_has_its_files_in_their_order_in_history_and_in_the_log(self) -> None:
        one, two = stored(1), stored(2)
        async with self.with_plans() as opened:
            await opened.store.write(uploaded(one, two))
            await opened.happens(message_with(two, one), message_with(one, text=""), post("none"))
            [first, second, third] = (await opened.reads(lambda r: r.history(PLANS))).messages
            assert [file.id for file in first.files] == [two.info.id, one.info.id]
            assert (second.text, second.files, third.files) == ("", [one.info], [])
            frames = await opened.reads(lambda r: r.frames_after(PLANS, 3, 10))
            events = [EVENTS.validate_json(frame.frame) for frame in frames]
            assert [event.files for event in events if isinstance(event, MessagePosted)] == [
                [two.info, one.info],
                [one.info],
                None,
            ]

    async def test_an_answer_to_a_message_without_words_quotes_the_names_of_its_files(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_file(stored(1)))
            await opened.happens(message_with(stored(1), text=""), post("nice", BOB, reply_to=4))
            [quote] = (await opened.reads(lambda r: r.history(PLANS))).quotes
            assert quote.text == "1.txt"

    async def test_a_file_is_found_with_its_uploader_and_the_rooms_that_hold_it(self) -> None:
        file = stored(1, BOB.id, thumbnail="t" * 64)
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_file(file))

            def look(reader: Reader) -> tuple[StoredFile | None, list[str]]:
                return reader.file(file.info.id), reader.rooms_with(file.info.id)

            assert await opened.reads(look) == (file, [])
            await opened.happens(message_with(file), message_with(file))
            assert await opened.reads(look) == (file, [PLANS])
            assert await opened.reads(lambda r: r.file("0" * 32)) is None

    async def test_what_somebody_has_uploaded_since_is_summed_up(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(uploaded(stored(1), stored(2)))
            assert await opened.reads(lambda r: r.uploaded_since(ANN.id, AT - 1)) == 203
            assert await opened.reads(lambda r: r.uploaded_since(ANN.id, AT)) == 0
            assert await opened.reads(lambda r: r.uploaded_since(BOB.id, AT - 1)) == 0

    async def test_deleting_a_message_takes_its_files_out_of_the_log_and_ends_those_that_no_other_holds(self) -> None:
        kept, gone = stored(1), stored(2)
        async with self.with_plans() as opened:
            await opened.store.write(uploaded(kept, gone))
            await opened.happens(message_with(kept, gone), message_with(kept))
            await opened.happens(draft(MessageDeleted, message=4))
            [first, second] = (await opened.reads(lambda r: r.history(PLANS))).messages
            assert (first.files, second.files) == ([], [kept.info])
            frames = await opened.reads(lambda r: r.frames_after(PLANS, 3, 10))
            assert gone.info.id not in "".join(frame.frame for frame in frames)
            assert kept.info.id not in frames[0].frame
            assert await opened.reads(lambda r: r.file(gone.info.id)) is None
            assert await opened.reads(lambda r: r.file(kept.info.id)) == kept
            swept = await opened.store.write(lambda tx: tx.sweep_files(AT))
            assert swept == [SweptFile(gone.info.id, [gone.sha256])]

    async def test_a_sweep_tells_the_bytes_that_nobody_needs_until_it_is_told_that_they_are_removed(self) -> None:
        shared, old, new = stored(1, content="s" * 64), stored(2, content="s" * 64), stored(3, thumbnail="t" * 64)
        async with self.with_plans() as opened:
            await opened.store.write(uploaded(shared, old, new))
            await opened.happens(message_with(shared))

            def sweep(tx: Transaction) -> list[SweptFile]:
                return sorted(tx.sweep_files(LATER))

            assert await opened.store.write(lambda tx: tx.sweep_files(AT)) == []
            expected = [SweptFile(old.info.id, []), SweptFile(new.info.id, [new.sha256, "t" * 64])]
            assert await opened.store.write(sweep) == expected
            assert await opened.reads(lambda r: r.file(new.info.id)) is None
            assert await opened.store.write(sweep) == expected
            await opened.store.write(lambda tx: tx.forget_files([old.info.id, new.info.id, shared.info.id]))
            assert await opened.store.write(sweep) == []
            assert await opened.reads(lambda r: r.file(shared.info.id)) == shared
