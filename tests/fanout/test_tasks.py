"""Tasks end, also those that take a cancellation for something else."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress

import pytest

from livefeed.fanout.tasks import end, share

pytestmark = pytest.mark.anyio


async def deaf() -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    await asyncio.sleep(60)


async def done() -> None:
    pass


async def test_none() -> None:
    await end([])


async def test_they_are_done() -> None:
    tasks = [asyncio.create_task(work) for work in (asyncio.sleep(60), deaf(), done())]
    await asyncio.sleep(0)
    await asyncio.wait_for(end(tasks), 30)
    assert [task.cancelled() for task in tasks] == [True, True, False]


async def test_work_is_shared_while_it_runs() -> None:
    running: dict[str, asyncio.Task[object]] = {}
    made: list[object] = []

    async def work() -> object:
        await asyncio.sleep(0)
        made.append(object())
        return made[-1]

    assert set(await asyncio.gather(*(share(running, "a", work) for _ in range(5)))) == set(made)
    assert len(made) == 1
    await share(running, "a", work)
    assert len(made) == 2


async def test_a_failure_that_nobody_waits_for_any_more_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    running: dict[str, asyncio.Task[None]] = {}
    fails = asyncio.Event()

    async def work() -> None:
        await fails.wait()
        raise RuntimeError

    waiting = asyncio.create_task(share(running, "a", work))
    await asyncio.sleep(0)
    await end([waiting])
    fails.set()
    while running:
        await asyncio.sleep(0)
    gc.collect()
    assert "never retrieved" not in caplog.text
