"""Messages as bytes on the wire: WebSocket frames, HTTP chunks, compressed or not.

What is compressed here depends on nothing but itself, so that the same bytes go to all readers: a
WebSocket message with ``server_no_context_takeover`` (RFC 7692, section 7.1.1.1), and a block of a gzip
stream (RFC 1952) that was flushed fully and refers to nothing before it (RFC 1951, section 3.2.4).
"""

from __future__ import annotations

import zlib

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode

__all__ = [
    "EMPTY_PONG",
    "GZIP_HEADER",
    "LAST_CHUNK",
    "MAX_FROM_READER_BYTES",
    "PING",
    "chunk",
    "close",
    "gzip_block",
    "text",
    "whole_frames",
]

MAX_FROM_READER_BYTES = 1024
"""The largest WebSocket message that a reader may send."""

PING = Frame(Opcode.PING, b"").serialize(mask=False)

EMPTY_PONG = b"\x8a\x80"
"""The head of a reader's answer to :data:`PING`; a masking key of four bytes follows."""

LAST_CHUNK = b"0\r\n\r\n"

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Deflate, no name, no time, an unknown system."""

_EXTENDED = {126: 2, 127: 8}
"""Lengths that stand for “see the next so many bytes”."""

_DEFLATE = PerMessageDeflate(
    remote_no_context_takeover=True,
    local_no_context_takeover=True,
    remote_max_window_bits=zlib.MAX_WBITS,
    local_max_window_bits=zlib.MAX_WBITS,
)


def text(payload: bytes, *, deflate: bool = False) -> bytes:
    """A message as one frame; with ``deflate`` compressed, unless it would not shrink."""
    plain = Frame(Opcode.TEXT, payload).serialize(mask=False)
    if not deflate:
        return plain
    return min(plain, Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=[_DEFLATE]), key=len)


def close(code: int, reason: str) -> bytes:
    """A close frame."""
    return Frame(Opcode.CLOSE, Close(code, reason).serialize()).serialize(mask=False)


def chunk(body: bytes) -> bytes:
    """A chunk of an HTTP/1.1 body (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(body), body)


def gzip_block(body: bytes) -> bytes:
    """A block of a gzip stream that can follow any other; what would not shrink is stored as it is."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush(zlib.Z_FULL_FLUSH)


def whole_frames(data: bytes) -> int:
    """How many bytes of what a reader sent are whole frames (RFC 6455, section 5.2), so far.

    All of it, where the last frame says that it is larger than a reader may send, or is not masked as
    theirs are: it is not waited for.
    """
    end = 0
    while True:
        head = data[end : end + 10]
        if len(head) < 2:
            return end
        masked, length = head[1] & 0x80, head[1] & 0x7F
        begins = 2 + _EXTENDED.get(length, 0)
        if masked and len(head) < begins:
            return end
        if begins > 2:
            length = int.from_bytes(head[2:begins], "big")
        if not masked or length > MAX_FROM_READER_BYTES:
            return len(data)
        after = end + begins + 4 + length
        if after > len(data):
            return end
        end = after
