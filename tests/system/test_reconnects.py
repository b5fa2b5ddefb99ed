"""Who comes back with a position inside the window costs Redis nothing, however many they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from livefeed.core.position import Position
from livefeed.fanout import counting, hub, releaser, tail
from tests.clients import Client, SseClient, WebSocketClient
from tests.live import FEED, Live, live_hub, serving
from tests.redis_servers import RedisServer, newest_binary

pytestmark = pytest.mark.anyio

JOINS = 10_000
READERS = 300
AT_ONCE = 50
"""The clients are in the server's process: all of them at once would keep it from Redis for seconds."""
CHANGES = 50


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub does what it does now and then (looks, canaries, counts) at its start only."""
    monkeypatch.setattr(tail, "ATTACH_S", 600.0)
    monkeypatch.setattr(hub, "CANARY_S", 600.0)
    monkeypatch.setattr(counting, "COUNT_S", 600.0)
    monkeypatch.setattr(releaser, "LOOK_S", 600.0)


def commands(server: RedisServer) -> dict[str, int]:
    """How often each command ran, but the hub's own reading and what a test asks."""
    own = ("cmdstat_xread", "cmdstat_info", "cmdstat_client", "cmdstat_ping")
    return {
        name: int(stats["calls"])
        for name, stats in server.info("commandstats").items()
        if not name.startswith(own)
    }


async def when_quiet(server: RedisServer) -> dict[str, int]:
    """Its commands, once all that looks at the start has done so: ten times the same."""
    found = [commands(server)]
    while len(found) < 10:
        await asyncio.sleep(0.02)
        now = commands(server)
        found = [*found, now] if now == found[-1] else [now]
    return found[-1]


async def with_changes(live: Live) -> Position:
    """A feed with :data:`CHANGES` in the window; where somebody stands who missed the last half."""
    await live.open_feed()
    channel = await live.hub.channel(FEED)
    for number in range(CHANGES):
        await live.publish(str(number))
    await live.caught_up()
    return Position(channel.reigns.position.epoch, channel.head - CHANGES // 2)


async def all_synced(clients: list[Client], times: int) -> None:
    for client in clients:
        await client.until(lambda client=client: len(client.of("sync")) == times, "the sync")  # type: ignore[misc]


async def test_ten_thousand_joins_ask_redis_nothing(redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url) as live:
        position = await with_changes(live)
        channel = await live.hub.channel(FEED)
        before = await when_quiet(redis_server)
        joined = [await live.hub.join(channel, position) for _ in range(JOINS)]
        assert commands(redis_server) == before
        assert {each.position for each in joined} == {channel.reigns.position}
        assert all(each.news for each in joined)


async def test_hundreds_who_reconnect_ask_redis_nothing(redis_server: RedisServer) -> None:
    """Over real sockets; and then all of them once more, as after a restart of a proxy."""
    async with serving(redis_server.url, max_readers_per_address=0) as live, AsyncExitStack() as stack:
        position = await with_changes(live)
        before = await when_quiet(redis_server)
        clients: list[Client] = [
            transport(live.base, FEED, after=str(position))
            for transport in (WebSocketClient, SseClient)
            for _ in range(READERS // 2)
        ]
        for client in clients:
            await stack.enter_async_context(client)
        await all_synced(clients, 1)
        for first in range(0, READERS, AT_ONCE):
            some = clients[first : first + AT_ONCE]
            await asyncio.gather(*(client.drop() for client in some))
            await all_synced(some, 2)
        assert commands(redis_server) == before
        for client in clients:
            begun, second = client.of("sync")
            assert len(begun["changes"]) == CHANGES // 2
            assert second["recovered"]
            assert second["changes"] == []
            assert (client.gaps, client.duplicates, client.refetches) == (0, 0, 0)
