"""A subscriber: one reader whose connection is ours, as small as a connection can be.

It has no task, timer, queue or event of its own. What it is sent, and when, its audience decides; time
is the wheel's.
"""

from __future__ import annotations

import asyncio
import enum
from typing import Any, Protocol

from livefeed.core import frames
from livefeed.core.position import Position
from livefeed.fanout import closes
from livefeed.fanout.admission import Seat
from livefeed.fanout.closes import Close
from livefeed.fanout.framing import Framing
from livefeed.fanout.heard import answer
from livefeed.fanout.message import Message

__all__ = ["MAX_HEARD_BYTES", "Host", "State", "Subscriber"]

MAX_HEARD_BYTES = 4_096
"""What a reader may send between two heartbeats; an answer to a ping takes 6 bytes."""

MAX_SILENT_BEATS = 2
"""A WebSocket reader that answered none of so many pings is dead when the next one is due."""


class State(enum.IntEnum):
    BEHIND = 1
    """Is being brought up to date."""
    LIVE = 2
    """Stands with all others, and gets what comes next in passes."""
    PARKED = 3
    """Its buffer is full: it keeps its position, and gets nothing until it has drained."""
    LEAVING = 4
    """It was told good-bye."""
    GONE = 5
    """The connection is closed."""


class Host(Protocol):
    """What a subscriber's audience does for it."""

    def park(self, reader: Subscriber) -> None:
        """Set a reader aside whose buffer is full."""

    def bring_up(self, reader: Subscriber) -> None:
        """Tell a reader what it missed."""

    def part(self, reader: Subscriber, state: State) -> None:
        """Let go of a reader, who is LEAVING or GONE."""

    def ping(self, position: Position) -> Message:
        """The heartbeat for those who stand at ``position``."""


class Subscriber(asyncio.Protocol):
    """One reader of an audience; the protocol of its connection.

    States: BEHIND → LIVE ⇄ PARKED or BEHIND again; then LEAVING, GONE.
    """

    __slots__ = (
        "audience",
        "connections",
        "expires_at",
        "framing",
        "heard",
        "partial",
        "position",
        "progress_at",
        "seat",
        "slot",
        "state",
        "transport",
        "unsent",
    )

    transport: asyncio.Transport

    def __init__(self, audience: Host, framing: Framing, position: Position, seat: Seat) -> None:
        self.audience = audience
        self.framing = framing
        self.position = position
        self.state = State.BEHIND
        self.seat = seat
        """Its place among the readers, until the connection is gone."""
        self.connections: set[Any] = set()
        """uvicorn's set of its connections: this one is counted there until it is lost."""
        self.heard = 0
        """Above zero, the bytes heard since the last beat; below, for how many beats it has been silent."""
        self.partial = b""
        """The beginning of a frame whose rest has not come yet."""
        self.slot = 0
        self.expires_at = self.progress_at = 0.0
        self.unsent = 0

    # What the connection tells ------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.state is State.GONE:
            return
        self.heard = max(self.heard, 0) + len(data)
        if self.heard > MAX_HEARD_BYTES:
            self.refuse(closes.POLICY)
        elif not self.framing.is_socket:
            pass  # another request; it waits for the end of this answer, and gets a closed connection
        elif len(data) == 6 and data.startswith(frames.EMPTY_PONG) and not self.partial:
            pass  # nearly everything that is ever heard
        else:
            self._hear(self.partial + data)

    def eof_received(self) -> None:
        """The transport closes itself."""

    def pause_writing(self) -> None:
        """Called by the transport, from within ``write``."""
        if self.state in (State.LIVE, State.BEHIND):
            self.audience.park(self)

    def resume_writing(self) -> None:
        if self.state is State.PARKED:
            self.heard = 0  # what it took in is a sign of life
            self.audience.bring_up(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self.audience.part(self, State.GONE)
        self.seat.give_back()

    def shutdown(self) -> None:
        """uvicorn ends: it calls this on each of its connections."""
        # Who was told good-bye has it, or took nothing during the drain. TLS would wait for an answer to its
        # own good-bye, and asyncio's forgets how to abort when it is closed a second time.
        if self.state is State.LEAVING or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    # What the audience and the wheel do ---------------------------------------------------------

    def tell(self, position: Position, data: bytes) -> None:
        """Send what leads to ``position``."""
        self.position = position  # first: the transport may ask to pause from within the write
        self.transport.write(data)

    def set_aside(self) -> None:
        """It is parked from now on."""
        self.state = State.PARKED
        self.unsent = self.transport.get_write_buffer_size()
        self.progress_at = asyncio.get_running_loop().time()

    def leave(self, bye: Message) -> None:
        """Say good-bye; the connection closes when that was taken, or soon."""
        self._end_with(self.framing.last(bye))

    def refuse(self, close: Close) -> None:
        """Close without a ``bye``: the reader did what readers do not."""
        self._end_with(
            frames.close(close.code, close.reason) if self.framing.is_socket else frames.LAST_CHUNK
        )

    def _end_with(self, data: bytes) -> None:
        if self.state in (State.LEAVING, State.GONE):
            return
        self.audience.part(self, State.LEAVING)
        self.transport.write(data)
        if not self.framing.is_socket:
            self.transport.close()  # when it has been sent; a WebSocket is closed when the reader agrees

    def is_dead(self) -> bool:
        """At a beat: whether it has not answered for too long."""
        silent = self.framing.is_socket and self.heard <= -MAX_SILENT_BEATS
        self.heard = min(self.heard, 0) - 1
        return silent

    def is_stuck(self, now: float, patience_s: float) -> bool:
        """Of a parked reader: whether it has taken nothing for ``patience_s``."""
        unsent = self.transport.get_write_buffer_size()
        if unsent < self.unsent:
            self.progress_at = now
        self.unsent = unsent
        return now - self.progress_at > patience_s

    # WebSocket ----------------------------------------------------------------------------------

    def _hear(self, data: bytes) -> None:
        size = frames.whole_frames(data)
        self.partial = data[size:]
        if not size:
            return
        heard = answer(data[:size], compressed=self.framing.compressed)
        if self.state is not State.LEAVING:
            self.transport.write(heard.reply)
        if heard.closes:  # answered just now, or agreed to ours
            self.audience.part(self, State.LEAVING)
            self.transport.close()
