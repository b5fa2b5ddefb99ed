"""The WebSocket: its close codes, and what readers may not send."""

from __future__ import annotations

import orjson
import pytest
import websockets

from tests.live import Serving, eventually
from tests.web.streams.support import (
    received,
    socket_url,
)

pytestmark = pytest.mark.anyio


async def test_a_closed_feed_closes_sockets_for_good(served: Serving) -> None:
    async with websockets.connect(socket_url(served), proxy=None) as connection:
        await connection.recv()
        await served.close_feed()
        messages = [orjson.loads(text) async for text in received(connection)]
    assert messages[-1]["reason"] == "closed"
    assert connection.close_code == 4500


async def test_a_drain_closes_sockets_so_that_they_come_back(served: Serving) -> None:
    async with websockets.connect(socket_url(served), proxy=None) as connection:
        await connection.recv()
        served.hub.drain()
        assert [orjson.loads(text)["reason"] async for text in received(connection)] == ["drain"]
    assert connection.close_code == 1012


@pytest.mark.parametrize(("sent", "code"), [("hello", 1008), (b"hello", 1008), ("x" * 1025, 1009)])
async def test_readers_do_not_send(served: Serving, sent: str | bytes, code: int) -> None:
    async with websockets.connect(socket_url(served), proxy=None) as connection:
        await connection.recv()
        await connection.send(sent)
        assert [text async for text in received(connection)] == []
    assert connection.close_code == code
    await eventually(lambda: served.hub.statistics()["readers"] == 0, "the reader to be gone")
