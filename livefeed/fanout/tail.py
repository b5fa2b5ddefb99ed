"""A tail: follows the logs of some channels, and the control log, on one blocked connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import orjson

from livefeed.core.position import Reigns
from livefeed.errors import FeedNotFound, StoreError, StoreInconsistent, StoreUnavailable
from livefeed.fanout.channel import Channel
from livefeed.fanout.tasks import end
from livefeed.store.keys import CONTROL
from livefeed.store.log import LogEntry
from livefeed.store.reading import BlockedReader, Rows

__all__ = ["ATTACH_S", "Listener", "Tail"]

_log = logging.getLogger("livefeed.hub")

ATTACH_S = 5.0
"""How often each channel is compared with its log, whatever was read meanwhile."""

CLOSE_S = 1.0
"""How long Redis has to answer that the blocked read has ended."""

RETRY_S = (0.1, 2.0)
"""The first and the longest wait before Redis is tried again."""


class Listener(Protocol):
    """What a tail tells its hub."""

    async def refresh(self, channel: Channel) -> Reigns:
        """Compare a channel with its log, and say what reigns there."""

    async def refresh_all(self, channels: Sequence[Channel]) -> list[BaseException | None]:
        """The same for many together; what went wrong with each, in its place."""

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
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._took_changes.wait(), 0.05)
                    return
        except StoreError:
            pass  # the reading will notice too, and take in what is there when it comes back

    async def close(self) -> None:
        """Stop reading; the blocked read is asked to end, and cancelled only if Redis does not answer."""
        self._closing = True
        unblocking = asyncio.create_task(self._unblock_until_done())
        await asyncio.wait([self._task, unblocking], timeout=CLOSE_S, return_when=asyncio.FIRST_COMPLETED)
        await end([self._task, unblocking])
        await self._reader.close()

    async def _unblock_until_done(self) -> None:
        with suppress(StoreError):
            while self.connected:
                await self._reader.unblock()
                await asyncio.wait([self._task], timeout=0.05)

    async def _run(self) -> None:
        wait = RETRY_S[0]
        while not self._closing:
            try:
                await self._reader.connect()  # where nothing is watched, nothing else would reach Redis
                await self._refresh_all()
                self.connected, wait = True, RETRY_S[0]
                await self._read_until_error()
            except Exception as error:
                self._note(error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, RETRY_S[1])

    def _note(self, error: Exception) -> None:
        if not isinstance(error, StoreError):
            _log.exception(
                "This is a bug; reading begins again, for without it every reader would wait for ever"
            )
        elif self.connected:
            _log.warning("Readers keep what they have; trying again: %s", error)
        self.reconnects += self.connected
        self.connected = False
        self._took_changes.set()

    async def _read_until_error(self) -> None:
        loop = asyncio.get_running_loop()
        attach_at = loop.time() + ATTACH_S
        while not self._closing:
            asked = {channel.log.key: (channel, channel.head) for channel in self._channels.values()}
            after = {key: f"{head}-0" for key, (_, head) in asked.items()}
            if self._control_id is not None:
                after[CONTROL] = self._control_id
            self._took_changes.set()
            for key, rows in await self._reader.read(after):
                if key == CONTROL:
                    self._hear(rows)
                else:
                    await self._dispatch(*asked[key], rows)
            if loop.time() >= attach_at:
                await self._refresh_all()
                attach_at = loop.time() + ATTACH_S

    def _hear(self, rows: Rows) -> None:
        self._control_id = rows[-1][0].decode()
        for _, fields in rows:
            self._hub.on_control(orjson.loads(fields[b"event"]))

    async def _dispatch(self, channel: Channel, after: int, rows: Rows) -> None:
        """Hand on what was read above the offset ``after``.

        Raises:
            StoreUnavailable: it is not of the history that Redis has by now.
        """
        try:
            entries = [LogEntry.parse(*row) for row in rows]
            if not all(channel.fits(entry) for entry in entries):
                await self._hub.refresh(channel)  # a new reign began: is what we stand on still true?
        except StoreInconsistent as error:
            self._give_up(channel, error)
            return
        except FeedNotFound as error:
            raise StoreUnavailable(f"the feed {channel.log.feed} was removed meanwhile") from error
        if after > channel.head:
            return  # rebuilt meanwhile: what lies in between is read first, and then this again
        new = [entry for entry in entries if entry.offset > channel.head]
        if not all(channel.fits(entry) for entry in new):
            raise StoreUnavailable("this connection leads to a server that is not the primary any more")
        self.changes += len(new)
        channel.dispatch(new)

    async def _refresh_all(self) -> None:
        """Compare all channels with their logs; one that cannot be is an error after the others were."""
        channels = list(self._channels.values())
        failed: BaseException | None = None
        for channel, error in zip(channels, await self._hub.refresh_all(channels), strict=True):
            if isinstance(error, FeedNotFound):
                # Flushed, perhaps restored in a moment: readers keep what they have until it is back.
                _log.warning("%s: the feed is not in Redis any more", channel.log.feed)
            elif isinstance(error, StoreInconsistent):
                self._give_up(channel, error)
            else:
                failed = error or failed
        if failed is not None:
            raise failed

    def _give_up(self, channel: Channel, error: StoreInconsistent) -> None:
        _log.error(
            "%s: the log holds something foreign; it is not followed any more",
            channel.log.feed,
            exc_info=error,
        )
        self._hub.on_broken(channel)
