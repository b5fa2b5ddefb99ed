"""Streams as they are on the wire: asked for over a bare connection, unpacked piece by piece."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.live import Serving

__all__ = ["DEADLINE_S", "Answer", "Unpacker", "asked", "frame", "handshake"]

DEADLINE_S = 30.0


class Answer:
    """An answer as it is on the wire."""

    def __init__(self, reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> None:
        self.reader, self.status, self.headers = reader, status, headers

    async def chunk(self) -> bytes:
        """The next chunk; empty at the end, which has to be said."""
        size = int(await self._within(self.reader.readuntil(b"\r\n")), 16)
        return (await self._within(self.reader.readexactly(size + 2)))[:-2]

    async def rest(self) -> bytes:
        """What comes until the server closes."""
        return await self._within(self.reader.read())

    async def exactly(self, size: int) -> bytes:
        return await self._within(self.reader.readexactly(size))

    async def _within(self, reading: Coroutine[Any, Any, bytes]) -> bytes:
        return await asyncio.wait_for(reading, DEADLINE_S)


@asynccontextmanager
async def asked(
    served: Serving, path: str, *lines: str, method: str = "GET", version: str = "1.1"
) -> AsyncIterator[Answer]:
    """Ask over a bare connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        request = "\r\n".join([f"{method} {path} HTTP/{version}", "Host: localhost", *lines, "", ""])
        writer.write(request.encode("latin-1"))
        answered = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE_S)
        first, *rest = answered.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        yield Answer(reader, int(first.split()[1]), headers)
    finally:
        writer.transport.abort()


class Unpacker:
    """Unpacks a gzip stream as it comes, and splits it into messages."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._inflate = zlib.decompressobj(31)
        self._waiting: list[dict[str, Any]] = []
        self.blocks: list[bytes] = []

    async def message(self) -> dict[str, Any] | None:
        """The next message but pings; None at the end. Whole events come out of each chunk."""
        while not self._waiting:
            if not (block := await self._answer.chunk()):
                return None
            self.blocks.append(block)
            text = self._inflate.decompress(block)
            assert text == b"" or text.endswith(b"\n\n"), "an event came in parts"
            events = [line[6:] for line in text.split(b"\n") if line.startswith(b"data: ")]
            self._waiting = [orjson.loads(event) for event in events if b'"type":"ping"' not in event]
        return self._waiting.pop(0)

    @property
    def ended(self) -> bool:
        """Whether the gzip stream itself said that it ends."""
        return self._inflate.eof


def handshake(offer: str | None) -> list[str]:
    lines = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    return lines if offer is None else [*lines, f"Sec-WebSocket-Extensions: {offer}"]


async def frame(answer: Answer) -> tuple[bool, dict[str, Any] | None]:
    """The next frame of a WebSocket: whether it is compressed, and its message if it is a text."""
    first, size = await answer.exactly(2)
    if size == 126:
        size = int.from_bytes(await answer.exactly(2), "big")
    body = await answer.exactly(size)
    if first & 0x0F != 1:
        return False, None
    if first & 0x40:
        body = zlib.decompressobj(-15).decompress(body + b"\x00\x00\xff\xff")
    return bool(first & 0x40), orjson.loads(body)
