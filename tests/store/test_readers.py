"""Counts of readers in Redis: summed over hubs, forgotten in time, and nothing written for nothing."""

from __future__ import annotations

import pytest

from livefeed.errors import StoreInconsistent, StoreUnavailable
from livefeed.store import readers
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio

KEY = FeedKeys("news").readers


async def say(store: Store, hub: str, count: int | None) -> object:
    return (await store.readers.exchange(hub, {"news": count}))["news"]


async def test_each_hears_the_sum_of_the_others(store: Store) -> None:
    assert await say(store, "a", 3) == 0
    assert await say(store, "b", 40) == 3
    assert await say(store, "c", None) == 43
    assert await say(store, "a", 5) == 40
    assert await say(store, "b", None) == 5


async def test_who_has_none_is_forgotten_at_once(store: Store, redis_server: RedisServer) -> None:
    await say(store, "a", 3)
    await say(store, "b", 4)
    await say(store, "a", 0)
    assert await say(store, "b", None) == 0
    await say(store, "b", 0)
    assert not redis_server.client.exists(KEY)


async def test_what_was_not_said_again_is_forgotten(store: Store, redis_server: RedisServer) -> None:
    await say(store, "a", 3)
    await say(store, "b", 4)
    now_s, _ = redis_server.command("TIME")
    redis_server.client.hset(KEY, "a", f"3:{(now_s - readers.GOOD_S - 1) * 1000:.0f}")
    redis_server.client.hset(KEY, "from a clock that ran ahead", f"9:{(now_s + 60) * 1000:.0f}")
    redis_server.client.hset(KEY, "foreign", "who are you")
    assert await say(store, "c", None) == 4
    await say(store, "b", 4)
    assert redis_server.client.hkeys(KEY) == [b"b"]
    assert 0 < redis_server.command("PTTL", KEY) <= readers.GOOD_S * 1000


async def test_hearing_writes_nothing(store: Store, redis_server: RedisServer) -> None:
    await say(store, "a", 3)
    size = redis_server.info("persistence")["aof_current_size"]
    for _ in range(10):
        await say(store, "b", None)
    assert redis_server.info("persistence")["aof_current_size"] == size


async def test_counting_goes_on_when_redis_is_full(store: Store, redis_server: RedisServer) -> None:
    await say(store, "a", 3)
    redis_server.fill()
    assert await say(store, "b", 4) == 3
    assert await say(store, "a", 0) == 4


async def test_what_goes_wrong_with_one_feed_stands_in_its_place(
    store: Store, redis_server: RedisServer
) -> None:
    redis_server.client.set(KEY, "foreign")
    got = await store.readers.exchange("a", {"news": 1, "sport": 2})
    assert isinstance(got["news"], StoreInconsistent)
    assert got["sport"] == 0


async def test_redis_is_away(store: Store, redis_server: RedisServer) -> None:
    redis_server.stop()
    try:
        assert isinstance(await say(store, "a", 1), StoreUnavailable)
    finally:
        redis_server.start()
