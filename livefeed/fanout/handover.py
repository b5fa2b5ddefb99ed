"""The handshake of a WebSocket, parsed already, given to uvicorn's WebSocket protocol.

uvicorn writes the head out again, and websockets parses it a second time, which costs as much as the rest
of the handshake. What came behind the head in the same segment is lost there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.version import version as websockets_version

__all__ = ["hand_over"]

# How websockets has header values that are not ASCII; uvicorn turns them into bytes again.
_CODEC = (
    ("latin-1", "strict") if int(websockets_version.split(".")[0]) >= 17 else ("ascii", "surrogateescape")
)


def hand_over(
    transport: asyncio.Transport,
    protocol: WebSocketsSansIOProtocol,
    target: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    rest: bytes,
) -> None:
    """Make ``protocol`` the transport's; ``rest`` is what came behind the handshake.

    Nothing is read until the application asks for its first message, and no frame is parsed before it has
    accepted: neither uvicorn nor websockets expects one by then.
    """
    protocol.connection_made(transport)
    protocol.conn.parser = _frames(protocol.conn)
    next(protocol.conn.parser)
    protocol.read_paused = True
    transport.pause_reading()
    transport.set_protocol(protocol)
    protocol.handle_connect(
        Request(
            target.decode("ascii"),
            Headers((name.decode("ascii"), value.decode(*_CODEC)) for name, value in headers),
        )
    )
    if rest:
        protocol.conn.receive_data(rest)
        # After the first step of the application, which accepts.
        protocol.loop.call_soon(_parse, transport, protocol)


def _frames(connection: ServerProtocol) -> Generator[None]:
    while connection.state is State.CONNECTING:
        yield
    yield from Protocol.parse(connection)


def _parse(transport: asyncio.Transport, protocol: WebSocketsSansIOProtocol) -> None:
    """Look at what has been received, unless the connection belongs to somebody else by now."""
    if transport.get_protocol() is protocol:
        protocol.data_received(b"")
