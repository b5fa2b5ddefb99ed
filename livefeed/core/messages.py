"""Messages to readers, as JSON bytes and as server-sent events; each is made once and shared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

import orjson

from livefeed.core.changes import Change
from livefeed.core.position import Position
from livefeed.core.window import Entry

__all__ = [
    "PIECE_BYTES",
    "ByeReason",
    "Missed",
    "bye",
    "change_entry",
    "ping",
    "snapshot",
    "sse",
    "sync",
    "sync_pieces",
]

PIECE_BYTES = 65_536
"""The largest ``sync`` of changes (a single larger change would go out alone)."""

ByeReason = Literal["drain", "rotate", "slow", "closed", "revoked", "overload"]


class Missed(Protocol):
    """A change with its position: an entry of the window, or of the log in Redis."""

    @property
    def change(self) -> Change: ...

    @property
    def position(self) -> Position: ...


def change_entry(change: Change, *, after: int, position: Position) -> Entry:
    """The window's entry of a change, with its ``change`` message; it follows the offset ``after``."""
    where = str(position).encode()
    message = b'{"type":"change","after":%d,"position":"%s","change":%s}' % (after, where, change.raw)
    return Entry(position.offset, position.epoch, after, change, message)


def sync(position: Position, changes: Iterable[bytes]) -> bytes:
    """``sync`` to a reader whose position was good: the changes that it missed."""
    return b'{"type":"sync","position":"%s","recovered":true,"changes":[%s]}' % (
        str(position).encode(),
        b",".join(changes),
    )


def sync_pieces(head: Position, missed: Sequence[Missed]) -> Iterator[tuple[Position, bytes]]:
    """The changes missed as messages of at most :data:`PIECE_BYTES`, each with its own position.

    The last one stands at ``head``; there is always one, if only to say that nothing was missed.
    """
    piece: list[bytes] = []
    room = PIECE_BYTES - 128
    last = head
    for item in missed:
        size = len(item.change.raw) + 1
        if piece and size > room:
            yield last, sync(last, piece)
            piece, room = [], PIECE_BYTES - 128
        piece.append(item.change.raw)
        room -= size
        last = item.position
    yield head, sync(head, piece)


def snapshot(position: Position, page: bytes) -> bytes:
    """``sync`` to a reader whose position was not good, or who had none: the newest page."""
    return b'{"type":"sync","position":"%s","recovered":false,"snapshot":%s}' % (str(position).encode(), page)


def ping(position: Position, readers: int) -> bytes:
    return b'{"type":"ping","position":"%s","readers":%d}' % (str(position).encode(), readers)


def bye(reason: ByeReason, retry_ms: int | None) -> bytes:
    """``bye``: the stream ends; ``retry_ms`` None means: do not come back."""
    return orjson.dumps({"type": "bye", "reason": reason, "retry": retry_ms})


def sse(event: str, data: bytes, *, position: Position | None = None, retry_ms: int | None = None) -> bytes:
    """A server-sent event (HTML Living Standard, section 9.2.6). JSON has no line breaks in it."""
    head = f"event: {event}\n"
    if position is not None:
        head += f"id: {position}\n"
    if retry_ms is not None:
        head += f"retry: {retry_ms}\n"
    return head.encode() + b"data: " + data + b"\n\n"
