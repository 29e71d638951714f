"""The application's tasks: one that fails disturbs nobody, and all end with the application."""

import asyncio
import logging

import pytest

from hubbub.tasks import Tasks


async def test_a_task_runs_and_can_be_waited_for() -> None:
    tasks, done = Tasks(), []

    async def work() -> None:
        done.append("work")

    task = tasks.spawn(work())
    assert done == []
    await task
    assert done == ["work"]


async def test_a_task_that_fails_is_logged_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    tasks, go_on = Tasks(), asyncio.Event()

    async def fail() -> None:
        raise RuntimeError("on purpose")

    other = tasks.spawn(go_on.wait())  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        failed = tasks.spawn(fail())
        await asyncio.wait([failed])
        await asyncio.sleep(0)
    assert [record.message for record in caplog.records] == ["a background task failed"]
    assert "on purpose" in caplog.text
    assert not other.done()
    go_on.set()
    await other
    await tasks.stop()


async def test_the_end_is_told_to_all_and_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    tasks, told = Tasks(), []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            told.append(name)

    running = [tasks.spawn(work(name)) for name in ("one", "two")]
    await asyncio.sleep(0)
    await tasks.stop()
    assert sorted(told) == ["one", "two"]
    assert all(task.cancelled() for task in running)
    assert caplog.records == []


async def test_one_that_fails_at_its_end_does_not_keep_the_others_from_ending(caplog: pytest.LogCaptureFixture) -> None:
    tasks, told = Tasks(), []

    async def fail() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("at the end")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append("ended")

    tasks.spawn(fail())
    tasks.spawn(work())
    await asyncio.sleep(0)
    await tasks.stop()
    assert told == ["ended"]
    assert "at the end" in caplog.text


async def test_the_end_can_come_twice_and_without_tasks() -> None:
    tasks = Tasks()
    await tasks.stop()
    tasks.spawn(asyncio.sleep(0))
    await tasks.stop()
    await tasks.stop()
