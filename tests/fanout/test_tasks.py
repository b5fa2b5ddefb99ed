"""Tasks end, also those that take a cancellation for something else."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from livefeed.fanout.tasks import end

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
    await asyncio.wait_for(end(tasks), 5)
    assert [task.cancelled() for task in tasks] == [True, True, False]
