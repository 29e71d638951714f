"""What no message may become, found without knowing how messages are made."""

import re
from html.parser import HTMLParser
from typing import ClassVar

REL = "noopener noreferrer nofollow"


class Wall(HTMLParser):
    """Collects everything in some HTML that a message must never contain. Knows nothing of how it was made."""

    ALLOWED: ClassVar[dict[str, set[str]]] = {
        **{tag: set() for tag in "p br strong em s pre blockquote ul li".split()},
        "ol": {"start"},
        "code": {"class"},
        "span": {"class"},
        "a": {"href", "target", "rel"},
    }

    def __init__(self, html: str) -> None:
        super().__init__()
        self.breaches: list[str] = []
        self.text = ""
        self.depth = self.deepest = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag not in self.ALLOWED:
            self.breaches.append(f"<{tag}>")
        elif not attributes.keys() <= self.ALLOWED[tag]:
            self.breaches.append(f"<{tag} {attributes}>")
        scheme = re.match(r"[\s\x00-\x20]*([a-z][a-z0-9+.\-\s]*):", attributes.get("href", ""), re.I)
        if scheme and scheme[1].lower() not in ("http", "https", "mailto"):
            self.breaches.append(attributes["href"])
        if tag == "a" and (attributes.get("rel"), attributes.get("target")) != (REL, "_blank"):
            self.breaches.append(f"{attributes}")
        if tag != "br":
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_comment(self, data: str) -> None:
        self.breaches.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.breaches.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.breaches.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.breaches.append(f"<![{data}]>")

    def handle_data(self, data: str) -> None:
        self.text += data
