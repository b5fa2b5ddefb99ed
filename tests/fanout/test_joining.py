"""What a reader is told first: from the window, from the log, or a snapshot; always exactly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from livefeed.core.messages import PIECE_BYTES
from livefeed.core.position import Position
from livefeed.errors import StoreUnavailable
from livefeed.fanout import joining
from livefeed.fanout.joining import Joined, join
from tests.live import FEED, Live, eventually, live_hub
from tests.redis_proxy import RedisProxy, redis_proxy
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio


def told(joined: Joined) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(joined.message)
    assert message["type"] == "sync"
    assert message["position"] == str(joined.position)
    return message


def offsets_of_texts(message: dict[str, Any]) -> list[str]:
    assert message["recovered"]
    return [change["update"]["text"] for change in message["changes"]]


async def at(live: Live, offset: int) -> Position:
    return Position((await live.store.log(FEED).attach()).reigns.epoch, offset)


async def joined_at(live: Live, position: Position | None) -> Joined:
    return await live.hub.join(await live.hub.channel(FEED), position)


async def publish_many(live: Live, count: int) -> None:
    """The first one has the offset 2, after the feed's own change."""
    for number in range(2, 2 + count):
        await live.publish(str(number))


def commands(server: RedisServer) -> dict[str, int]:
    return {name: stats["calls"] for name, stats in server.info("commandstats").items()}


# From the window --------------------------------------------------------------------------------


async def test_joining_from_the_window_awaits_nothing_and_asks_redis_nothing(
    live: Live, redis_server: RedisServer
) -> None:
    channel = await live.hub.channel(FEED)
    await publish_many(live, 3)
    await live.caught_up()
    position, before = await at(live, 2), commands(redis_server)
    for _ in range(100):
        with pytest.raises(StopIteration) as done:
            join(live.hub, live.store.updates, channel, position).send(None)
        assert offsets_of_texts(told(done.value.value)) == ["3", "4"]
    after = commands(redis_server)
    assert after["cmdstat_evalsha"] - before["cmdstat_evalsha"] < 10  # the hub itself looks now and then
    assert after.get("cmdstat_xrange") == before.get("cmdstat_xrange")


async def test_who_missed_nothing_is_told_so(live: Live) -> None:
    joined = await joined_at(live, await at(live, 1))
    assert told(joined)["changes"] == []
    assert not joined.news


async def test_pieces_are_bounded_and_lead_to_the_head(live: Live) -> None:
    for _ in range(12):
        await live.publish("x" * 9_000)
    await live.caught_up()
    position, ids = await at(live, 1), []
    for _ in range(12):
        joined = await joined_at(live, position)
        assert len(joined.message) <= PIECE_BYTES
        ids += [change["update"]["id"] for change in told(joined)["changes"]]
        position = joined.position
    assert len(ids) == len(set(ids)) == 12
    assert position == (await live.hub.channel(FEED)).reigns.position


# From the log in Redis --------------------------------------------------------------------------


@pytest.fixture
async def short(redis_server: RedisServer) -> AsyncIterator[Live]:
    """A hub whose window holds 10 changes of a log of 31."""
    async with live_hub(redis_server.url, window_entries=10) as live:
        await live.open_feed()
        await publish_many(live, 30)
        yield live


async def test_below_the_window_the_log_tells_what_was_missed(short: Live) -> None:
    channel = await short.hub.channel(FEED)
    assert channel.missed(5) is None
    joined = await joined_at(short, await at(short, 5))
    assert offsets_of_texts(told(joined)) == [str(number) for number in range(6, 32)]
    assert joined.position == channel.reigns.position


async def test_who_missed_too_much_gets_a_snapshot(short: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MAX_CATCH_UP", 20)
    assert not told(await joined_at(short, await at(short, 10)))["recovered"]
    assert told(await joined_at(short, await at(short, 11)))["recovered"]


async def test_whom_redis_is_away_for_waits_for_nothing(short: Live, shared_redis: RedisServer) -> None:
    channel, good, too_old = await short.hub.channel(FEED), await at(short, 25), await at(short, 5)
    shared_redis.stop()
    try:
        assert told(await short.hub.join(channel, good))["recovered"]
        with pytest.raises(StoreUnavailable):
            await short.hub.join(channel, too_old)
    finally:
        shared_redis.start()


# A snapshot -------------------------------------------------------------------------------------


async def test_without_a_position_it_is_a_snapshot(live: Live) -> None:
    await publish_many(live, 2)
    message = told(await joined_at(live, None))
    assert not message["recovered"]
    assert [update["text"] for update in message["snapshot"]["updates"]] == ["3", "2"]
    assert message["snapshot"]["position"] == message["position"]


async def test_an_unknown_epoch_is_a_snapshot(live: Live) -> None:
    assert not told(await joined_at(live, Position("never", 1)))["recovered"]


async def test_below_the_floor_is_a_snapshot(redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url, log_entries=100) as live:
        await live.open_feed()
        await publish_many(live, 110)
        floor = (await live.store.log(FEED).attach()).reigns.floor
        assert floor > 0
        assert told(await joined_at(live, await at(live, floor)))["recovered"]
        assert not told(await joined_at(live, await at(live, floor - 1)))["recovered"]


async def test_beyond_the_head_of_redis_is_a_snapshot_at_once(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "WAIT_FOR_HUB_S", 60)
    assert not told(await asyncio.wait_for(joined_at(live, await at(live, 9)), 30))["recovered"]


# Ahead of this process --------------------------------------------------------------------------


@pytest.fixture
async def proxy(redis_server: RedisServer) -> AsyncIterator[RedisProxy]:
    async with redis_proxy(redis_server) as proxy:
        yield proxy


@pytest.fixture
async def behind(live: Live, proxy: RedisProxy) -> AsyncIterator[Live]:
    """The hub of another process, which has not read the last three of four changes."""
    async with live_hub(proxy.url) as other:
        channel = await other.hub.channel(FEED)
        proxy.hold_reads()
        await publish_many(live, 3)
        await live.caught_up()
        assert channel.head == 1
        yield other
        proxy.release_reads()


async def test_who_is_ahead_waits_for_the_hub(behind: Live, live: Live, proxy: RedisProxy) -> None:
    elsewhere = (await joined_at(live, None)).position
    assert elsewhere.offset == 4
    joining_now = asyncio.create_task(joined_at(behind, elsewhere))
    await asyncio.wait([joining_now], timeout=0.1)
    assert not joining_now.done()
    proxy.release_reads()
    message = told(await joining_now)
    assert message["recovered"]
    assert message["changes"] == []


async def test_who_is_ahead_of_a_stuck_hub_is_answered_from_the_log(
    behind: Live, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "WAIT_FOR_HUB_S", 0.05)
    message = told(await joined_at(behind, await at(live, 3)))
    assert offsets_of_texts(message) == ["4"]


async def test_a_snapshot_may_be_ahead_of_the_hub(behind: Live) -> None:
    joined = await joined_at(behind, None)
    assert joined.position.offset == 4
    assert (await behind.hub.channel(FEED)).head == 1


# Leaving ----------------------------------------------------------------------------------------


async def test_who_leaves_takes_nobody_along(live: Live, redis_server: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    redis_server.freeze()
    try:
        first, second = (asyncio.create_task(live.hub.join(channel, Position("never", 1))) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await eventually(first.done, "the first one to leave")
    finally:
        redis_server.thaw()
    assert not told(await second)["recovered"]
