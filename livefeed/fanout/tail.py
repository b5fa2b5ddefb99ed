"""A tail: follows the logs of some channels, and the control log, on one blocked connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from livefeed.errors import FeedNotFound, StoreError, StoreInconsistent
from livefeed.fanout.channel import Channel
from livefeed.store.keys import CONTROL
from livefeed.store.log import LogEntry
from livefeed.store.reading import BlockedReader, Rows

__all__ = ["ATTACH_S", "Listener", "Tail"]

_log = logging.getLogger("livefeed.hub")

ATTACH_S = 5.0
"""How often each channel is compared with its log, whatever was read meanwhile."""

RETRY_S = (0.1, 2.0)
"""The first and the longest wait before Redis is tried again."""


class Listener(Protocol):
    """What a tail tells its hub."""

    async def refresh(self, channel: Channel) -> None:
        """Compare a channel with its log."""

    def on_control(self, event: dict[str, Any]) -> None:
        """An entry of the control log."""

    def on_broken(self, channel: Channel) -> None:
        """A channel's log holds what is not ours; it cannot be followed."""


class Tail:
    """Follows ``channels`` (a live view: what is put in is followed after :meth:`follow_changes`).

    ``control_id`` is the entry of the control log to go on from, None to leave that log alone.
    """

    def __init__(
        self, reader: BlockedReader, channels: Mapping[str, Channel], hub: Listener, control_id: str | None
    ) -> None:
        self.connected = True
        self.changes = 0
        self.reconnects = 0
        self._reader, self._channels, self._hub, self._control_id = reader, channels, hub, control_id
        self._closing = False
        self._took_changes = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def follow_changes(self) -> None:
        """Make the blocked read take in what was put into ``channels`` or taken out of it."""
        self._took_changes.clear()
        try:
            while self.connected and not self._closing:
                await self._reader.unblock()  # does nothing in the moment before the read blocks
                try:
                    return await asyncio.wait_for(_true(self._took_changes), 0.05)
                except TimeoutError:
                    continue
        except StoreError:
            pass  # the reading will notice too, and take in what is there when it comes back

    async def close(self) -> None:
        """Stop reading; the blocked read is asked to end, not cancelled."""
        self._closing = True
        try:
            while not self._task.done() and self.connected:
                await self._reader.unblock()
                await asyncio.wait([self._task], timeout=0.05)
        except StoreError:
            pass
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._reader.close()

    async def _run(self) -> None:
        wait = RETRY_S[0]
        while not self._closing:
            try:
                await self._refresh_all()
                self.connected, wait = True, RETRY_S[0]
                await self._read_until_error()
            except StoreError as error:
                if self.connected:
                    _log.warning("Readers keep what they have; trying again: %s", error)
                    self.reconnects += 1
                self.connected = False
                self._took_changes.set()
                await asyncio.sleep(wait)
                wait = min(wait * 2, RETRY_S[1])

    async def _read_until_error(self) -> None:
        loop = asyncio.get_running_loop()
        attach_at = loop.time() + ATTACH_S
        while not self._closing:
            by_key = {channel.log.key: channel for channel in self._channels.values()}
            after = {key: f"{channel.head}-0" for key, channel in by_key.items()}
            if self._control_id is not None:
                after[CONTROL] = self._control_id
            self._took_changes.set()
            await self._dispatch(by_key, await self._reader.read(after))
            if loop.time() >= attach_at:
                await self._refresh_all()
                attach_at = loop.time() + ATTACH_S

    async def _dispatch(self, by_key: dict[str, Channel], rows: Rows) -> None:
        for key, raw in rows:
            if key == CONTROL:
                self._control_id = raw[-1][0].decode()
                for _, fields in raw:
                    self._hub.on_control(orjson.loads(fields[b"event"]))
                continue
            channel = by_key[key]
            try:
                entries = [LogEntry.parse(*row) for row in raw]
            except StoreInconsistent:
                _log.exception("%s: the log holds something foreign; it is not followed any more", channel.log.feed)
                self._hub.on_broken(channel)
                continue
            if not all(channel.knows(entry.epoch) for entry in entries):
                await self._hub.refresh(channel)  # a new reign began: is what we stand on still true?
            self.changes += sum(entry.offset > channel.head for entry in entries)
            channel.dispatch(entries)

    async def _refresh_all(self) -> None:
        for channel in list(self._channels.values()):
            try:
                await self._hub.refresh(channel)
            except FeedNotFound:
                # Flushed, perhaps restored in a moment: readers keep what they have until it is back.
                _log.warning("%s: the feed is not in Redis any more", channel.log.feed)


async def _true(event: asyncio.Event) -> None:
    await event.wait()
