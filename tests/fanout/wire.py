"""An application that tells what reached it, and bytes sent to it as they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from livefeed.fanout.http import BoundedHttp
from tests.live import eventually

__all__ = ["HANDSHAKE", "Wire", "echo", "frame", "wired"]

HANDSHAKE = (
    b"GET /ws?a=b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def frame(opcode: int, data: bytes) -> bytes:
    """A whole frame as clients send it, masked with zeros; ``data`` has 125 bytes at most."""
    return bytes([0x80 | opcode, 0x80 | len(data), 0, 0, 0, 0]) + data


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the method, path, version, header names and body; `/stream` without a length."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": f"{scope['path']} {message.get('text')}"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    names = b",".join(name for name, _ in scope["headers"])
    asked = f"{scope['method']} {scope['path']} HTTP/{scope['http_version']}".encode()
    answer = b" ".join([b"[" + asked, names, body + b"]"])
    headers = [] if scope["path"] == "/stream" else [(b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


class Wire:
    """One served application, without all that a server does besides."""

    def __init__(self, state: ServerState, port: int) -> None:
        self.state, self.port = state, port

    async def answer(self, *sent: bytes, until: bytes | None = None) -> bytes:
        """What comes until the server closes, or until ``until`` has come; pieces are sent one by one."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        try:
            for piece in sent:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            reading = reader.read() if until is None else reader.readuntil(until)
            return await asyncio.wait_for(reading, 30)
        finally:
            writer.transport.abort()


@asynccontextmanager
async def wired(
    app: Any = echo, *, http: type[BoundedHttp] = BoundedHttp, ws: Any = "websockets-sansio"
) -> AsyncIterator[Wire]:
    """``app``, served on a port of its own by this process."""
    config = Config(app, log_config=None, http=http, ws=ws, ws_max_size=1024, lifespan="off")
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: http(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield Wire(state, server.sockets[0].getsockname()[1])
        for connection in list(state.connections):
            connection.transport.abort()
        await eventually(lambda: not state.connections and not state.tasks, "the connections to be lost")
