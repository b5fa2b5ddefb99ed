"""Readers are counted over all hubs; what did not change is not written down."""

from __future__ import annotations

from contextlib import ExitStack, aclosing

import orjson
import pytest

from livefeed.fanout import counting
from livefeed.fanout.stream import stream, watching
from livefeed.store.keys import FeedKeys
from tests.live import FEED, Live, eventually, live_hub
from tests.redis_servers import RedisServer, newest_binary
from tests.store.test_client import cluster

pytestmark = pytest.mark.anyio

KEY = FeedKeys(FEED).readers


def written(server: RedisServer) -> int:
    size: int = server.info("persistence")["aof_current_size"]
    return size


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are exchanged when a test says so."""
    monkeypatch.setattr(counting, "COUNT_S", 600.0)


async def exchange(*lives: Live) -> None:
    """Twice, so that the first one has heard the last one."""
    for live in lives * 2:
        await live.hub.counts.exchange()


async def test_readers_of_two_hubs_are_summed(live: Live, redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url) as other:
        here, there = await live.hub.channel(FEED), await other.hub.channel(FEED)
        with ExitStack() as stack:
            for channel in (here, there, there):
                stack.enter_context(watching(channel))
            await exchange(live, other)
            assert (here.readers_everywhere, there.readers_everywhere) == (3, 3)
            with watching(here):
                assert here.readers_everywhere == 4  # the own ones at once
        await exchange(live, other)
        assert not redis_server.client.exists(KEY)


async def test_the_heartbeat_tells_the_sum(live: Live, redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url) as other:
        with watching(await other.hub.channel(FEED)), watching(channel := await live.hub.channel(FEED)):
            await exchange(live, other)
            async with aclosing(stream(live.hub, channel, None, ping_s=0.01, drain_s=0)) as batches:
                first, second = [orjson.loads((await anext(batches))[0].data) for _ in range(2)]
    assert (first["type"], second["type"], second["readers"]) == ("sync", "ping", 2)


async def test_nothing_is_written_for_nothing(live: Live, redis_server: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    await exchange(live)
    assert not redis_server.client.exists(KEY)
    with watching(channel):
        await exchange(live)
        before = written(redis_server)
        for _ in range(5):
            await exchange(live)
        assert written(redis_server) == before


async def test_what_grows_old_is_said_again(
    live: Live, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(await live.hub.channel(FEED)):
        await exchange(live)
        redis_server.client.delete(KEY)
        await exchange(live)
        assert not redis_server.client.exists(KEY)
        monkeypatch.setattr(counting, "AGAIN_S", 0.0)
        await exchange(live)
        assert redis_server.client.hlen(KEY) == 1


async def test_a_hub_that_ends_counts_no_more(live: Live, redis_server: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    with watching(channel):
        async with live_hub(redis_server.url) as other:
            with watching(await other.hub.channel(FEED)):
                await exchange(live, other)
                assert channel.readers_everywhere == 2
        await exchange(live)
        assert channel.readers_everywhere == 1


async def test_a_channel_that_was_dropped_counts_no_more(redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url, idle_s=0.05) as live:
        await live.open_feed()
        with watching(await live.hub.channel(FEED)):
            await exchange(live)
        await eventually(lambda: live.hub.statistics()["channels"] == 0, "the channel to be dropped")
        await exchange(live)
        assert not redis_server.client.exists(KEY)


async def test_while_redis_is_away_the_last_counts_stay(live: Live, shared_redis: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    with watching(channel):
        await live.store.readers.exchange("elsewhere", {FEED: 41})
        await exchange(live)
        shared_redis.stop()
        try:
            await exchange(live)
            assert channel.readers_everywhere == 42
        finally:
            shared_redis.start()


async def test_an_end_without_redis_waits_for_nothing(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "WITHDRAW_S", 0.05)
    try:
        async with live_hub(redis_server.url) as live:
            await live.open_feed()
            with watching(await live.hub.channel(FEED)):
                await exchange(live)
            redis_server.freeze()
    finally:
        redis_server.thaw()


async def test_on_a_cluster() -> None:
    with cluster(newest_binary()) as node:
        url = f"redis+cluster://127.0.0.1:{node.port}"
        async with live_hub(url) as one, live_hub(url) as other:
            feeds = ("news", "sport", "weather")
            with ExitStack() as stack:
                for feed in feeds:
                    await one.open_feed(feed)
                    stack.enter_context(watching(await one.hub.channel(feed)))
                    stack.enter_context(watching(await other.hub.channel(feed)))
                await exchange(one, other)
                assert [(await one.hub.channel(feed)).readers_everywhere for feed in feeds] == [2, 2, 2]


async def test_the_hub_does_it_by_itself(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "COUNT_S", 0.01)
    async with live_hub(redis_server.url) as live, live_hub(redis_server.url) as other:
        await live.open_feed()
        here, there = await live.hub.channel(FEED), await other.hub.channel(FEED)
        with watching(here), watching(there):
            await eventually(
                lambda: here.readers_everywhere == there.readers_everywhere == 2, "each to hear the other"
            )


async def test_readers_here_and_elsewhere(live: Live) -> None:
    await live.open_feed("quiet")
    channel = await live.hub.channel("news")
    await live.store.readers.exchange("another hub", {"news": 5})
    with watching(channel):
        assert await live.hub.counts.everywhere(["news", "quiet"]) == {"news": 6, "quiet": 0}
