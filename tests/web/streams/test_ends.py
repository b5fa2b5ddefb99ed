"""Streams end: closed, removed, refused, drained; each so that the reader knows whether to return."""

from __future__ import annotations

import asyncio

import orjson
import pytest
import websockets

from livefeed.core.position import Position
from livefeed.fanout.channel import Channel
from livefeed.fanout.joining import Joined
from tests.clients import Client, WebSocketClient
from tests.live import FEED, Serving
from tests.plain_http import plain_http
from tests.web.streams.support import (
    Serve,
    assert_converged,
    every_stream,
    every_transport,
    received,
    socket_url,
)

pytestmark = pytest.mark.anyio


@every_stream
async def test_a_closed_feed_says_good_bye(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        await served.publish("the last word")
        await served.close_feed()
        await client.until(lambda: client.told_to_stay_away, "the bye")
        assert client.messages[-1] == {"type": "bye", "reason": "closed", "retry": None}
        assert client.texts == ["the last word"]
        assert client.reader.feed["status"] == "closed"


@every_transport
async def test_a_removed_feed_ends_for_good(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        await served.store.feeds.remove(FEED)
        await client.until(lambda: client.told_to_stay_away or client.refusal, "the end")


@every_transport
@pytest.mark.parametrize("slug", ["draft", "nowhere", "NO-SLUG"])
async def test_there_is_no_such_feed(served: Serving, transport: type[Client], slug: str) -> None:
    await served.open_feed("draft", status="draft")
    async with transport(served.base, slug) as client:
        await client.until(lambda: client.refusal, "the refusal")
        assert client.refusal == (4504 if transport is WebSocketClient else 404)
        assert client.messages == []


@every_stream
async def test_a_drain(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        served.hub.drain()
        await client.until(lambda: len(client.of("bye")) > 1, "to be sent away, come back and be refused")
        assert {message["reason"] for message in client.of("bye")} == {"drain"}
        assert len(client.of("sync")) == 1


async def test_a_site_that_may_not_use_the_feed(served: Serving) -> None:
    await served.open_feed("ours", origins=["https://ours.example"])
    foreign = {"Origin": "https://theirs.example"}
    async with plain_http(served.base, headers=foreign) as http:
        for path in ("events", "changes"):
            assert (await http.get(f"/v1/feeds/ours/{path}")).status_code == 403
    url = socket_url(served).replace(FEED, "ours")
    async with websockets.connect(url, additional_headers=foreign, proxy=None) as connection:
        assert [text async for text in received(connection)] == []
    assert connection.close_code == 4503


@every_stream
async def test_a_drain_while_somebody_is_on_the_way_in(
    served: Serving, transport: type[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on, join = asyncio.Event(), asyncio.Event(), served.hub.join

    async def slow_join(channel: Channel, position: Position | None) -> Joined:
        asked.set()
        await go_on.wait()
        return await join(channel, position)

    monkeypatch.setattr(served.hub, "join", slow_join)
    async with transport(served.base, FEED) as client:
        await asked.wait()
        served.hub.drain()
        go_on.set()
        await client.until(lambda: client.of("bye"), "the bye")
        assert client.of("bye")[0]["reason"] == "drain"


@every_stream
async def test_a_stream_is_renewed_and_goes_on_where_it_was(serve: Serve, transport: type[Client]) -> None:
    async with serve(rotate_s=0.5, ping_s=0.1) as served, transport(served.base, FEED) as client:
        known = 0
        while client.reconnects < 4:
            await served.publish(f"Number {known}")
            known += 1
            await client.until(lambda: len(client.texts) == known, "the update")  # noqa: B023
        await client.until(
            lambda: len(client.of("bye")) == len(client.of("sync")) - 1 == client.reconnects, "to be back"
        )
        byes = client.of("bye")
        assert {message["reason"] for message in byes} == {"rotate"}
        assert all(500 <= message["retry"] <= 1_500 for message in byes)
        assert all(message["recovered"] for message in client.of("sync")[1:])
        await assert_converged(served, client)


async def test_a_renewed_socket_is_closed_so_that_it_comes_back(serve: Serve) -> None:
    async with serve(rotate_s=0.3, ping_s=0.1) as served:
        async with websockets.connect(socket_url(served), proxy=None) as connection:
            messages = [orjson.loads(text) async for text in received(connection)]
        assert [(message["type"], message.get("reason")) for message in messages] == [
            ("sync", None),
            ("bye", "rotate"),
        ]
        assert connection.close_code == 4000
