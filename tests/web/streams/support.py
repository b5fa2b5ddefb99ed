"""What the tests of streams share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, TypeAlias

import pytest
import websockets

from livefeed.core.position import Position
from tests.clients import TRANSPORTS, Client, fresh_page
from tests.live import FEED, Serving

Way: TypeAlias = Literal["takeover", "asgi"]
Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[Serving]]
"""The server with these settings, from within ``async with``."""

STREAMS = {name: TRANSPORTS[name] for name in ("websocket", "sse")}

every_transport = pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS.keys())
every_stream = pytest.mark.parametrize("transport", STREAMS.values(), ids=STREAMS.keys())


async def head(served: Serving, offset: int | None = None) -> str:
    position = (await served.store.log(FEED).attach()).reigns.position
    return str(position if offset is None else Position(position.epoch, offset))


async def assert_converged(served: Serving, client: Client) -> None:
    position = Position.parse(await head(served))
    await client.until(lambda: client.reader.position == position, f"the position {position}")
    assert client.reader.page() == await fresh_page(served.base, FEED, client.reader.oldest)
    assert (client.gaps, client.refetches, client.duplicates) == (0, 0, 0)


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
