"""People who upload files, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

MP4 = b"\0\0\0\x20ftypisom\0\0\2\0" + bytes(range(256)) * 40
QUICK: dict[str, Any] = {
    "posts_per_second": 1000,
    "posts_burst": 1000,
    "commands_per_second": 1000,
    "commands_burst": 1000,
}
PATIENCE_S = 20.0


class Uploader:
    """Somebody who is signed in, and how they upload, post and read."""

    def __init__(self, http: httpx2.AsyncClient, room: str = "lobby") -> None:
        self.http = http
        self.room = room

    @classmethod
    @asynccontextmanager
    async def comes(cls, url: str) -> AsyncIterator["Uploader"]:
        async with httpx2.AsyncClient(base_url=url, timeout=60.0) as http:
            guest = (await http.post("/api/guests", json={})).json()
            http.headers["Authorization"] = f"Bearer {guest['token']}"
            http.cookies.clear()
            yield cls(http)

    async def sends(self, content: Any, name: str = "a.bin", **headers: str) -> httpx2.Response:
        return await self.http.post("/api/files", params={"name": name}, content=content, headers=headers)

    async def uploads(self, content: Any, name: str = "a.bin") -> dict[str, Any]:
        answer = await self.sends(content, name)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def posts(self, *files: str, text: str = "") -> int:
        answer = await self.http.post(f"/api/rooms/{self.room}/messages", json={"text": text, "files": files})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["seq"])

    async def reads(self, file: str, **headers: str) -> httpx2.Response:
        return await self.http.get(f"/api/files/{file}/name", headers=headers)


def refused(answer: httpx2.Response, status: int, code: str) -> str:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    return str(problem["words"])


def blobs(data: Path) -> list[Path]:
    return sorted(path for path in (data / "files").rglob("*") if path.is_file())


async def only_these_are_left(data: Path, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(blobs(data)) != count:
            await asyncio.sleep(0.01)


def is_locked_up(answer: httpx2.Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-store"
