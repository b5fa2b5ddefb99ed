"""The control log: what every hub must hear, whatever it watches."""

from __future__ import annotations

from typing import Any

import orjson

from livefeed.store.keys import CONTROL
from livefeed.store.translate import translated

__all__ = ["Control"]

_MAX_ENTRIES = 1_000


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
            await self._client.xadd(CONTROL, {"event": orjson.dumps(event)}, maxlen=_MAX_ENTRIES)

    async def last_id(self) -> str:
        """The id of the newest entry, ``0-0`` if there is none: where a new hub begins to listen."""
        with translated():
            rows = await self._client.xrevrange(CONTROL, count=1)
        return rows[0][0].decode() if rows else "0-0"
