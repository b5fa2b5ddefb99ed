"""When tokens and sessions were last used: to the minute, so that not every request is a write to disk."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from livefeed.errors import StoreError
from livefeed.store.keys import USED
from livefeed.store.translate import translated

__all__ = ["USED_S", "Used"]

USED_S = 60
"""Of each token and session one use is written in so many seconds, over all processes."""

_MAX_NOTED = 10_000

_NOTE = """
for at = 3, #ARGV do
  local before = redis.call('HGET', KEYS[1], ARGV[at])
  if not before or math.abs(ARGV[1] - before) >= tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[1])
  end
end
"""


class Used:
    """A hash in Redis: hash of a token, or id of a session → seconds since 1970."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._noted: dict[tuple[str, ...], float] = {}
        """What this process has asked Redis to write lately, and when; the oldest first."""

    async def note(self, *keys: str) -> None:
        """Note a use now. Redis being full or away is no reason to refuse what is asked."""
        now = time.monotonic()
        if now - self._noted.get(keys, -USED_S) < USED_S:
            return
        self._noted.pop(keys, None)
        self._noted[keys] = now
        if len(self._noted) > _MAX_NOTED:
            del self._noted[next(iter(self._noted))]
        with suppress(StoreError), translated():
            at = int(datetime.now(UTC).timestamp())
            await self._client.eval(_NOTE, 1, USED, at, USED_S, *keys)

    async def all(self) -> dict[str, int]:
        """Every last use.

        Raises:
            StoreError
        """
        with translated():
            rows = await self._client.hgetall(USED)
        return {key.decode(): int(at) for key, at in rows.items()}

    async def forget(self, keys: Iterable[str]) -> None:
        """Of what is not there any more.

        Raises:
            StoreError
        """
        if gone := list(keys):
            with translated():
                await self._client.hdel(USED, *gone)
