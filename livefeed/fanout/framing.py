"""Framings: the four forms in which a message goes out. What one makes is the same for all its readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livefeed.core import frames
from livefeed.fanout import closes
from livefeed.fanout.message import Message

__all__ = ["EVENTS", "EVENTS_GZIP", "FRAMINGS", "SOCKET", "SOCKET_DEFLATE", "Framing"]


@dataclass(frozen=True, slots=True, eq=False)
class Framing:
    """One form: WebSocket frames or the chunks of an event stream, plain or compressed.

    ``preamble`` goes before the first message, ``beat`` with each heartbeat.
    """

    name: str
    is_socket: bool
    compressed: bool
    frame: Callable[[Message], bytes]
    preamble: bytes = b""
    beat: bytes = b""

    def last(self, bye: Message) -> bytes:
        """The ``bye`` and what ends the stream after it."""
        assert bye.reason is not None
        if self.is_socket:
            close = closes.BYE[bye.reason]
            return self.frame(bye) + frames.close(close.code, close.reason)
        # A gzip stream ends without its trailer, which would be another for each reader: decoders
        # that unpack as they go have everything by then.
        return self.frame(bye) + frames.LAST_CHUNK

    def __repr__(self) -> str:
        return f"<Framing {self.name}>"


SOCKET = Framing("socket", True, False, lambda message: frames.text(message.data), beat=frames.PING)
SOCKET_DEFLATE = Framing(
    "socket-deflate", True, True, lambda message: frames.text(message.data, deflate=True), beat=frames.PING
)
EVENTS = Framing("events", False, False, lambda message: frames.chunk(message.sse()))
EVENTS_GZIP = Framing(
    "events-gzip",
    False,
    True,
    lambda message: frames.chunk(frames.gzip_block(message.sse())),
    preamble=frames.chunk(frames.GZIP_HEADER),
)

FRAMINGS = (SOCKET, SOCKET_DEFLATE, EVENTS, EVENTS_GZIP)
