"""The far ends of subscribers' connections: real sockets, and decoders that are not ours."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from livefeed.core.position import Position
from livefeed.core.reader import Next, Reader
from livefeed.fanout.admission import Admission
from livefeed.fanout.audience import Audience, Welcome
from livefeed.fanout.framing import FRAMINGS, Framing
from livefeed.fanout.http import UNWRITTEN_BYTES
from livefeed.fanout.subscriber import Subscriber
from livefeed.settings import Settings
from tests.live import eventually

__all__ = [
    "Decoder",
    "Peer",
    "Tap",
    "connected",
    "disconnect_all",
    "every_framing",
    "masked",
    "seats",
]

Json = dict[str, Any]

every_framing = pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)


def masked(opcode: Opcode, data: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    """A frame as a client sends it; ``reserved``: bits of the first byte that have to mean something."""
    frame = Frame(opcode, data, fin).serialize(mask=True)
    return bytes([frame[0] | reserved]) + frame[1:]


def seats() -> Admission:
    return Admission(Settings(max_readers_per_address=0, max_joins_per_s=0))


class Decoder:
    """What a client makes of the bytes of one stream."""

    def __init__(self, framing: Framing) -> None:
        self.framing = framing
        self.close: Close | None = None
        self.ended = False
        """A close frame has come, or the last chunk."""
        self.pings = 0
        self.fields: list[dict[str, str]] = []
        """Of events: the fields beside the data."""
        self.replies = b""
        """What a WebSocket client answers."""
        self._socket = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
        if framing.compressed:
            self._socket.extensions = [PerMessageDeflate(True, True, 15, 15)]
        self._unpack = zlib.decompressobj(31).decompress if framing.compressed else bytes
        self._chunks = self._events = b""

    def feed(self, data: bytes) -> list[Json]:
        return self._from_socket(data) if self.framing.is_socket else self._from_chunks(data)

    def _from_socket(self, data: bytes) -> list[Json]:
        messages = []
        self._socket.receive_data(data)
        for event in self._socket.events_received():
            assert isinstance(event, Frame)
            if event.opcode is Opcode.TEXT:
                messages.append(orjson.loads(event.data))
            self.pings += event.opcode is Opcode.PING
        assert self._socket.parser_exc is None, self._socket.parser_exc
        self.close = self._socket.close_rcvd
        self.ended = self.close is not None
        self.replies = b"".join(self._socket.data_to_send())
        return messages

    def _from_chunks(self, data: bytes) -> list[Json]:
        self._chunks += data
        while b"\r\n" in self._chunks:
            head, rest = self._chunks.split(b"\r\n", 1)
            size = int(head, 16)
            if len(rest) < size + 2:
                break
            assert not self.ended
            assert rest[size : size + 2] == b"\r\n"
            self.ended = size == 0
            self._events += self._unpack(rest[:size]) if size else b""
            self._chunks = rest[size + 2 :]
        *events, self._events = self._events.split(b"\n\n")
        return [self._event(event.decode()) for event in events]

    def _event(self, text: str) -> Json:
        fields = dict(line.split(": ", 1) for line in text.split("\n"))
        message: Json = orjson.loads(fields.pop("data"))
        assert fields["event"] == message["type"]
        self.fields.append(fields)
        return message


class Tap:
    """A transport that shows each write to a test and hands it on."""

    def __init__(self, transport: asyncio.Transport, look: Callable[[bytes], None]) -> None:
        self._transport, self._look = transport, look

    def write(self, data: bytes) -> None:
        self._look(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Peer:
    """A reader at the far end, who reads when a test says so and folds what it is told."""

    subscriber: Subscriber

    def __init__(self, framing: Framing, end: socket.socket, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.connections: set[Any] = set()
        """What uvicorn would count."""
        self.writes: list[list[Json]] = []
        """What each write tells, heartbeats included."""
        self.look: Callable[[list[Json]], None] = lambda messages: None
        """Called with what a write tells before it is made."""
        self.messages: list[Json] = []
        self.reader = Reader()
        self.gaps = self.duplicates = 0
        self.is_closed = False
        self._end = end
        self._decoder, self._written = Decoder(framing), Decoder(framing)
        self._revisions: dict[str, float] = {}

    # The server's side --------------------------------------------------------------------------

    def take(self, reader: Subscriber, first: bytes = b"") -> bool:
        """What uvicorn's protocol does for the endpoint."""
        reader.transport = Tap(self.transport, self._sees)  # type: ignore[assignment]
        reader.connections = self.connections
        self.connections.add(reader)
        self.subscriber = reader
        self.transport.set_protocol(reader)
        self.transport.set_write_buffer_limits(UNWRITTEN_BYTES)
        if first:
            reader.transport.write(first)
        return True

    async def join(
        self, audience: Audience, position: Position | None = None, admission: Admission | None = None
    ) -> Welcome:
        seat = (admission or seats()).take(None, None)
        welcome = await audience.welcome(position, self.framing)
        assert audience.admit(self.take, welcome, seat)
        return welcome

    def _sees(self, data: bytes) -> None:
        messages = self._written.feed(data)
        self.writes.append(messages)
        self.look(messages)

    # The reader's side --------------------------------------------------------------------------

    @property
    def framing(self) -> Framing:
        return self._decoder.framing

    @property
    def close(self) -> Close | None:
        return self._decoder.close

    @property
    def said_goodbye(self) -> bool:
        return self._decoder.ended

    @property
    def pings(self) -> int:
        return self._decoder.pings

    def send(self, data: bytes) -> None:
        self._end.sendall(data)

    def skim(self) -> bool:
        """Take what is there without a look; whether that was the end."""
        while not self.is_closed:
            try:
                if not self._end.recv(65_536):
                    self.leave()
            except BlockingIOError:
                break
            except ConnectionError:
                self.leave()
        return self.is_closed

    def half_close(self) -> None:
        self._end.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        """The connection is lost."""
        self._end.close()
        self.is_closed = True

    def read(self, at_most: int = 1 << 30) -> list[Json]:
        """Take what is there, ``at_most`` about so many bytes of it."""
        messages: list[Json] = []
        while at_most > 0 and not self.is_closed:
            try:
                data = self._end.recv(65_536)
            except BlockingIOError:
                break
            except ConnectionError:
                data = b""
            if not data:
                self.leave()
                break
            at_most -= len(data)
            messages += self._decoder.feed(data)
        for message in messages:
            self._fold(message)
        return messages

    def answer(self) -> None:
        """Send what a client replies to what was read last."""
        self.send(self._decoder.replies)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Read until ``condition`` holds."""
        await eventually(lambda: self.read() is None or condition(), f"{what}; {self.messages[-1:]}")

    async def comes_to(self, position: Position) -> None:
        await self.until(lambda: self.reader.position == position, f"position {position}")

    async def gone(self) -> None:
        await self.until(lambda: self.is_closed, "the end of the connection")

    @property
    def texts(self) -> list[str]:
        return [update["text"] for update in self.reader.page()["updates"]]

    @property
    def bye(self) -> str | None:
        last = self.messages[-1] if self.messages else {}
        return last.get("reason")

    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    def goes_on_as(self, before: Peer) -> None:
        """Come back as somebody who left."""
        self.reader, self._revisions = before.reader, before._revisions

    def _fold(self, message: Json) -> None:
        self.messages.append(message)
        if "snapshot" in message:
            page = message["snapshot"]
            self._revisions = {update["id"]: update["rev"] for update in page["updates"] + page["pinned"]}
        for change in [message["change"]] if message["type"] == "change" else message.get("changes", []):
            if change["op"] != "feed":
                key = change["update"]["id"] if change["op"] == "put" else change["id"]
                rev = change["update"]["rev"] if change["op"] == "put" else float("inf")
                self.duplicates += rev <= self._revisions.get(key, 0)
                self._revisions[key] = rev
        self.gaps += self.reader.apply(message) is not Next.GO_ON


async def connected(framing: Framing, *, kernel_bytes: int = 4_096) -> Peer:
    """A connection whose far end is a peer; the kernel takes about ``kernel_bytes`` of what is not read."""
    here, there = socket.socketpair()
    here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, kernel_bytes)
    there.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_unix_connection(asyncio.Protocol, sock=here)
    peer = Peer(framing, there, transport)
    _connected.append(peer)
    return peer


_connected: list[Peer] = []


async def disconnect_all() -> None:
    """Let nobody stay connected behind a test."""
    for peer in _connected:
        peer.leave()
        if not peer.transport.is_closing():
            peer.transport.abort()
    _connected.clear()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
