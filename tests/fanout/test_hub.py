"""The hub: opens channels, keeps them, drops them; ends without a trace."""

from __future__ import annotations

import asyncio

import pytest

from livefeed.core.position import Position
from livefeed.errors import FeedNotFound, StoreError
from livefeed.fanout import counting
from livefeed.fanout import hub as hub_module
from livefeed.fanout.stream import watching
from livefeed.store.keys import FeedKeys
from tests.live import FEED, Live, eventually, live_hub
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio


def commands(server: RedisServer, name: str) -> int:
    return int(server.info("commandstats").get(f"cmdstat_{name}", {"calls": 0})["calls"])


def reads_of(server: RedisServer) -> int:
    """How often Redis read from a connection: a pipeline is a few."""
    return int(server.info("stats")["total_reads_processed"])


async def test_a_channel_is_opened_once(live: Live) -> None:
    channels = await asyncio.gather(*(live.hub.channel(FEED) for _ in range(20)))
    assert len({id(channel) for channel in channels}) == 1
    assert live.hub.statistics()["channels"] == 1


async def test_who_leaves_while_it_is_opened_takes_nobody_along(
    live: Live, redis_server: RedisServer
) -> None:
    redis_server.freeze()
    first, second = (asyncio.create_task(live.hub.channel(FEED)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await eventually(first.done, "the first one to leave")
    redis_server.thaw()
    assert (await second).head == 1


async def test_an_unknown_feed_is_not_found(live: Live) -> None:
    with pytest.raises(FeedNotFound):
        await live.hub.channel("nowhere")
    assert live.hub.statistics()["channels"] == 0
    await live.open_feed("nowhere")
    assert (await live.hub.channel("nowhere")).head == 1


@pytest.mark.parametrize("slug", ["", "A", "x" * 65, "a}:b:{c", "a b", "a\n"])
async def test_what_cannot_be_a_feed_is_not_asked_for(
    live: Live, redis_server: RedisServer, slug: str
) -> None:
    before = commands(redis_server, "evalsha")
    with pytest.raises(FeedNotFound):
        await live.hub.channel(slug)
    assert commands(redis_server, "evalsha") - before <= 1  # the hub's own look, at most


async def test_an_open_channel_outlives_redis(live: Live, shared_redis: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    shared_redis.stop()
    try:
        assert await live.hub.channel(FEED) is channel
        with pytest.raises(StoreError):
            await live.hub.channel("other")
    finally:
        shared_redis.start()


# Dropping ---------------------------------------------------------------------------------------


async def test_an_idle_channel_is_dropped_and_opened_again(redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url, idle_s=0.05) as live:
        await live.open_feed()
        channel = await live.hub.channel(FEED)
        with watching(channel):
            await asyncio.sleep(0.2)  # four times as long as it would take
            assert await live.hub.channel(FEED) is channel
        await eventually(lambda: live.hub.statistics()["channels"] == 0, "the channel to be dropped")
        await live.publish("meanwhile")
        again = await live.hub.channel(FEED)
        assert again is not channel
        assert again.head == 2


async def test_a_removed_feed_ends_in_every_process(live: Live, redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url) as other:
        channels = [await hub.channel(FEED) for hub in (live.hub, other.hub)]
        await live.store.feeds.remove(FEED)
        await eventually(lambda: all(channel.ended for channel in channels), "both to end")
        with pytest.raises(FeedNotFound):
            await other.hub.channel(FEED)


async def test_the_word_of_a_removal_may_come_late(live: Live) -> None:
    """By then the feed was created anew: its readers stay."""
    await live.store.feeds._commit_removal(FEED, None)
    await live.open_feed(title="Anew")
    channel = await live.hub.channel(FEED)
    await live.store.control.say({"event": "feed-removed", "feed": FEED})
    age = live.hub.canary_age_s
    await live.publish("goes on")
    await live.caught_up()
    await eventually(lambda: not live.hub._tasks or live.hub.canary_age_s != age, "the word to come")
    assert not channel.ended
    assert await live.hub.channel(FEED) is channel


async def test_a_feed_removed_and_created_anew_is_another(live: Live) -> None:
    old = await live.hub.channel(FEED)
    await live.store.feeds.remove(FEED)
    await live.open_feed(title="Anew")
    await eventually(lambda: old.ended or old.feed["title"] == "Anew", "the hub to hear")
    await live.publish("goes on")
    await live.caught_up()
    assert (await live.hub.channel(FEED)).feed["title"] == "Anew"


async def test_a_flushed_feed_keeps_its_readers(live: Live, redis_server: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    redis_server.client.delete(FeedKeys(FEED).meta)
    with pytest.raises(FeedNotFound):
        await live.hub.refresh(channel)
    assert not channel.ended
    assert await live.hub.channel(FEED) is channel


# Looking at Redis -------------------------------------------------------------------------------


async def test_looks_at_the_same_time_are_one(live: Live, redis_server: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    before = commands(redis_server, "evalsha")
    reigns = await asyncio.gather(*(live.hub.refresh(channel) for _ in range(50)))
    assert commands(redis_server, "evalsha") - before <= 2  # one for all, perhaps one of the hub's own
    assert {each.position for each in reigns} == {channel.reigns.position}


async def test_all_logs_are_looked_at_in_few_round_trips(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "CANARY_S", 600.0)
    monkeypatch.setattr(counting, "COUNT_S", 600.0)
    async with live_hub(redis_server.url) as live:
        slugs = [f"feed-{number}" for number in range(250)]
        for slug in slugs:
            await live.open_feed(slug)
        channels = await asyncio.gather(*(live.hub.channel(slug) for slug in slugs))
        await asyncio.gather(*(live.publish("new", feed=slug) for slug in slugs[:100]))
        redis_server.client.delete(FeedKeys(slugs[-1]).meta)
        reads, runs = reads_of(redis_server), commands(redis_server, "evalsha")
        wrong = await live.hub.refresh_all(channels)
        more_reads, more_runs = reads_of(redis_server), commands(redis_server, "evalsha")
        assert [type(each) for each in wrong if each] == [FeedNotFound]
        assert 250 <= more_runs - runs <= 500  # all of them, and the hub's own look may be among them
        assert more_reads - reads < 50
        assert not any(channel.ended for channel in channels)


async def test_looks_at_many_are_shared_with_those_at_one(live: Live, redis_server: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    before = commands(redis_server, "evalsha")
    many = asyncio.create_task(live.hub.refresh_all([channel]))
    ones = await asyncio.gather(*(live.hub.refresh(channel) for _ in range(20)))
    assert await many == [None]
    assert {each.position for each in ones} == {channel.reigns.position}
    assert commands(redis_server, "evalsha") - before <= 2


async def test_a_hub_that_stands_on_lost_changes_rebuilds(live: Live, redis_server: RedisServer) -> None:
    for _ in range(5):
        await live.publish("lost")
    channel = await live.hub.channel(FEED)
    lost = channel.reigns.position
    redis_server.client.flushall()
    await live.open_feed()
    await live.hub.refresh(channel)
    assert channel.head == 1
    assert channel.reigns.epoch != lost.epoch


async def test_joins_go_through_the_hub(live: Live) -> None:
    joined = await live.hub.join(await live.hub.channel(FEED), None)
    assert joined.position.offset == 1
    assert isinstance(joined.position, Position)


# Life -------------------------------------------------------------------------------------------


async def test_a_canary_comes_back(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "CANARY_S", 0.01)
    async with live_hub(redis_server.url) as live:
        await eventually(lambda: live.hub.canary_age_s is not None, "the canary")
        assert live.hub.canary_age_s is not None
        assert live.hub.canary_age_s < 5


async def test_a_drain_is_told_to_all(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    waiting = asyncio.create_task(channel.next_turn(60))
    await asyncio.sleep(0)
    live.hub.drain()
    await asyncio.wait_for(waiting, 30)
    assert live.hub.draining


async def test_closing_leaves_no_task(redis_server: RedisServer) -> None:
    before = asyncio.all_tasks()
    async with live_hub(redis_server.url) as live:
        await live.open_feed()
        await live.hub.channel(FEED)
        assert asyncio.all_tasks() > before
    assert asyncio.all_tasks() == before


async def test_closing_leaves_no_task_where_redis_does_not_answer(redis_server: RedisServer) -> None:
    """Not even one that is opening a channel, or looking."""
    before = asyncio.all_tasks()
    try:
        async with live_hub(redis_server.url) as live:
            await live.open_feed()
            channel = await live.hub.channel(FEED)
            redis_server.freeze()
            waiting = [
                asyncio.create_task(live.hub.channel("other")),
                asyncio.create_task(live.hub.refresh(channel)),
            ]
            await asyncio.sleep(0)
    finally:
        redis_server.thaw()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert asyncio.all_tasks() == before


async def test_starting_without_redis_is_an_error(shared_redis: RedisServer) -> None:
    shared_redis.stop()
    try:
        with pytest.raises(StoreError):
            async with live_hub(shared_redis.url):
                pass
    finally:
        shared_redis.start()


async def test_numbers_for_metrics(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    with watching(channel):
        await live.publish()
        await live.caught_up()
        statistics = live.hub.statistics()
    assert {
        name: statistics[name] for name in ("readers", "channels", "changes_total", "window_entries")
    } == {
        "readers": 1,
        "channels": 1,
        "changes_total": 1,
        "window_entries": 2,
    }
