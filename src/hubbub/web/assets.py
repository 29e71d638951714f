"""The files of the page: read once, compressed once, served under a digest so that they may be cached for ever."""

import gzip
import hashlib
import posixpath
import re
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent.parent / "client"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
ENTRY = "main.js"
STYLE = "styles/page.css"
FOREVER = "public, max-age=31536000, immutable"

_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^"']*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
"""Static imports only: what is loaded by import() is loaded when it is used."""


class Asset(NamedTuple):
    body: bytes
    gzipped: bytes
    type: str


class Assets:
    """Every file below `folder` that a browser may ask for. `modules` are those that a first visit needs."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._assets = {
            path.relative_to(folder).as_posix(): _asset(path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in TYPES
        }
        together = b"".join(name.encode() + asset.body for name, asset in self._assets.items())
        self.digest = hashlib.sha256(together).hexdigest()[:16]
        self.modules = self._imported_by(ENTRY)
        self.style = self._assets[STYLE].body.decode()
        self.style_hash = "sha256-" + b64encode(hashlib.sha256(self.style.encode()).digest()).decode()

    def __getitem__(self, name: str) -> Asset:
        return self._assets[name]

    def get(self, name: str) -> Asset | None:
        return self._assets.get(name)

    def _imported_by(self, entry: str) -> list[str]:
        """The entry and all that it imports, directly or not, each once, in the order in which they are found."""
        found = [entry]
        for name in found:
            for target in _IMPORT.findall(self._assets[name].body.decode()):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
                if path not in found:
                    found.append(path)
        return found


@cache
def assets() -> Assets:
    return Assets()


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, gzip.compress(body, 9, mtime=0), TYPES[path.suffix])
