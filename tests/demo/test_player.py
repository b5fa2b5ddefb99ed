from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from livefeed.core.models import FeedCreate
from livefeed.core.paging import PageQuery
from livefeed.demo.coverage import Publish, load_coverage
from livefeed.demo.player import play
from livefeed.settings import Settings
from livefeed.store.embedded import EmbeddedRedis
from livefeed.store.store import Store

COVERAGE = load_coverage()
BACKSTORY = sum(step.after_s == 0 for step in COVERAGE.steps)
PAUSE_S = COVERAGE.pause_s


class Stopped(Exception):
    """The test has seen enough."""


class Clock:
    """Time that passes only by sleeping; what happens then is ``at_sleep``'s to say."""

    def __init__(self, at_sleep: Callable[[float], Any] | None = None) -> None:
        self.time = datetime.now(UTC)
        self.slept: list[float] = []
        self.at_sleep = at_sleep or (lambda _: None)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, delay_s: float) -> None:
        self.slept.append(delay_s)
        self.time += timedelta(seconds=delay_s)
        if (waited := self.at_sleep(delay_s)) is not None:
            await waited


async def updates(store: Store, feed: str) -> list[dict[str, Any]]:
    page = await store.updates.page(feed, PageQuery(limit=100))
    return [orjson.loads(update) for update in page.updates]


async def played(store: Store, feed: str, *, rounds: int = 1, clock: Clock | None = None) -> Clock:
    """Play until the pause that ends round number ``rounds``."""
    clock = clock or Clock()
    before = clock.at_sleep

    def at_sleep(delay_s: float) -> Any:
        if clock.slept.count(PAUSE_S) == rounds:
            raise Stopped
        return before(delay_s)

    clock.at_sleep = at_sleep
    with pytest.raises(Stopped):
        await play(store, feed, coverage=COVERAGE, sleep=clock.sleep, now=clock.now)
    return clock


async def test_the_page_is_full_before_the_first_wait(store: Store) -> None:
    def stop(delay_s: float) -> None:
        raise Stopped

    clock = Clock(stop)
    with pytest.raises(Stopped):
        await play(store, "start", sleep=clock.sleep, now=clock.now)
    shown = await updates(store, "start")
    assert len(shown) == BACKSTORY
    assert all(datetime.fromisoformat(update["time"]) < clock.time for update in shown)
    assert clock.slept[0] <= 8


async def test_a_round(store: Store) -> None:
    clock = await played(store, "round")
    shown = await updates(store, "round")
    steps = COVERAGE.steps
    assert len(shown) == sum(step.do == "publish" for step in steps) - sum(
        step.do == "delete" for step in steps
    )
    assert [update["time"] for update in shown] == sorted((update["time"] for update in shown), reverse=True)
    assert sum(update["pinned"] for update in shown) == 1
    assert sum(update["breaking"] for update in shown) == 1
    assert sum(update["correction"] is not None for update in shown) == 1
    assert sum(clock.slept) == pytest.approx(sum(step.after_s for step in steps) + PAUSE_S)
    assert await store.check("round") == []


async def test_the_next_round_begins_with_an_empty_feed(store: Store) -> None:
    await played(store, "rounds", rounds=3)
    shown = await updates(store, "rounds")
    assert len({update["id"].split("-")[0] for update in shown}) == 1
    titles = [step.update.get("title") for step in COVERAGE.steps if isinstance(step, Publish)]
    assert len(shown) <= len(titles)
    assert await store.check("rounds") == []


async def test_after_a_restart_it_begins_anew_at_once(store: Store) -> None:
    def stop(delay_s: float) -> None:
        if len(clock.slept) == 5:
            raise Stopped

    clock = Clock(stop)
    with pytest.raises(Stopped):
        await play(store, "restart", sleep=clock.sleep, now=clock.now)
    again = await played(store, "restart")
    assert again.slept[0] == COVERAGE.steps[BACKSTORY].after_s
    assert len({update["id"].split("-")[0] for update in await updates(store, "restart")}) == 1


async def test_once_a_day_the_feed_is_made_anew(store: Store) -> None:
    await played(store, "day")
    opened = (await store.feeds.get("day")).opened
    await played(store, "day")
    assert (await store.feeds.get("day")).opened == opened
    clock = Clock()
    clock.time += timedelta(days=2)
    await played(store, "day", clock=clock)
    assert (await store.feeds.get("day")).opened != opened


async def test_somebody_elses_feed_is_left_alone(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    await store.feeds.create(FeedCreate(slug="mine", description="Mine"))
    await play(store, "mine")
    assert await updates(store, "mine") == []
    assert "not the demo's" in caplog.text


async def test_a_closed_feed_is_kept_until_it_is_opened_again(store: Store) -> None:
    await played(store, "closed")
    before = await updates(store, "closed")
    await store.feeds.patch("closed", {"status": "closed"})

    async def reopen() -> None:
        assert await updates(store, "closed") == before
        await store.feeds.patch("closed", {"status": "open"})

    clock = Clock(lambda delay_s: reopen() if delay_s == PAUSE_S and len(clock.slept) == 1 else None)
    with pytest.raises(Stopped):
        await play(store, "closed", sleep=clock.sleep, now=lambda: stop_after(clock, sleeps=5))
    assert await updates(store, "closed") != before


def stop_after(clock: Clock, *, sleeps: int) -> datetime:
    if len(clock.slept) >= sleeps:
        raise Stopped
    return clock.time


async def test_what_visitors_do_at_the_desk_does_not_stop_it(store: Store) -> None:
    async def meddle() -> None:
        for update in await updates(store, "meddle"):
            await store.updates.delete("meddle", update["id"])

    clock = Clock(lambda _: meddle() if len(clock.slept) == 4 else None)
    await played(store, "meddle", clock=clock)
    assert await updates(store, "meddle")


async def test_a_removed_feed_is_made_again(store: Store) -> None:
    clock = Clock(lambda _: store.feeds.remove("removed") if len(clock.slept) == 4 else None)
    await played(store, "removed", rounds=2, clock=clock)
    assert await updates(store, "removed")


async def test_it_goes_on_after_the_store_was_away(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    server.start()
    store = Store(server.url, Settings())

    def away(delay_s: float) -> None:
        if len(clock.slept) == 5:
            server.stop()
        if len(clock.slept) == 8:
            server.start()

    clock = Clock(away)
    try:
        await played(store, "away", clock=clock)
        shown = await updates(store, "away")
        assert len({update["id"].split("-")[0] for update in shown}) == 1, "it went on where it was"
        assert clock.slept.count(2.0) >= 3
        assert await store.check("away") == []
    finally:
        await store.close()
        server.stop()


async def test_it_ends_when_it_is_cancelled(store: Store) -> None:
    task = asyncio.create_task(play(store, "cancelled"))
    while not task.done():
        await asyncio.sleep(0.01)
        task.cancel()
    assert task.cancelled()
