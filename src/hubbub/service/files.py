"""Files: uploaded, given to those who may read them, swept away when nobody needs them."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from hubbub.core import policy
from hubbub.core.files import PICTURES, clean_file_name, size_of, sniff
from hubbub.core.limits import Meter, Rate
from hubbub.core.models import FileInfo, Person
from hubbub.core.shedding import Shed
from hubbub.errors import Invalid, NotFound, RateLimited, Unavailable
from hubbub.files.blobs import Blobs, Part, too_large
from hubbub.files.pictures import Pictures
from hubbub.service.context import Context
from hubbub.service.people import profile_of
from hubbub.store import Reader, StoredFile, Transaction

DAY_MS = 24 * 3600 * 1000
UPLOADS_AT_ONCE = 4
"""Of one person."""
SWEEP_INTERVAL_S = 600.0

log = logging.getLogger(__name__)


class Content(NamedTuple):
    """What somebody may read."""

    info: FileInfo
    path: Path
    type: str


class Files:
    """Not commands: bytes come and go beside the protocol. `clock` gives seconds that never go backwards, `new_id`
    128 random bits as 32 hexadecimal digits."""

    def __init__(
        self, context: Context, folder: Path, *, clock: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        settings = context.settings
        self.blobs = Blobs(folder, total_max_bytes=settings.files_total_max_bytes)
        self._context = context
        self._clock = clock
        self._new_id = new_id
        self._pictures = Pictures()
        self._meter = Meter(Rate(settings.posts_per_second, settings.posts_burst))
        self._uploading: Counter[str] = Counter()
        self._settling = asyncio.Lock()
        """Held while bytes are placed or removed: what one person uploads may be what another one deletes."""

    async def upload(self, me: Person, name: str, stream: AsyncIterator[bytes], length: int) -> FileInfo:
        """Takes a file; when this returns, no crash takes it away. `length`: how many bytes are announced, or 0.
        Raises TooLarge, RateLimited, NoSpace, Unavailable, Forbidden; Invalid for a picture that cannot be read."""
        context, limit = self._context, self._context.settings.file_max_bytes
        context.shedding.check(Shed.POSTING)
        policy.permit_in_place("upload", me, context.place())
        if length > limit:
            raise too_large(limit)
        with self._turn(me):
            await context.store.read(lambda reader: self._must_fit(reader, me, length))
            part_name = self._new_id()
            try:
                part = await self.blobs.receive(stream, part_name, limit)
                if not part.size:
                    raise Invalid("This file is empty.", code="empty_file")
                return await self._keep(me, clean_file_name(name), part)
            finally:
                await self.blobs.drop(part_name)

    async def content(self, me: Person, file: str, *, thumbnail: bool = False) -> Content:
        """The bytes of a file, or a smaller picture of it where there is one. Raises NotFound."""

        def look(reader: Reader) -> StoredFile | None:
            standings = [reader.standing(room, me.id) for room in reader.rooms_with(file)]
            if stored := reader.file(file):
                policy.may_read_file(stored.by, me, standings, self._context.place(), self._context.now())
            return stored

        stored = await self._context.store.read(look)
        if stored is None:
            raise NotFound("There is no such file, or it has been deleted.", code="file_not_found")
        return self._content_of(stored, thumbnail=thumbnail)

    async def avatar(self, me: Person, person: str) -> Content:
        """Somebody's picture. Raises NotFound, also for people whom one may not know of."""

        def look(reader: Reader) -> StoredFile | None:
            avatar = profile_of(reader, me, person).avatar
            return reader.file(avatar) if avatar else None

        stored = await self._context.store.read(look)
        if stored is None:
            raise NotFound("This person has no picture.", code="avatar_not_found")
        return self._content_of(stored, thumbnail=True)

    def _content_of(self, stored: StoredFile, *, thumbnail: bool) -> Content:
        if thumbnail and stored.thumbnail and stored.info.name != "thumbnail":  # then its address is that of one
            return Content(stored.info, self.blobs.path(stored.thumbnail), "image/webp")
        return Content(stored.info, self.blobs.path(stored.sha256), stored.info.type)

    async def sweep(self) -> None:
        """Removes files that nobody needs, until cancelled."""
        while True:
            self._context.sweeping.clear()
            try:
                while await self._sweep_some():
                    pass
            except Unavailable as error:
                log.warning("files that nobody needs could not be removed: %s", error.words)
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_INTERVAL_S):
                    await self._context.sweeping.wait()

    async def _sweep_some(self) -> int:
        """Bytes first: after a crash in between the database still knows of them."""
        store, before = self._context.store, self._context.now() - DAY_MS
        async with self._settling:
            swept = await store.write(lambda tx: tx.sweep_files(before))
            for one in swept:
                for sha256 in one.blobs:
                    await self.blobs.remove(sha256)
            if swept:
                await store.write(lambda tx: tx.forget_files([one.id for one in swept]))
        return len(swept)

    async def _keep(self, me: Person, name: str, part: Part) -> FileInfo:
        kind = sniff(part.head)
        if kind not in PICTURES:
            return await self._note(me, FileInfo(id=self._new_id(), name=name, type=kind, size=part.size), [part])
        made = await self._pictures.remake(part.path, kind)
        parts = [await self.blobs.adopt(path) for path in (made.picture, made.thumbnail) if path]
        size = parts[0].size
        about = FileInfo(id=self._new_id(), name=name, type=kind, size=size, width=made.width, height=made.height)
        return await self._note(me, about, parts)

    async def _note(self, me: Person, info: FileInfo, parts: list[Part]) -> FileInfo:
        """First the database, so that no crash leaves bytes of which nobody knows; until this returns nobody can post
        the file."""
        thumbnail = parts[1].sha256 if len(parts) > 1 else None
        stored = StoredFile(info, me.id, self._context.now(), parts[0].sha256, thumbnail)

        def note(tx: Transaction) -> None:
            self._must_fit(tx, me, info.size)
            tx.add_file(stored)

        async with self._settling:
            await self._context.store.write(note)
            for part in parts:
                await self.blobs.place(part)
        return info

    def _must_fit(self, reader: Reader, me: Person, size: int) -> None:
        limit = self._context.settings.upload_day_max_bytes
        if reader.uploaded_since(me.id, self._context.now() - DAY_MS) + size > limit:
            words = f"You may upload {size_of(limit)} within 24 hours, and this is more. Try again tomorrow."
            raise RateLimited(words, code="upload_quota", retry_after_s=3600.0)

    @contextmanager
    def _turn(self, me: Person) -> Iterator[None]:
        wait_s = self._meter.take(me.id, self._clock())
        if wait_s or self._uploading[me.id] >= UPLOADS_AT_ONCE:
            words = f"That was too fast, or more than {UPLOADS_AT_ONCE} files at once. Try again in a moment."
            raise RateLimited(words, retry_after_s=wait_s or 2.0)
        self._uploading[me.id] += 1
        try:
            yield
        finally:
            self._uploading[me.id] -= 1
            self._uploading += Counter()  # forgets those who are done


def file_of(tx: Transaction, me: Person, file: str) -> FileInfo:
    """A file that this person may post. Raises NotFound."""
    stored = tx.file(file)
    if stored is None or stored.by != me.id:
        raise NotFound("This file is not there, or is not yours. Upload it again.", code="file_not_found")
    return stored.info
