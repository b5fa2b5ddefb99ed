"""Readers move to a process whose hub is behind the one they came from: they never go back in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from livefeed.fanout import joining
from tests.clients import TRANSPORTS, Client, PollClient, fresh_page
from tests.live import FEED, Serving, eventually, serving
from tests.redis_proxy import RedisProxy, redis_proxy
from tests.redis_servers import RedisServer, newest_binary

pytestmark = pytest.mark.anyio

all_transports = pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS.keys())


@dataclass
class Pair:
    """Two servers over one Redis; what the second one reads can be held up."""

    ahead: Serving
    behind: Serving
    proxy: RedisProxy

    async def fall_behind(self) -> None:
        """What is published from now on the second one does not read."""
        await self.ahead.caught_up()
        await self.behind.caught_up()
        self.proxy.hold_reads()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    with RedisServer(newest_binary()) as server:
        async with (
            redis_proxy(server) as proxy,
            serving(server.url, ping_s=0.1) as ahead,
            serving(proxy.url, ping_s=0.1) as behind,
        ):
            await ahead.open_feed()
            yield Pair(ahead, behind, proxy)
            proxy.release_reads()


async def move(client: Client, to: Serving) -> None:
    """Lose the connection, and come back to another process."""
    client.base = to.base
    await client.drop()


async def has(client: Client, *texts: str) -> None:
    await client.until(lambda: client.texts == list(texts), f"{texts}")


async def syncs(client: Client, count: int) -> None:
    await client.until(lambda: len(client.of("sync")) >= count, f"{count} syncs")


def offsets(client: Client) -> list[int]:
    """Where each message left the reader, or a heartbeat says it is."""
    return [int(message["position"].partition(":")[2]) for message in client.of("sync", "change", "ping")]


def assert_never_back(client: Client) -> None:
    assert offsets(client) == sorted(offsets(client))
    assert (client.gaps, client.duplicates, client.refetches) == (0, 0, 0)


@all_transports
async def test_who_is_ahead_is_kept_waiting_for_the_hub(pair: Pair, transport: type[Client]) -> None:
    await pair.fall_behind()
    async with transport(pair.ahead.base, FEED) as client:
        await pair.ahead.publish("one")
        await has(client, "one")
        told = len(client.messages)
        await move(client, pair.behind)
        await eventually(lambda: pair.behind.hub.statistics()["readers"] == 1, "it to come")
        assert (await pair.behind.hub.channel(FEED)).head == 1
        assert client.messages[told:] == []
        pair.proxy.release_reads()
        await pair.ahead.publish("two")
        await has(client, "two", "one")
        assert all(sync["recovered"] for sync in client.of("sync")[1:])
        assert_never_back(client)


@all_transports
async def test_a_hub_that_stays_behind_is_not_waited_for(
    pair: Pair, transport: type[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it lacks comes from Redis; and when it has it, it is not told again."""
    monkeypatch.setattr(joining, "WAIT_FOR_HUB_S", 0.05)
    await pair.fall_behind()
    async with transport(pair.ahead.base, FEED) as client:
        await pair.ahead.publish("one")
        await has(client, "one")
        await client.leave()
        await pair.ahead.publish("two")
        client.base = pair.behind.base
        client.come()
        await has(client, "two", "one")
        assert (await pair.behind.hub.channel(FEED)).head == 1
        pair.proxy.release_reads()
        await pair.ahead.publish("three")
        await has(client, "three", "two", "one")
        assert all(sync["recovered"] for sync in client.of("sync")[1:])
        assert_never_back(client)


@all_transports
async def test_a_deleted_update_does_not_come_back(
    pair: Pair, transport: type[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub that is behind has it still; who knows of the deletion is not told of it there."""
    monkeypatch.setattr(PollClient, "wait_s", 1)
    kept, gone = await pair.ahead.publish("kept"), await pair.ahead.publish("gone")
    await pair.fall_behind()
    async with transport(pair.ahead.base, FEED) as client:
        await pair.ahead.delete(gone)
        await pair.ahead.edit(kept, "edited")
        await has(client, "edited")
        told = len(client.messages)
        await move(client, pair.behind)
        await client.until(lambda: len(client.messages) > told, "an answer after 2 s")
        pair.proxy.release_reads()
        await pair.ahead.publish("new")
        await has(client, "new", "edited")
        assert "gone" not in str(client.messages[told:])
        assert_never_back(client)
        assert client.reader.page() == await fresh_page(pair.behind.base, FEED, client.reader.oldest)


@all_transports
async def test_a_page_is_never_older_than_what_was_seen_elsewhere(
    pair: Pair, transport: type[Client]
) -> None:
    """Pages and first snapshots come from Redis, not from the hub."""
    await pair.fall_behind()
    await pair.ahead.publish("one")
    assert await fresh_page(pair.behind.base, FEED, None) == await fresh_page(pair.ahead.base, FEED, None)
    async with transport(pair.behind.base, FEED) as client:
        await has(client, "one")
        assert (await pair.behind.hub.channel(FEED)).head == 1
        pair.proxy.release_reads()
        await pair.ahead.publish("two")
        await has(client, "two", "one")
        assert_never_back(client)


@pytest.mark.parametrize("transport", ["websocket", "sse"])
async def test_to_and_fro(pair: Pair, transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "WAIT_FOR_HUB_S", 0.05)
    async with TRANSPORTS[transport](pair.ahead.base, FEED) as client:
        texts: list[str] = []
        for number in range(10):
            await pair.fall_behind()
            await pair.ahead.publish(f"ahead {number}")
            texts.insert(0, f"ahead {number}")
            await has(client, *texts)
            told = len(client.of("sync"))
            await move(client, pair.behind)
            await syncs(client, told + 1)
            if number % 2:
                pair.proxy.release_reads()
            told = len(client.of("sync"))
            await move(client, pair.ahead)
            await syncs(client, told + 1)
            pair.proxy.release_reads()
        assert all(sync["recovered"] for sync in client.of("sync")[1:])
        assert_never_back(client)
        await asyncio.gather(pair.ahead.caught_up(), pair.behind.caught_up())
