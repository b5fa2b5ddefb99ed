"""What a reader is told, one message at a time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from livefeed.core import messages
from livefeed.core.messages import ByeReason
from livefeed.core.position import Position

__all__ = ["DRAIN_RETRY_S", "OVERLOAD_RETRY_S", "ROTATE_RETRY_S", "Message", "bye"]

DRAIN_RETRY_S = ROTATE_RETRY_S = 1.0
"""When a reader is to come back that another process, or this one, will serve as well; also one that was too
slow, and begins anew at its position."""

OVERLOAD_RETRY_S = 5.0
"""When a reader is to come back where Redis was needed and is away."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its type, its JSON, and for ``sync`` and ``change`` the position it leads to."""

    type: Literal["sync", "change", "ping", "presence", "bye"]
    data: bytes
    position: Position | None = None
    reason: ByeReason | None = None
    retry_ms: int | None = None

    def sse(self) -> bytes:
        return messages.sse(self.type, self.data, position=self.position, retry_ms=self.retry_ms)


def bye(reason: ByeReason, retry_s: float | None) -> Message:
    """The last message of a stream. ``retry_s`` is spread to between half and one and a half times."""
    retry_ms = None if retry_s is None else int(retry_s * 1000 * random.uniform(0.5, 1.5))
    return Message("bye", messages.bye(reason, retry_ms), reason=reason, retry_ms=retry_ms)
