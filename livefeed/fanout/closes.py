"""Why a WebSocket is closed: each code with its reason. docs/protocol.md has a sentence for each.

1000–3999 are RFC 6455's. Of ours, 4000–4499 mean “come back”, 4500–4999 “do not”.
"""

from __future__ import annotations

from dataclasses import dataclass

from livefeed.core.messages import ByeReason

__all__ = [
    "BYE",
    "CLOSED",
    "NO_SUCH_FEED",
    "ORIGIN_REFUSED",
    "OVERLOAD",
    "POLICY",
    "RESTART",
    "REVOKED",
    "ROTATE",
    "SIGNED_OUT",
    "SLOW",
    "Close",
]


@dataclass(frozen=True, slots=True)
class Close:
    code: int
    reason: str


POLICY = Close(1008, "readers do not send")
RESTART = Close(1012, "the server restarts: come back")
OVERLOAD = Close(1013, "the server cannot serve this now: come back later")
ROTATE = Close(4000, "connections are renewed now and then: come back")
SLOW = Close(4001, "too slow to follow: come back with your position")
CLOSED = Close(4500, "the coverage has ended")
REVOKED = Close(4501, "the access was revoked")
ORIGIN_REFUSED = Close(4503, "this site may not use this feed")
NO_SUCH_FEED = Close(4504, "there is no such feed")
SIGNED_OUT = Close(4505, "sign in first, as somebody who works on this feed")

BYE: dict[ByeReason, Close] = {
    "drain": RESTART,
    "rotate": ROTATE,
    "slow": SLOW,
    "closed": CLOSED,
    "revoked": REVOKED,
    "overload": OVERLOAD,
}
"""The close that follows each ``bye``."""
