"""Readers come, go, vanish, get stuck."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.clients import Client
from tests.live import FEED, Serving, eventually
from tests.web.streams.support import (
    Serve,
    every_transport,
    head,
)

pytestmark = pytest.mark.anyio


@every_transport
async def test_readers_are_counted_until_they_leave(served: Serving, transport: type[Client]) -> None:
    clients = [transport(served.base, FEED) for _ in range(5)]
    for client in clients:
        client.come()
    await eventually(lambda: served.hub.statistics()["readers"] == 5, "five readers")
    for client in clients:
        await client.leave()
    await eventually(lambda: served.hub.statistics()["readers"] == 0, "none")


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


async def test_a_reader_that_takes_nothing_is_let_go(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async with serve(send_timeout_s=0.2) as served:
        channel = await served.hub.channel(FEED)
        readers = [stuck(served, path) for path in ("events", "socket")]
        try:
            await eventually(lambda: channel.readers == 2, "two readers")
            deadline = asyncio.get_running_loop().time() + 20
            while channel.readers and asyncio.get_running_loop().time() < deadline:
                await asyncio.gather(*(served.publish("x" * 9_000) for _ in range(20)))
            assert channel.readers == 0
            assert not [record for record in caplog.records if record.levelname == "ERROR"]
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
