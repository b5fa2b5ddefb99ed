"""Who is at the desk, for this process's desk streams: looked up once a second for all of them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import orjson

from livefeed.errors import StoreError
from livefeed.store.presence import Presence

__all__ = ["LOOK_S", "Desk", "DeskPresence"]

LOOK_S = 1.0
"""How often those who are there are looked up."""


class Desk:
    """One feed's desk. ``message`` is the newest presence message, None before the first look."""

    __slots__ = ("message", "wakers")

    def __init__(self) -> None:
        self.message: bytes | None = None
        self.wakers: list[Callable[[], None]] = []


class DeskPresence:
    """The desks that are watched here. While Redis is away what was known last stays."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._desks: dict[str, Desk] = {}
        self._wanted = asyncio.Event()

    @contextmanager
    def watching(self, feed: str, wake: Callable[[], None]) -> Iterator[Desk]:
        """Watch a desk; ``wake`` is called whenever its message has changed."""
        desk = self._desks.setdefault(feed, Desk())
        desk.wakers.append(wake)
        if desk.message is None:
            self._wanted.set()
        try:
            yield desk
        finally:
            desk.wakers.remove(wake)
            if not desk.wakers:
                del self._desks[feed]

    async def run(self) -> None:
        """Look for ever: once a second, and at once for a desk that is new here."""
        while True:
            self._wanted.clear()
            await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), LOOK_S if self._desks else None)

    async def look(self) -> None:
        """Hear who is there, in one round trip, and wake the streams of desks where that has changed."""
        if not self._desks:
            return
        for feed, people in (await self._presence.read(list(self._desks))).items():
            desk = self._desks.get(feed)
            if desk is None or isinstance(people, StoreError):
                continue
            said = [{"name": at.name, "key": at.key, "editing": at.editing} for at in people]
            message = orjson.dumps({"type": "presence", "people": said})
            if message != desk.message:
                desk.message = message
                for wake in dict.fromkeys(desk.wakers):  # the streams of one channel share theirs
                    wake()
