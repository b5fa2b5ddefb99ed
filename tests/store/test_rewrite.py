from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from anyio import to_thread

from livefeed.store.rewrite import Rewriter
from livefeed.store.store import Store
from tests.redis_servers import RedisServer, wait_until
from tests.store.support import FEED, open_feed, opened, publish

pytestmark = pytest.mark.anyio


def rewrites(server: RedisServer) -> int:
    calls: int = server.info("commandstats").get("cmdstat_bgrewriteaof", {}).get("calls", 0)
    return calls


@asynccontextmanager
async def rewriting(store: Store, interval_s: float) -> AsyncIterator[Rewriter]:
    rewriter = Rewriter(store._client, interval_s=interval_s)
    yield rewriter
    await rewriter.close()


@pytest.fixture(autouse=True)
def quiet(redis_server: RedisServer) -> None:
    redis_server.rewrite_done()
    redis_server.command("CONFIG", "RESETSTAT")


async def asked(server: RedisServer, times: int) -> None:
    await to_thread.run_sync(wait_until, lambda: rewrites(server) >= times)


async def test_it_rewrites_at_once_and_then_not_too_often(store: Store, redis_server: RedisServer) -> None:
    async with rewriting(store, 1000) as rewriter:
        rewriter.request()
        await asked(redis_server, 1)
        redis_server.rewrite_done()
        rewriter.request()
        rewriter.request()
        await asyncio.sleep(0.05)
        assert rewrites(redis_server) == 1
    assert rewrites(redis_server) == 2  # what waited for its turn is done at the end


async def test_it_goes_on_after_a_while(store: Store, redis_server: RedisServer) -> None:
    async with rewriting(store, 0.01) as rewriter:
        for times in (1, 2, 3):
            rewriter.request()
            await asked(redis_server, times)
            redis_server.rewrite_done()


async def test_without_deletions_it_does_nothing(store: Store, redis_server: RedisServer) -> None:
    async with rewriting(store, 0):
        pass
    assert rewrites(redis_server) == 0


async def test_closing_at_once_after_a_deletion(redis_server: RedisServer) -> None:
    """It takes no longer than asking does, whatever the interval, and the text is off the disk."""
    async with opened(redis_server.url, rewrite_s=3600) as store:
        await open_feed(store)
        for text in ("Secret-one", "Secret-two"):
            await store.updates.delete(FEED, (await publish(store, text)).id)
        await asyncio.wait_for(store.close(), 30)
        redis_server.rewrite_done()
        assert b"Secret" not in redis_server.files()


async def test_a_server_that_is_away_is_told(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer() as server, caplog.at_level(logging.WARNING, "livefeed.store"):
        async with opened(server.url) as store:
            store.rewriter.request()
            await to_thread.run_sync(server.kill)
            await store.rewriter.close()
            store.rewriter.request()
            await store.rewriter.close()
    assert "stays in Redis's append-only file" in caplog.text
