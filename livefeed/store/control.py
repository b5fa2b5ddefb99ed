"""The control log: what every hub must hear, whatever it watches."""

from __future__ import annotations

from typing import Any

import orjson

from livefeed.store.keys import CONTROL
from livefeed.store.translate import translated

__all__ = ["Control"]

_MAX_ENTRIES = 1_000

# XTRIM needs no memory; once a script has written, Redis lets it go on even when it is full: a token
# must be revocable then too.
_SAY = """
redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[2] - 1)
redis.call('XADD', KEYS[1], '*', 'event', ARGV[1])
"""


class Control:
    """A small stream; its entries are JSON objects with an ``event``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def say(self, event: dict[str, Any]) -> None:
        """Tell all hubs.

        Raises:
            StoreError
        """
        with translated():
            await self._client.eval(_SAY, 1, CONTROL, orjson.dumps(event), _MAX_ENTRIES)

    async def last_id(self) -> str:
        """The id of the newest entry, ``0-0`` if there is none: where a new hub begins to listen."""
        with translated():
            rows = await self._client.xrevrange(CONTROL, count=1)
        return rows[0][0].decode() if rows else "0-0"
