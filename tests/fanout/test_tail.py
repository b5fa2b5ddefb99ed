"""One blocked read follows all logs, takes in new ones at once, and trusts no deposed primary."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from livefeed.core.position import Verdict
from livefeed.fanout import tail as tail_module
from livefeed.fanout.channel import Channel
from livefeed.store import client, reading
from livefeed.store.keys import CONTROL, FeedKeys
from tests.live import FEED, Live, eventually, live_hub
from tests.redis_proxy import redis_proxy
from tests.redis_servers import RedisServer, newest_binary, replicated

pytestmark = pytest.mark.anyio


def reads(server: RedisServer) -> int:
    """How often Redis answered an ``XREAD``."""
    return int(server.info("commandstats").get("cmdstat_xread", {"calls": 0})["calls"])


def is_blocked(server: RedisServer) -> bool:
    return bool(server.info("clients")["blocked_clients"] == 1)


def texts(channel: Channel) -> list[str]:
    changes = [made.change for made in channel.missed(1) or []]
    return [change.raw.decode().split('"text":"')[1].split('"')[0] for change in changes]


async def test_a_feed_opened_while_the_read_is_blocked_is_followed_at_once(
    patient: Live, redis_server: RedisServer
) -> None:
    await patient.hub.channel(FEED)
    await patient.open_feed("other")
    await eventually(lambda: is_blocked(redis_server), "the read to block")
    before = reads(redis_server)
    channel = await patient.hub.channel("other")
    assert reads(redis_server) > before  # it was let go, and began again with the new log
    await patient.publish("at once", feed="other")
    await eventually(lambda: texts(channel) == ["at once"], "the first change")


async def test_many_feeds_opened_at_once(patient: Live) -> None:
    names = [f"feed-{number}" for number in range(20)]
    for name in names:
        await patient.open_feed(name)
    channels = await asyncio.gather(*(patient.hub.channel(name) for name in names))
    for name in names:
        await patient.publish(name, feed=name)
    await eventually(
        lambda: all(texts(channel) == [channel.log.feed] for channel in channels),
        "one change each",
    )


async def test_a_burst_larger_than_one_read(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    await asyncio.gather(*(live.publish(str(number)) for number in range(520)))
    await eventually(lambda: channel.head == 521, "all changes")
    assert len(texts(channel)) == 520
    assert live.hub.statistics()["changes_total"] == 520


async def test_a_restart_costs_nothing(live: Live, shared_redis: RedisServer) -> None:
    channel = await live.hub.channel(FEED)
    await live.publish("before")
    await live.caught_up()
    position = channel.reigns.position
    shared_redis.stop()
    await eventually(lambda: not live.hub.statistics()["redis_connected"], "the hub to notice")
    assert channel.judge(position) is Verdict.GOOD
    shared_redis.start()
    await eventually(lambda: live.hub.statistics()["redis_connected"], "the hub to come back")
    await live.publish("after")
    await live.caught_up()
    assert texts(channel) == ["before", "after"]
    assert channel.judge(position) is Verdict.GOOD
    assert live.hub.statistics()["redis_reconnects_total"] == 1


async def test_an_absence_is_told_once(
    shared_redis: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also by a hub that watches nothing."""
    shared_redis.clear()
    monkeypatch.setattr(tail_module, "RETRY_S", (0.001, 0.01))
    async with live_hub(shared_redis.url) as live:
        shared_redis.stop()
        try:
            await eventually(lambda: not live.hub.statistics()["redis_connected"], "the hub to notice")
            await asyncio.sleep(0.2)  # some twenty attempts
        finally:
            shared_redis.start()
        await eventually(lambda: live.hub.statistics()["redis_connected"], "the hub to come back")
        assert live.hub.statistics()["redis_reconnects_total"] == 1
    assert caplog.text.count("trying again") == 1


async def test_one_foreign_log_stops_no_other(
    live: Live, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    await live.open_feed("foreign")
    broken, sound = await live.hub.channel("foreign"), await live.hub.channel(FEED)
    redis_server.client.xadd(FeedKeys("foreign").log(), {"who": "are you"}, id="9-0")
    await eventually(lambda: broken.ended, "the foreign entry to be noticed")
    assert broken.ended == "overload"  # its readers come back until somebody has mended it
    assert "holds something foreign" in caplog.text
    await live.publish("goes on")
    await eventually(lambda: texts(sound) == ["goes on"], "the other feed's change")


async def test_what_is_kept_of_one_feed_is_unreadable(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "ATTACH_S", 0.0)
    async with live_hub(redis_server.url) as live:
        await live.open_feed()
        await live.open_feed("foreign")
        broken, sound = await live.hub.channel("foreign"), await live.hub.channel(FEED)
        redis_server.client.hset(FeedKeys("foreign").meta, "feed", "who are you")
        await live.publish("wakes the read")
        await eventually(lambda: broken.ended, "the feed to be given up")
        await live.publish("goes on")
        await eventually(lambda: len(texts(sound)) == 2, "the other feed's change")


async def test_what_nobody_foresaw_is_logged_and_survived(
    live: Live, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    channel = await live.hub.channel(FEED)
    redis_server.client.xadd(CONTROL, {"event": "no JSON"})
    await eventually(lambda: "This is a bug" in caplog.text, "the log line")
    await live.publish("goes on")
    await eventually(lambda: texts(channel) == ["goes on"], "the change")


async def test_changes_of_another_history_leave_no_hole(live: Live, redis_server: RedisServer) -> None:
    """The blocked read asked for what follows 6; meanwhile that is no longer where we stand."""
    for number in range(5):
        await live.publish(f"old {number}")
    channel = await live.hub.channel(FEED)
    assert channel.head == 6
    await eventually(lambda: is_blocked(redis_server), "the read to block")
    redis_server.client.flushall()
    await live.open_feed()
    await live.publish("new 0")
    await live.hub.refresh(channel)
    assert channel.head == 2
    for number in range(1, 8):
        await live.publish(f"new {number}")
    await live.caught_up()
    assert texts(channel) == [f"new {number}" for number in range(8)]
    assert [made.after for made in channel.missed(1) or []] == list(range(1, 9))


@pytest.fixture
async def patient(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Live]:
    """A hub that sees a change when it comes, or after ten minutes."""
    monkeypatch.setattr(client, "BLOCK_MS", 600_000)
    monkeypatch.setattr(reading, "BLOCK_MS", 600_000)
    async with live_hub(redis_server.url) as live:
        await live.open_feed()
        yield live


@pytest.fixture
async def pair() -> AsyncIterator[tuple[RedisServer, RedisServer]]:
    with replicated(newest_binary()) as servers:
        yield servers


async def test_what_a_deposed_primary_still_says_reaches_nobody(
    pair: tuple[RedisServer, RedisServer], caplog: pytest.LogCaptureFixture
) -> None:
    """The blocked connection leads to the old primary for a while, which does not know yet."""
    caplog.set_level(logging.WARNING)
    primary, replica = pair
    async with redis_proxy(primary) as proxy, live_hub(proxy.url) as live, live_hub(primary.url) as stale:
        await live.open_feed()
        await live.publish("kept")
        await live.caught_up()
        channel = await live.hub.channel(FEED)
        await eventually(lambda: replica.info("replication")["slave_repl_offset"] > 0, "the replica")
        await eventually(
            lambda: (
                replica.info("replication")["slave_repl_offset"]
                == primary.info("replication")["master_repl_offset"]
            ),
            "the replica to catch up",
        )
        replica.promote()
        await proxy.switch(replica, reads_too=False)
        await live.hub.refresh(channel)
        await stale.publish("lost")
        await eventually(lambda: "not the primary any more" in caplog.text, "the tail to notice")
        await proxy.cut()
        await live.publish("found")
        await live.caught_up()
        assert texts(channel) == ["kept", "found"]


async def test_closing_leaves_no_connection(redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url) as live:
        await live.open_feed()
        await live.hub.channel(FEED)
    assert redis_server.info("clients")["connected_clients"] == 1  # the one that asks
