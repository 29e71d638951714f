"""What the pages say of themselves to which a message links."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from hubbub.core import policy
from hubbub.core.models import Person
from hubbub.core.previews import Page, links_in, read_page
from hubbub.protocol import GetPreviews, LinkPreviews, Preview
from hubbub.service.change import permit
from hubbub.service.context import Context
from hubbub.store import Reader

AT_ONCE = 4
KEPT_MAX = 1000
KEPT_S = 3600.0

Fetch = Callable[[str], Awaitable[Page | None]]


class Previews:
    """Asks for each address at most once in an hour, whatever came of it. `clock` gives seconds."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._kept: OrderedDict[str, tuple[float, asyncio.Future[Preview | None]]] = OrderedDict()

    async def of(self, url: str) -> Preview | None:
        now = self._clock()
        kept = self._kept.get(url)
        if kept is None or now - kept[0] > KEPT_S:
            kept = self._kept[url] = (now, asyncio.ensure_future(self._look(url)))
            self._kept.move_to_end(url)
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return await asyncio.shield(kept[1])  # others may wait for it too

    async def _look(self, url: str) -> Preview | None:
        async with self._slots:
            page = await self._fetch(url)
        if page is None:
            return None
        about = await asyncio.to_thread(read_page, page.content, page.url)
        return about and Preview(url=url, title=about.title, description=about.description, site=about.site)


async def previews(context: Context, me: Person, command: GetPreviews) -> LinkPreviews:
    """Nothing where the place does not fetch pages."""

    def look(reader: Reader) -> list[str]:
        permit(context, reader, me, command)
        return links_in(policy.message_must_stand(reader.message(command.room, command.message)).html)

    links = await context.store.read(look)
    if context.preview is None:
        return LinkPreviews(previews=[])
    found = await asyncio.gather(*[context.preview(link) for link in links])
    return LinkPreviews(previews=[preview for preview in found if preview])
