"""Messages on a real port: the same expectations on all three transports."""

from __future__ import annotations

import orjson
import pytest

from livefeed.core.position import Position
from livefeed.fanout.subscriber import Subscriber
from tests.clients import Client, WebSocketClient
from tests.live import FEED, Serving, eventually
from tests.redis_servers import RedisServer
from tests.web.streams.support import (
    Way,
    assert_converged,
    every_stream,
    every_transport,
    head,
)

pytestmark = pytest.mark.anyio


@every_stream
async def test_it_is_the_way_that_it_says(served: Serving, way: Way, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        await served.publish("one")
        await client.until(lambda: client.texts, "the change")
        taken, state = way == "takeover", served.server.server_state
        await eventually(lambda: bool(state.tasks) is not taken, "a task, or none")
        assert {isinstance(connection, Subscriber) for connection in state.connections} == {taken}
        assert served.hub.statistics()["writes_total"] == int(taken)


@every_transport
async def test_a_reader_follows(served: Serving, transport: type[Client]) -> None:
    first, second = await served.publish("one"), await served.publish("two")
    async with transport(served.base, FEED) as client:
        await client.until(lambda: len(client.texts) == 2, "the snapshot")
        assert not client.messages[0]["recovered"]
        await served.publish("three", pinned=True, key=True)
        await served.edit(first, "one, edited")
        await served.delete(second)
        await served.store.feeds.patch(FEED, {"title": "Renamed"})
        await assert_converged(served, client)
        assert client.texts == ["three", "one, edited"]
        assert client.reconnects == 0


@every_transport
async def test_a_reader_comes_back_by_position(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        await client.leave()
        known = len(client.messages)
        for number in range(3):
            await served.publish(f"missed {number}")
        await served.caught_up()
        client.come()
        await assert_converged(served, client)
        assert client.messages[known]["recovered"]
        assert len(client.messages[known]["changes"]) == 3


@every_transport
async def test_a_reader_who_is_cut_off_again_and_again(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client:
        for number in range(10):
            await served.publish(f"new {number}")
            await client.drop()
        await assert_converged(served, client)
        assert len(client.texts) == 10


@every_transport
async def test_a_position_in_the_address(served: Serving, transport: type[Client]) -> None:
    await served.publish("before")
    after = await head(served)
    await served.publish("after")
    await served.caught_up()
    async with transport(served.base, FEED, after=after) as client:
        await client.until(lambda: client.messages, "the sync")
        (change,) = client.messages[0]["changes"]
        assert change["update"]["text"] == "after"


@every_transport
@pytest.mark.parametrize("after", ["never:1", "{epoch}:999"])
async def test_a_position_that_is_not_good(served: Serving, transport: type[Client], after: str) -> None:
    after = after.format(epoch=(await head(served)).split(":")[0])
    async with transport(served.base, FEED, after=after) as client:
        await client.until(lambda: client.messages, "the sync")
        assert not client.messages[0]["recovered"]
        await assert_converged(served, client)


@every_stream
async def test_a_malformed_position_is_like_none(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED, after="what") as client:
        await client.until(lambda: client.messages, "the sync")
        assert not client.messages[0]["recovered"]


@every_transport
async def test_large_updates_come_in_pieces(served: Serving, transport: type[Client]) -> None:
    after = await head(served)
    for _ in range(12):
        await served.publish("x" * 9_000)
    await served.caught_up()
    async with transport(served.base, FEED, after=after) as client:
        await client.until(lambda: str(client.reader.position) != after, "the first piece")
        await assert_converged_after_pieces(served, client)


async def assert_converged_after_pieces(served: Serving, client: Client) -> None:
    position = Position.parse(await head(served))
    await client.until(lambda: client.reader.position == position, "the head")
    assert len(client.reader.updates) == 12
    assert max(len(orjson.dumps(message)) for message in client.messages) <= 65_536
    assert (client.gaps, client.duplicates) == (0, 0)


@every_stream
async def test_pings(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client, WebSocketClient(served.base, FEED):
        await client.until(lambda: len(client.of("ping")) > 1, "two pings")
        ping = client.of("ping")[-1]
        assert (ping["position"], ping["readers"]) == (await head(served), 2)


@every_stream
async def test_redis_away(served: Serving, shared_redis: RedisServer, transport: type[Client]) -> None:
    await served.open_feed("other")
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        shared_redis.stop()
        try:
            await client.drop()
            await client.until(lambda: len(client.of("sync")) == 2, "an answer from the window")
            assert client.of("sync")[1]["recovered"]
            async with transport(served.base, "other") as refused:
                await refused.until(lambda: refused.of("bye"), "the refusal")
                assert refused.of("bye")[0]["reason"] == "overload"
                assert refused.of("bye")[0]["retry"] > 0
                assert refused.refusal is None
        finally:
            shared_redis.start()
