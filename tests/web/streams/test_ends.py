"""Streams end: closed, removed, refused, drained; each so that the reader knows whether to return."""

from __future__ import annotations

import httpx
import orjson
import pytest
import websockets

from tests.clients import Client, WebSocketClient
from tests.live import FEED, Serving, serving
from tests.redis_servers import RedisServer
from tests.web.streams.support import (
    every_stream,
    every_transport,
    head,
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


async def test_a_closed_feed_closes_sockets_for_good(served: Serving) -> None:
    async with websockets.connect(socket_url(served), proxy=None) as connection:
        await connection.recv()
        await served.close_feed()
        messages = [orjson.loads(text) async for text in received(connection)]
    assert messages[-1]["reason"] == "closed"
    assert connection.close_code == 4500


async def test_who_is_up_to_date_with_a_closed_feed_needs_no_stream(served: Serving) -> None:
    await served.publish("the last word")
    await served.close_feed()
    await served.caught_up()
    async with httpx.AsyncClient(base_url=served.base) as http:
        url = f"/v1/feeds/{FEED}/events"
        assert (await http.get(url, headers={"Last-Event-ID": await head(served)})).status_code == 204
        behind = await http.get(url, headers={"Last-Event-ID": await head(served, 1)})
        assert (behind.status_code, behind.text.count("event: sync")) == (200, 1)


async def test_who_is_far_behind_a_closed_feed_is_not_up_to_date(shared_redis: RedisServer) -> None:
    """Below the window it is not known at once what was missed."""
    shared_redis.clear()
    async with serving(shared_redis.url, window_entries=10) as served, httpx.AsyncClient() as http:
        await served.open_feed()
        for number in range(15):
            await served.publish(f"new {number}")
        await served.close_feed()
        await served.caught_up()
        headers = {"Last-Event-ID": await head(served, 2)}
        answer = await http.get(f"{served.base}/v1/feeds/{FEED}/events", headers=headers)
        assert (answer.status_code, answer.text.count('"op":"put"')) == (200, 14)


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


async def test_a_drain_closes_sockets_so_that_they_come_back(served: Serving) -> None:
    async with websockets.connect(socket_url(served), proxy=None) as connection:
        await connection.recv()
        served.hub.drain()
        assert [orjson.loads(text)["reason"] async for text in received(connection)] == ["drain"]
    assert connection.close_code == 1012
