"""Readers for the verification with other programs: what each was told, when, and in which bytes."""

from __future__ import annotations

import asyncio
import sys
import zlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

__all__ = ["Curl", "CurlPolls", "Node", "NodeReader", "Polls", "RawEvents", "RawSocket", "Reader"]

Json = dict[str, Any]

FLUSHED = b"\x00\x00\xff\xff"
"""The end of a fully flushed block (RFC 1951, section 3.2.4: a stored block of no bytes)."""


class Reader(ABC):
    """One reader: its messages without pings, and the texts of the updates that it was told of."""

    program = "python"
    transport: str

    def __init__(self, url: str, feed: str, *, packed: bool) -> None:
        self.url, self.feed, self.offers = url, feed, packed
        self.packed: bool | None = None
        """Whether compression was agreed on; None where that is not known, or not ours to do."""
        self.messages: list[Json] = []
        self.texts: list[str] = []
        self.wire: list[bytes] = []
        """Of each change its bytes as they came, without what carries them."""
        self.end: object = None
        self.news = asyncio.Event()

    @property
    def name(self) -> str:
        return f"{self.transport:9} {'compressed' if self.offers else 'plain':10} {self.program}"

    def told(self, message: Json, wire: bytes = b"") -> None:
        if message["type"] == "ping":
            return
        self.messages.append(message)
        changes = [message["change"]] if message["type"] == "change" else message.get("changes", [])
        self.texts += [change["update"]["text"] for change in changes]
        if changes:
            self.wire.append(wire)
        self.news.set()

    def ended(self, how: object) -> None:
        self.end = how if self.end is None else self.end  # later attempts meet a server that is away
        self.news.set()

    @abstractmethod
    async def read(self) -> None:
        """Read to the end."""


class RawSocket(Reader):
    """A WebSocket over a bare connection, each compressed frame unpacked by itself."""

    transport = "websocket"

    async def read(self) -> None:
        offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if self.offers else ""
        stream, writer = await _connect(
            self.url,
            f"/v1/feeds/{self.feed}/socket",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offer}",
        )
        head = await stream.readuntil(b"\r\n\r\n")
        assert b" 101 " in head.split(b"\r\n")[0], head
        self.packed = b"permessage-deflate" in head
        while True:
            first, size = await stream.readexactly(2)
            if size >= 126:
                size = int.from_bytes(await stream.readexactly(2 if size == 126 else 8), "big")
            body = await stream.readexactly(size)
            if first & 0x0F == 8:
                self.ended(int.from_bytes(body[:2], "big"))
                writer.close()
                return
            if first & 0x0F == 1:
                text = zlib.decompressobj(-15).decompress(body + FLUSHED) if first & 0x40 else body
                self.told(orjson.loads(text), bytes([first]) + body)
            elif first & 0x0F == 9:
                writer.write(b"\x8a\x80\x00\x00\x00\x00")


class RawEvents(Reader):
    """An event stream over a bare connection, each block unpacked by itself."""

    transport = "sse"

    async def read(self) -> None:
        offer = "Accept-Encoding: gzip\r\n" if self.offers else ""
        stream, writer = await _connect(self.url, f"/v1/feeds/{self.feed}/events", offer)
        head = (await stream.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head.split(b"\r\n")[0], head
        self.packed = b"content-encoding: gzip" in head
        waiting = bytearray()
        skip = 10 if self.packed else 0  # gzip's head
        while size := int(await stream.readuntil(b"\r\n"), 16):
            waiting += (await stream.readexactly(size + 2))[:-2]
            if skip and len(waiting) >= skip:
                assert waiting[:2] == b"\x1f\x8b"
                del waiting[:skip]
                skip = 0
            end = FLUSHED if self.packed else b"\n\n"
            while not skip and end in waiting:
                block, _, rest = bytes(waiting).partition(end)
                waiting = bytearray(rest)
                self._block(block + end)
        assert not waiting, "bytes after the last block"
        self.ended("last chunk")
        writer.close()

    def _block(self, block: bytes) -> None:
        text = zlib.decompressobj(-15).decompress(block) if self.packed else block
        for line in text.split(b"\n"):
            if line.startswith(b"data: "):
                self.told(orjson.loads(line[6:]), block)


class Polls(Reader):
    transport = "poll"

    async def read(self) -> None:
        headers = {"Accept-Encoding": "gzip" if self.offers else "identity"}
        async with httpx.AsyncClient(timeout=40, trust_env=False, headers=headers) as http:
            after = ""
            while (answer := await http.get(_changes(self, after))).status_code == 200:
                self.told(answer.json())
                after = answer.json()["position"]
            self.ended(answer.status_code)


class Curl(Reader):
    """curl on an event stream."""

    program, transport = "curl", "sse"

    async def read(self) -> None:
        process = await _curl(self, "-i", "-N", f"{self.url}/v1/feeds/{self.feed}/events")
        assert process.stdout is not None
        try:
            self.packed = False
            async for line in process.stdout:
                if line.lower().startswith(b"content-encoding: gzip"):
                    self.packed = True
                elif line.startswith(b"data: "):
                    self.told(orjson.loads(line[6:]))
            self.ended(f"exit {await process.wait()}")
        finally:
            await _end(process)


class CurlPolls(Reader):
    program, transport = "curl", "poll"

    async def read(self) -> None:
        after = ""
        while True:
            process = await _curl(self, "-f", _changes(self, after))
            try:
                said, _ = await process.communicate()
            finally:
                await _end(process)
            if process.returncode:
                self.ended(f"exit {process.returncode}")
                return
            self.told(message := orjson.loads(said))
            after = message["position"]


class NodeReader(Reader):
    """One of those in node.mjs."""

    program = "node"

    def __init__(self, url: str, feed: str, transport: str, *, packed: bool) -> None:
        super().__init__(url, feed, packed=packed)
        self.transport = transport

    def heard(self, said: Json) -> None:
        if "packed" in said:
            self.packed = said["packed"]
        if "message" in said:
            self.told(said["message"])
        if "end" in said or "error" in said:
            self.ended(said.get("end", said.get("error")))

    async def read(self) -> None:
        """:class:`Node` reads for them all."""


class Node:
    """The process with all readers in Node."""

    def __init__(self, script: Path, url: str, feed: str) -> None:
        self._command = ("node", str(script), url, feed)
        self.readers = [
            NodeReader(url, feed, transport, packed=packed)
            for transport in ("websocket", "sse", "poll")
            for packed in (False, True)
        ]

    async def read(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr, limit=1 << 24
        )
        assert process.stdout is not None
        named = {f"{r.transport} {'compressed' if r.offers else 'plain'}": r for r in self.readers}
        try:
            async for line in process.stdout:
                said = orjson.loads(line)
                named[said["reader"]].heard(said)
        finally:
            await _end(process)


def _changes(reader: Reader, after: str) -> str:
    return f"{reader.url}/v1/feeds/{reader.feed}/changes?wait=25" + (f"&after={after}" if after else "")


async def _connect(url: str, path: str, lines: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    stream, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}\r\n".encode())
    return stream, writer


async def _curl(reader: Reader, *arguments: str) -> asyncio.subprocess.Process:
    packed = ["--compressed"] if reader.offers else []
    command = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "120", *packed, *arguments]
    return await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, limit=1 << 24
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
