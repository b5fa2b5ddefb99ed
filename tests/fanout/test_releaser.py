"""What is due goes out: once, in time, whoever looks; and not after the end."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from datetime import datetime

import pytest

from livefeed.fanout.releaser import Releaser
from livefeed.store import pictures
from livefeed.store.keys import FeedKeys, PictureKeys
from livefeed.store.store import Store
from tests.live import eventually
from tests.redis_servers import RedisServer
from tests.store.desk import desk, item, make, press, schedule
from tests.store.support import FEED, assert_sound, ids, open_feed, opened, page, read

pytestmark = pytest.mark.anyio


class Releasing:
    """So many processes' releasers, each with a store of its own."""

    def __init__(self, url: str, count: int = 1) -> None:
        self._url, self._count = url, count
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Store:
        for _ in range(self._count):
            store = await self._stack.enter_async_context(opened(self._url))
            releaser = Releaser(store.outgoing)
            releaser.start()
            self._stack.push_async_callback(releaser.close)
        return store

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


async def is_out(store: Store, *item_ids: str) -> None:
    async with asyncio.timeout(10):
        while set(item_ids) - set(ids(await page(store))):
            await asyncio.sleep(0.01)


def late_s(update: dict[str, str], due: str) -> float:
    return (datetime.fromisoformat(update["published"]) - datetime.fromisoformat(due)).total_seconds()


@pytest.mark.parametrize("count", [1, 5])
async def test_in_time_and_once(redis_server: RedisServer, count: int) -> None:
    async with Releasing(redis_server.url, count) as store:
        await open_feed(store, hold_s=1)
        due = {}
        for number in range(5):
            await make(store, id=f"i{number}")
            await schedule(store, f"i{number}", 0.2 + number / 5)
            due[f"i{number}"] = (await item(store, f"i{number}"))["due"]
        await press(store, "held", {"text": "Hello"})
        due["held"] = (await item(store, "held"))["due"]
        await is_out(store, *due)
        for item_id, at in due.items():
            assert 0 <= late_s(await read(store, item_id), at) < 1
        assert await desk(store) == {}
        assert (await store.log(FEED).attach()).reigns.head == 1 + len(due)
        await assert_sound(store)


async def test_what_was_due_while_nobody_looked(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        await open_feed(store)
        await make(store, id="a")
        await schedule(store, "a", 0.05)
        await eventually_due(store, "a")
    async with Releasing(redis_server.url) as store:
        await is_out(store, "a")


async def eventually_due(store: Store, item_id: str) -> None:
    async with asyncio.timeout(10):
        while True:
            now, _, due = await store.outgoing.next_due([FEED])
            if due[FEED] <= now:
                return


async def test_one_broken_feed_keeps_nothing_back(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(redis_server.url) as store:
        for slug in ("broken", FEED):
            await open_feed(store, slug)
        await make(store, id="a")
        await schedule(store, "a", 0.05)
        redis_server.command("ZADD", "livefeed:{broken}:due", 1, "x")
        redis_server.command("HSET", "livefeed:{broken}:items", "x", "nonsense")
    async with Releasing(redis_server.url) as store:
        await is_out(store, "a")
    assert "This is a bug" in caplog.text


async def test_nor_does_one_whose_list_is_none(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(redis_server.url) as store:
        for slug in ("broken", FEED):
            await open_feed(store, slug)
        await make(store, id="a")
        await schedule(store, "a", 0.05)
        redis_server.command("SET", FeedKeys("broken").due, "foreign")
    async with Releasing(redis_server.url) as store:
        await is_out(store, "a")
    assert caplog.text.count("What is due on the desks waits") == 1


async def test_a_picture_that_is_being_removed_is_waited_for(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_PATIENCE_S", 0.05)
    name = "a" * 32 + ".jpg"
    async with opened(redis_server.url) as store:
        await open_feed(store)
        redis_server.command("HSET", FeedKeys(FEED).media, name, 1)
        await make(store, id="a", image={"url": f"/media/{name}", "alt": "A"})
        await schedule(store, "a", 0.05)
        redis_server.command("HSET", PictureKeys.marks, name, f"{2**41} somebody")
    async with Releasing(redis_server.url) as store:
        await eventually(lambda: "What is due on the desks waits" in caplog.text, "it to wait")
        redis_server.command("DEL", PictureKeys.marks)
        await is_out(store, "a")
    assert "This is a bug" not in caplog.text


async def test_it_goes_on_when_redis_is_back(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with Releasing(redis_server.url) as store:
        await open_feed(store)
        await make(store, id="a")
        await schedule(store, "a", 0.5)
        redis_server.stop()
        try:
            await eventually(lambda: "What is due on the desks waits" in caplog.text, "the loss to be seen")
        finally:
            redis_server.start()
        async with opened(redis_server.url) as other:
            await is_out(other, "a")
    assert caplog.text.count("What is due") == 1


async def test_the_end_waits_for_what_is_being_published(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        await open_feed(store)
        await make(store, id="a")
        await schedule(store, "a", 0.05)
        await eventually_due(store, "a")
        releaser = Releaser(store.outgoing)
        begun, go_on = asyncio.Event(), asyncio.Event()
        let_out = store.outgoing.let_out_due

        async def slow(feed: str) -> None:
            begun.set()
            await go_on.wait()
            await let_out(feed)

        store.outgoing.let_out_due = slow  # type: ignore[method-assign]
        releaser.start()
        await begun.wait()
        ending = asyncio.create_task(releaser.close())
        await asyncio.sleep(0)
        assert not ending.done()
        go_on.set()
        await ending
        assert ids(await page(store)) == ["a"]


async def test_nothing_goes_out_after_the_end(redis_server: RedisServer) -> None:
    async with Releasing(redis_server.url) as store:
        await open_feed(store)
    async with opened(redis_server.url) as store:
        await make(store, id="a")
        await schedule(store, "a", 0.05)
        await eventually_due(store, "a")
        assert list(await desk(store)) == ["a"]
