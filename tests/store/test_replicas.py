"""LIVEFEED_REPLICAS: a write is confirmed by that many replicas, or said to be unconfirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from livefeed.errors import StoreUnconfirmed
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.redis_servers import RedisServer, replicated
from tests.store.support import FEED, idempotency, ids, open_feed, opened, page, publish

pytestmark = pytest.mark.anyio

Write = Callable[[Store], Awaitable[object]]
WRITES: dict[str, Write] = {
    "publish": lambda store: publish(store, "New", id="new", idem=idempotency("1")),
    "edit": lambda store: store.updates.edit(FEED, "a", {"text": "Other"}, idempotency=idempotency("2")),
    "delete": lambda store: store.updates.delete(FEED, "b", idempotency=idempotency("3")),
    "feed": lambda store: store.feeds.patch(FEED, {"title": "Other"}, idempotency=idempotency("4")),
    "remove": lambda store: store.feeds.remove("other", idempotency=idempotency("5")),
}


@pytest.fixture(scope="module")
def shared_replicas(binary: Path) -> Iterator[tuple[RedisServer, RedisServer]]:
    with replicated(binary) as servers:
        yield servers


@pytest.fixture
def replicas(shared_replicas: tuple[RedisServer, RedisServer]) -> Iterator[tuple[RedisServer, RedisServer]]:
    primary, replica = shared_replicas
    primary.clear()
    yield primary, replica
    replica.thaw()


async def test_nobody_is_there_to_confirm(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        await open_feed(store)
    async with opened(redis_server.url, replicas=1, replicas_timeout_ms=20) as store:
        with pytest.raises(StoreUnconfirmed, match="0 of 1 replicas"):
            await publish(store, id="a")
        assert ids(await page(store)) == ["a"]


async def test_a_replica_confirms(replicas: tuple[RedisServer, RedisServer]) -> None:
    primary, replica = replicas
    async with opened(primary.url, replicas=1, replicas_timeout_ms=10_000) as store:
        await open_feed(store)
        made = await publish(store)
    assert replica.command("HGET", FeedKeys(FEED).updates, made.id) == made.update


async def test_waiting_outlasts_the_usual_patience(replicas: tuple[RedisServer, RedisServer]) -> None:
    """Whoever waits long for replicas must not take that for a lost connection."""
    async with opened(replicas[0].url, replicas=1, replicas_timeout_ms=60_000) as store:
        pool = store._client.connection_pool
        assert pool.connection_kwargs["socket_timeout"] > 60


@pytest.mark.parametrize("name", WRITES)
async def test_the_same_key_waits_again(replicas: tuple[RedisServer, RedisServer], name: str) -> None:
    primary, replica = replicas
    write = WRITES[name]
    async with opened(primary.url, replicas=1, replicas_timeout_ms=10_000) as store:
        await open_feed(store)
        await open_feed(store, "other")
        await publish(store, id="a")
        await publish(store, id="b")
    replica.freeze()
    # Each time on a new connection: WAIT asks about the writes of its own one only.
    for _ in range(2):
        async with opened(primary.url, replicas=1, replicas_timeout_ms=50) as store:
            with pytest.raises(StoreUnconfirmed):
                await write(store)
    replica.thaw()
    async with opened(primary.url, replicas=1, replicas_timeout_ms=10_000) as store:
        head = (await store.log(FEED).attach()).reigns.head
        await write(store)
        assert (await store.log(FEED).attach()).reigns.head == head
