"""When unused pictures are looked for."""

from __future__ import annotations

import asyncio

import pytest

from livefeed.errors import MediaUnavailable
from livefeed.store.sweeper import Sweeper
from tests.live import eventually

pytestmark = pytest.mark.anyio


class Sweeps:
    """Counts, in the place of the pictures."""

    def __init__(self, due_s: float | None = None, error: Exception | None = None) -> None:
        self.count, self.due_s, self.error = 0, due_s, error
        self.going = asyncio.Event()
        self.going.set()

    async def sweep(self) -> float | None:
        self.count += 1
        await self.going.wait()
        if self.error is not None:
            raise self.error
        return self.due_s


def sweeper(sweeps: Sweeps) -> Sweeper:
    return Sweeper(sweeps)


async def test_a_request_is_one_sweep() -> None:
    sweeps = Sweeps()
    swept = sweeper(sweeps)
    swept.request()
    swept.request()
    await swept.close()
    assert sweeps.count == 1


async def test_what_is_deleted_meanwhile_is_swept_too() -> None:
    sweeps = Sweeps()
    sweeps.going.clear()
    swept = sweeper(sweeps)
    swept.request()
    await eventually(lambda: sweeps.count == 1, "the first sweep")
    swept.request()
    sweeps.going.set()
    await swept.close()
    assert sweeps.count == 2


async def test_it_comes_back_when_something_is_due() -> None:
    sweeps = Sweeps(due_s=0.01)
    swept = sweeper(sweeps)
    swept.start()
    await eventually(lambda: sweeps.count > 2, "several sweeps")
    await swept.close()


async def test_once_started_it_waits_to_be_asked_and_can_be_closed() -> None:
    sweeps = Sweeps()
    swept = sweeper(sweeps)
    swept.start()
    await eventually(lambda: sweeps.count == 1, "the sweep at the start")
    swept.request()
    await eventually(lambda: sweeps.count == 2, "the one asked for")
    await swept.close()
    assert sweeps.count == 2


async def test_a_failure_is_told_and_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    sweeps = Sweeps(error=MediaUnavailable("the disk is gone"))
    swept = sweeper(sweeps)
    swept.start()
    await eventually(lambda: "the disk is gone" in caplog.text, "a warning")
    swept.request()
    await eventually(lambda: sweeps.count == 2, "another try")
    await swept.close()
