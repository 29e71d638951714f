"""G4: a connection that is cut anywhere in a request or its answer leaves no doubt: the same key is one message."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hubbub.settings import Settings
from hubbub.testing.evidence import History, judge
from hubbub.testing.evidence.witness import Witness
from hubbub.testing.process import UNLIMITED
from hubbub.testing.proxy import Flow, Link, Proxy
from hubbub.testing.server import Running, serve
from hubbub.testing.torture.auditor import Auditor

STEP = 11
"""Bytes between two cuts; no divisor of anything."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    settings = Settings.model_validate({"data": tmp_path / "data", "replay_limit": 10**6, **UNLIMITED})
    async with serve(settings) as running:
        yield running


@pytest.mark.parametrize("direction", [lambda link: link.up, lambda link: link.down], ids=["request", "answer"])
async def test_g4_a_post_that_is_repeated_after_a_cut_at_any_byte_is_one_message(
    server: Running, tmp_path: Path, direction: Callable[[Link], Flow]
) -> None:
    with History(tmp_path / "ann.jsonl") as history:
        async with Proxy() as proxy:
            proxy.target = server.url
            ann = await Witness.registers(proxy.url, "Ann")
            ann.history = history
            await ann.returns()
            flow = direction(proxy.links[-1])
            before = flow.passed
            await ann.says("how many bytes is this?", key="k0")
            await ann.waits_until(lambda: ann.cursors["lobby"] == 3)
            length = flow.passed - before
            assert length > 50
            cuts = [*range(0, length, STEP), length]
            lost = 0
            for number, count in enumerate(cuts, 1):
                direction(proxy.links[-1]).cut_after(count)
                key, text = f"k{number}", f"how many bytes is {number:4}?"
                try:
                    await ann.says(text, key=key)
                except ConnectionError:
                    lost += 1
                await ann.drops()
                await ann.returns()
                await ann.says(text, key=key)
            assert lost > len(cuts) // 2
            auditor = await Auditor.registers(server.url, "Auditor")
            await auditor.returns()
            goal = await auditor.says_the_last_words()
            await auditor.drops()
            await ann.waits_until(lambda: ann.cursors["lobby"] >= goal["lobby"])
            ann.ends(goal)
            await ann.drops()
    logs, broken = await auditor.reads_everything(goal)
    verdict = judge(logs, [history.path])
    assert broken + verdict.broken == []
    assert len(logs["lobby"].posts) == len(cuts) + 1
