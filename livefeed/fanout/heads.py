"""Connections from which the head of a request is awaited."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import OrderedDict
from collections.abc import Collection
from typing import Final

__all__ = ["KEPT_FREE", "Heads"]

MAX_WAITING: Final = 4096
"""Who opens more connections than this and asks for nothing loses the oldest, and others keep descriptors.

It is never more than a quarter of the descriptors, nor as many as would leave fewer than KEPT_FREE of them.
"""

KEPT_FREE: Final = 64


class Heads:
    """Aborts the connection whose head is late, and the oldest one when too many wait.

    One timer serves all of them: it is set for the oldest, since all have the same time.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connections: Collection[object],
        *,
        within_s: float,
        at_most: int = MAX_WAITING,
    ) -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = sys.maxsize if files == resource.RLIM_INFINITY else files
        self._loop, self._within_s, self._at_most = loop, within_s, min(at_most, files // 4)
        self._connections, self._most = connections, files - KEPT_FREE
        self._due: OrderedDict[asyncio.Transport, float] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._due)

    def expect(self, transport: asyncio.Transport) -> None:
        """A head has to come from now on; the time of one that is awaited already goes on."""
        if transport in self._due:
            return
        self._due[transport] = self._loop.time() + self._within_s
        if len(self._due) > self._at_most or len(self._connections) > self._most:
            self._abort_oldest()
        if self._timer is None:
            self._timer = self._loop.call_later(self._within_s, self._sweep)

    def forget(self, transport: asyncio.Transport) -> None:
        """Its head has come, or it has gone."""
        self._due.pop(transport, None)

    def _sweep(self) -> None:
        self._timer = None
        while self._due:
            due = next(iter(self._due.values()))
            if due > self._loop.time():
                self._timer = self._loop.call_at(due, self._sweep)
                return
            self._abort_oldest()

    def _abort_oldest(self) -> None:
        transport, _ = self._due.popitem(last=False)
        transport.abort()
