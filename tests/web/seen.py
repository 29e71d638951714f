"""What a browser makes of a page, without a browser."""

import json
from html.parser import HTMLParser
from typing import Any

import httpx2


class Seen(HTMLParser):
    """What a browser makes of a page: elements with attributes and the text in them."""

    VOID = {"meta", "link", "input", "br", "path", "circle", "use"}

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[list[str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        texts: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, texts))
        if tag not in self.VOID:
            self._open.append(texts)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for texts in self._open:
            texts.append(data)

    def all(self, tag: str, **attributes: str) -> list[tuple[dict[str, str], str]]:
        """Attributes and text of each element with this tag and these attributes; `cls` is a class."""
        cls = attributes.pop("cls", None)
        return [
            (found, "".join(texts))
            for name, found, texts in self.elements
            if name == tag
            and attributes.items() <= found.items()
            and (cls is None or cls in found.get("class", "").split())
        ]

    def one(self, tag: str, **attributes: str) -> tuple[dict[str, str], str]:
        [element] = self.all(tag, **attributes)
        return element

    def text(self, tag: str, **attributes: str) -> str:
        return self.one(tag, **attributes)[1]

    def texts(self) -> list[str]:
        """The messages."""
        return [text for _, text in self.all("div", cls="text")]

    def boot(self) -> Any:
        """What the page's script begins with."""
        return json.loads(self.text("script", id="boot"))

    def addresses(self) -> list[str]:
        """Everything that the page links to, loads or sends to, but places on itself."""
        found = [a[name] for _, a, _ in self.elements for name in ("href", "src", "action") if name in a]
        return [address for address in found if not address.startswith("#")]


async def see(browser: httpx2.AsyncClient, path: str = "/", status: int = 200) -> Seen:
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Seen(answer.text)
