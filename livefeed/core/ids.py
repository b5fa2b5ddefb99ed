"""Ids of updates: ULIDs in lower case, so that later ids sort after earlier ones.

See https://github.com/ulid/spec: 48 bits of milliseconds, 80 random bits, Crockford's base 32.
"""

from __future__ import annotations

import re
import secrets

__all__ = ["ID_PATTERN", "new_epoch", "new_id"]

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"

ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What an id given by a client may look like: safe in an address, in HTML and as a Redis member."""

_newest = 0


def new_id(now_ms: int) -> str:
    """A fresh id of 26 characters for something made at ``now_ms`` (milliseconds since 1970).

    Within one millisecond they grow as well (the specification's section "Monotonicity"), so that what
    one process publishes in a row stands in that order.
    """
    global _newest
    number = (now_ms << 80) | secrets.randbits(80)
    if _newest >> 80 == now_ms:
        number = _newest + 1
    _newest = number
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def new_epoch() -> str:
    """A fresh epoch: 30 random bits; ``attach.lua`` and ``commit.lua`` refuse one that is in use."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(6))
