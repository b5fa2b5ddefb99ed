"""Real servers' refusals, as far as they can be provoked; what else redis-py may raise, by hand."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from redis import exceptions

from livefeed.errors import StoreError, StoreFull, StoreInconsistent, StoreUnavailable
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from livefeed.store.translate import translated
from tests.redis_servers import RedisServer, free_port, replicated
from tests.store.support import FEED, open_feed, opened, page, publish

pytestmark = pytest.mark.anyio


def raised(error: Exception) -> StoreError:
    with pytest.raises(StoreError) as caught, translated():
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.ConnectionError("gone"), StoreUnavailable),
        (exceptions.TimeoutError(), StoreUnavailable),
        (exceptions.MaxConnectionsError("Too many connections"), StoreUnavailable),
        (exceptions.AuthenticationError("invalid username-password pair"), StoreUnavailable),
        (exceptions.BusyLoadingError("loading"), StoreUnavailable),
        (exceptions.ReadOnlyError("You can't write against a read only replica."), StoreUnavailable),
        (exceptions.ClusterDownError("CLUSTERDOWN The cluster is down"), StoreUnavailable),
        (exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots"), StoreUnavailable),
        (exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."), StoreUnavailable),
        (exceptions.ResponseError("BUSY Redis is busy running a script."), StoreUnavailable),
        (ConnectionRefusedError(), StoreUnavailable),
        (exceptions.OutOfMemoryError("command not allowed"), StoreFull),
        (exceptions.ResponseError("ERR Error running script: -OOM command not allowed when used"), StoreFull),
        (exceptions.ResponseError("WRONGTYPE Operation against a key"), StoreInconsistent),
        (exceptions.NoPermissionError("this user has no permissions"), StoreError),
        (exceptions.ResponseError("ERR unknown command"), StoreError),
    ],
)
def test_each_error_of_the_client(error: Exception, kind: type[StoreError]) -> None:
    assert type(raised(error)) is kind


def test_a_sentence_is_told() -> None:
    assert str(raised(exceptions.ConnectionError("Error 111 connecting to a:1."))) == (
        "Redis cannot be reached: Error 111 connecting to a:1"
    )
    assert str(raised(exceptions.TimeoutError())) == "Redis cannot be reached: TimeoutError"


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), translated():
        raise KeyError("ours")


async def test_nobody_is_there() -> None:
    async with opened(f"redis://127.0.0.1:{free_port()}") as store:
        with pytest.raises(StoreUnavailable):
            await store.feeds.list()


async def test_a_busy_server(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    redis_server.command("CONFIG", "SET", "lua-time-limit", 1)
    async with opened(redis_server.url) as other:
        client: Any = other._client
        endless = asyncio.create_task(client.eval("while true do end", 0))
        try:
            await _until_busy(store)
            with pytest.raises(StoreUnavailable, match="busy"):
                await page(store)
        finally:
            redis_server.command("SCRIPT", "KILL")
            with contextlib.suppress(exceptions.ResponseError):
                await endless
            redis_server.command("CONFIG", "SET", "lua-time-limit", 5000)


async def _until_busy(store: Store) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await store.feeds.get(FEED)
            except StoreUnavailable:
                return


async def test_a_replica_that_must_not_be_written(binary: Path) -> None:
    with replicated(binary) as (primary, replica):
        async with opened(primary.url, replicas=1, replicas_timeout_ms=10_000) as store:
            await open_feed(store)
        async with opened(replica.url) as store:
            with pytest.raises(StoreUnavailable, match="read only"):
                await publish(store)


async def test_a_key_of_the_wrong_type(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    redis_server.command("SET", FeedKeys(FEED).timeline, "nonsense")
    with pytest.raises(StoreInconsistent):
        await page(store)
