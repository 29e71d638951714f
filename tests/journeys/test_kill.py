"""kill -9 under load: everything acknowledged is there, once, and what was not acknowledged can be sent again."""

import asyncio
import random
import sqlite3
from pathlib import Path

import httpx2
import pytest

from hubbub.testing.people import Guest
from hubbub.testing.process import ServerProcess, run_server

WRITERS = 20
FAST = {
    "posts_per_second": 100_000,
    "posts_burst": 100_000,
    "commands_per_second": 100_000,
    "commands_burst": 100_000,
}


class Writer:
    """Posts one message after the other, each under its own key, and remembers what was acknowledged."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.acknowledged: dict[str, tuple[int, str]] = {}
        self.pending: tuple[str, str] | None = None
        self.count = 0

    async def write(self, until: int | None = None) -> None:
        """Until the connection breaks, or so many are acknowledged."""
        try:
            while until is None or len(self.acknowledged) < until:
                if self.pending is None:
                    self.count += 1
                    self.pending = (f"k{self.count}", f"{self.guest.me['name']} says {self.count}")
                key, text = self.pending
                seq = await self.guest.says(text, key=key)
                self.acknowledged[key] = (seq, text)
                self.pending = None
        except ConnectionError:
            return


async def history_of(server: ServerProcess, token: str) -> dict[int, str]:
    messages: dict[int, str] = {}
    async with httpx2.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as http:
        after, more = 0, True
        while more:
            page = (await http.get("/api/rooms/lobby/messages", params={"after": after, "limit": 100})).json()
            for message in page["messages"]:
                assert message["seq"] not in messages
                messages[message["seq"]] = message["text"]
            after, more = max([after, *messages]), page["more_after"]
    return messages


@pytest.mark.parametrize("seed", range(3))
async def test_everything_acknowledged_survives_a_kill_under_load(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = tmp_path / "data"
    async with run_server(data, **FAST) as server:
        writers = [Writer(await Guest.registers(server.url, f"Writer {n}")) for n in range(WRITERS)]
        for writer in writers:
            await writer.guest.returns()
        writing = [asyncio.create_task(writer.write()) for writer in writers]
        goal = chance.randint(200, 900)
        async with asyncio.timeout(60):
            while sum(len(writer.acknowledged) for writer in writers) < goal:
                await asyncio.sleep(0)
        await server.kill()
        await asyncio.gather(*writing)
    acknowledged = sum(len(writer.acknowledged) for writer in writers)
    assert acknowledged >= goal

    async with run_server(data, **FAST) as server:
        history = await history_of(server, writers[0].guest.token)
        for writer in writers:
            for seq, text in writer.acknowledged.values():
                assert history[seq] == text
        assert len(set(history.values())) == len(history)
        for writer in writers:
            writer.guest.url = server.url
            await writer.guest.returns()
        await asyncio.gather(*(writer.write(until=len(writer.acknowledged) + 3) for writer in writers))
        last = max(seq for writer in writers for seq, _ in writer.acknowledged.values())
        for writer in writers:
            await writer.guest.waits_until(lambda guest=writer.guest: guest.cursors["lobby"] >= last)  # type: ignore[misc]
        after = await history_of(server, writers[0].guest.token)
        assert history.items() <= after.items()
        assert len(set(after.values())) == len(after)
        for writer in writers:
            heard = {e["seq"]: e["text"] for e in writer.guest.events["lobby"] if e["type"] == "message.posted"}
            assert heard == {seq: text for seq, text in after.items() if seq in heard}
            assert {seq for seq in after if seq > min(heard)} <= heard.keys()
            await writer.guest.drops()
        assert await server.stop() == 0

    with sqlite3.connect(data / "hubbub.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        gaps = database.execute("SELECT room, count(*), max(seq) FROM event GROUP BY room HAVING count(*) <> max(seq)")
        assert gaps.fetchall() == []
    database.close()
