"""Readers' live endpoints on a real port: the same expectations on all three transports."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest
import websockets

from livefeed.core.position import Position
from tests.clients import TRANSPORTS, Client, SseClient, WebSocketClient, fresh_page
from tests.live import FEED, Serving, eventually, serving
from tests.redis_servers import RedisServer, newest_binary

pytestmark = pytest.mark.anyio

STREAMS = {name: TRANSPORTS[name] for name in ("websocket", "sse")}

every_transport = pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS.keys())
every_stream = pytest.mark.parametrize("transport", STREAMS.values(), ids=STREAMS.keys())


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@pytest.fixture
async def served(shared_redis: RedisServer) -> AsyncIterator[Serving]:
    """The whole application with one open feed."""
    shared_redis.clear()
    async with serving(shared_redis.url, ping_s=0.2) as served:
        await served.open_feed()
        yield served


async def head(served: Serving, offset: int | None = None) -> str:
    position = (await served.store.log(FEED).attach()).reigns.position
    return str(position if offset is None else Position(position.epoch, offset))


async def assert_converged(served: Serving, client: Client) -> None:
    position = Position.parse(await head(served))
    await client.until(lambda: client.reader.position == position, f"the position {position}")
    assert client.reader.page() == await fresh_page(served.base, FEED, client.reader.oldest)
    assert (client.gaps, client.refetches, client.duplicates) == (0, 0, 0)


# Messages ---------------------------------------------------------------------------------------


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


# Ends -------------------------------------------------------------------------------------------


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


# Readers come and go ----------------------------------------------------------------------------


@every_transport
async def test_readers_are_counted_until_they_leave(served: Serving, transport: type[Client]) -> None:
    clients = [transport(served.base, FEED) for _ in range(5)]
    for client in clients:
        client.come()
    await eventually(lambda: served.hub.readers(FEED) == 5, "five readers")
    for client in clients:
        await client.leave()
    await eventually(lambda: served.hub.readers(FEED) == 0, "none")


@pytest.mark.parametrize("path", ["events", "changes", "changes?after={head}", "socket"])
async def test_readers_who_vanish_are_not_counted(
    served: Serving, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    channel = await served.hub.channel(FEED)
    request = f"GET /v1/feeds/{FEED}/{path.format(head=await head(served))} HTTP/1.1\r\nHost: test\r\n"
    if path == "socket":
        request += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write((request + "\r\n").encode())
        if path != "changes":
            await eventually(lambda: channel.readers == 1, "the reader")
        writer.transport.abort()
        await eventually(lambda: channel.readers == 0, "the reader to be gone")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_reader_that_takes_nothing_is_let_go(shared_redis: RedisServer) -> None:
    shared_redis.clear()
    async with serving(shared_redis.url, send_timeout_s=0.2) as served:
        await served.open_feed()
        channel = await served.hub.channel(FEED)
        readers = [stuck(served, path) for path in ("events", "socket")]
        try:
            await eventually(lambda: channel.readers == 2, "two readers")
            deadline = asyncio.get_running_loop().time() + 20
            while channel.readers and asyncio.get_running_loop().time() < deadline:
                await asyncio.gather(*(served.publish("x" * 9_000) for _ in range(20)))
            assert channel.readers == 0
        finally:
            for reader in readers:
                reader.close()


def stuck(served: Serving, path: str) -> socket.socket:
    """A reader that asks, and then reads nothing."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    reader.connect(("127.0.0.1", served.port))
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    head = f"GET /v1/feeds/{FEED}/{path} HTTP/1.1\r\nHost: test\r\n"
    reader.sendall((head + (upgrade if path == "socket" else "") + "\r\n").encode())
    return reader


@pytest.mark.parametrize(("sent", "code"), [("hello", 1008), (b"hello", 1008), ("x" * 1025, 1009)])
async def test_readers_do_not_send(served: Serving, sent: str | bytes, code: int) -> None:
    async with websockets.connect(socket_url(served), proxy=None) as connection:
        await connection.recv()
        await connection.send(sent)
        assert [text async for text in received(connection)] == []
    assert connection.close_code == code
    await eventually(lambda: served.hub.readers(FEED) == 0, "the reader to be gone")


# Redis away -------------------------------------------------------------------------------------


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


async def test_redis_away_for_polls(served: Serving, shared_redis: RedisServer) -> None:
    await served.hub.channel(FEED)
    good = await head(served)
    shared_redis.stop()
    try:
        async with httpx.AsyncClient(base_url=served.base) as http:
            answer = await http.get(f"/v1/feeds/{FEED}/changes?after={good}&wait=0")
            assert (answer.status_code, answer.json()["recovered"]) == (200, True)
            answer = await http.get(f"/v1/feeds/{FEED}/changes")
            assert answer.status_code == 503
            assert "retry-after" in answer.headers
    finally:
        shared_redis.start()


# The answers' outside ---------------------------------------------------------------------------


async def polled(served: Serving, query: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=served.base) as http:
        return await http.get(f"/v1/feeds/{FEED}/changes{query}", headers=headers)


@pytest.mark.parametrize("wait", ["56", "-1", "1.5", "", "x", "٣", "100000"])
async def test_a_wait_that_is_none(served: Serving, wait: str) -> None:
    answer = await polled(served, f"?wait={wait}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "wait")


@pytest.mark.parametrize("after", ["what", "", "e1:", "E1:1", "e1:01", "e1:99999999999999999"])
async def test_a_poll_with_a_malformed_position(served: Serving, after: str) -> None:
    answer = await polled(served, f"?after={after}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_polls_may_be_shared_for_a_moment(served: Serving) -> None:
    answer = await polled(served, f"?after={await head(served)}&wait=0")
    assert "s-maxage=2" in answer.headers["cache-control"]
    again = await polled(
        served, f"?after={await head(served)}&wait=0", **{"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_headers_of_a_stream(served: Serving, method: str) -> None:
    url = f"{served.base}/v1/feeds/{FEED}/events"
    async with httpx.AsyncClient() as http, http.stream(method, url) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_last_event_id_goes_before_the_address(served: Serving) -> None:
    async with SseClient(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        client.first_after = "never:1"  # as EventSource, which comes back to the address it was given
        await client.drop()
        await client.until(lambda: len(client.of("sync")) == 2, "the sync")
        assert client.of("sync")[1]["recovered"]


async def test_a_site_that_may_not_use_the_feed(served: Serving) -> None:
    await served.open_feed("ours", origins=["https://ours.example"])
    foreign = {"Origin": "https://theirs.example"}
    async with httpx.AsyncClient(base_url=served.base, headers=foreign) as http:
        for path in ("events", "changes"):
            assert (await http.get(f"/v1/feeds/ours/{path}")).status_code == 403
    url = socket_url(served).replace(FEED, "ours")
    async with websockets.connect(url, additional_headers=foreign, proxy=None) as connection:
        assert [text async for text in received(connection)] == []
    assert connection.close_code == 4503


def socket_url(served: Serving) -> str:
    return f"ws://127.0.0.1:{served.port}/v1/feeds/{FEED}/socket"


async def received(connection: websockets.ClientConnection) -> AsyncIterator[Any]:
    """What comes until the close, pings aside."""
    try:
        async for text in connection:
            if '"ping"' not in str(text)[:20]:
                yield text
    except websockets.ConnectionClosedError:
        pass
