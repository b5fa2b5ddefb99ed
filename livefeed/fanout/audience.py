"""An audience: the subscribers of one channel, and the passes that bring them what comes.

Those who stand at the head are *live*. A pass writes to each of them what has come since the last one,
the same bytes to all who stand together; what comes meanwhile waits for the next pass, and is one write.
Who cannot take it is *parked*, with nothing but its position, and is brought up to date from the
channel's window when its buffer has drained. Where each reader goes on is told by its position alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from livefeed.core import messages
from livefeed.core.position import Position
from livefeed.errors import FeedNotFound, StoreError
from livefeed.fanout.admission import Seat
from livefeed.fanout.channel import Channel
from livefeed.fanout.framing import FRAMINGS, Framing
from livefeed.fanout.joining import Joined
from livefeed.fanout.message import OVERLOAD_RETRY_S, Message, bye
from livefeed.fanout.news import next_news
from livefeed.fanout.pass_news import Changes, PassNews, Tally
from livefeed.fanout.subscriber import State, Subscriber
from livefeed.fanout.wheel import Wheel

__all__ = ["Audience", "Joiner", "Welcome"]

_log = logging.getLogger("livefeed.fanout")

_T = TypeVar("_T")

SLICE = 256
"""So many readers are written to before others have their turn, which takes a few milliseconds."""

MAX_WELCOMES = 64


class Joiner(Protocol):
    async def join(self, channel: Channel, position: Position | None) -> Joined:
        """What a reader who comes with this position is told first."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first bytes for a reader, and where they leave it; all who come alike share it."""

    framing: Framing
    position: Position
    data: bytes


class Audience:
    """The subscribers of one channel."""

    def __init__(self, channel: Channel, joiner: Joiner, wheel: Wheel, tally: Tally) -> None:
        self.channel = channel
        self._joiner, self._wheel, self._tally = joiner, wheel, tally
        # Dicts keep the order in which readers came, which is how the kernel has their sockets in memory:
        # in the order of a set a pass takes longer.
        self._live: dict[Framing, dict[Subscriber, None]] = {framing: {} for framing in FRAMINGS}
        self._rejoining: dict[Position, set[Subscriber]] = {}
        self._welcomes: dict[tuple[Position | None, Framing], Welcome] = {}
        self._news = PassNews(channel, Changes(tally))
        self._size = 0
        self._passing = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop passing on. The connections are uvicorn's to close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Coming and going ---------------------------------------------------------------------------

    async def welcome(self, position: Position | None, framing: Framing) -> Welcome:
        """What a reader who comes with ``position`` is told first.

        Raises:
            FeedNotFound: also if it has become a draft meanwhile.
            StoreError
        """
        key = position, framing
        known = self._welcomes.get(key)
        # Kept while nothing changes: what has been deleted since must not be told once more.
        if known is not None and known.position is self.channel.position:
            return known
        joined = await self._joiner.join(self.channel, position)
        if self.channel.is_draft:
            raise FeedNotFound(self.channel.log.feed)
        known = self._welcomes.get(key)  # of the many who waited for the same, the first has made it
        if known is not None and known.position is self.channel.position:
            return known
        sync = Message("sync", joined.message, joined.position)
        at_head = joined.position == self.channel.position
        leads_to = self.channel.position if at_head else joined.position
        made = Welcome(framing, leads_to, framing.preamble + framing.frame(sync))
        if len(self._welcomes) >= MAX_WELCOMES:
            self._welcomes.clear()
        self._welcomes[key] = made
        return made

    def admit(self, take: Callable[[Subscriber, bytes], bool], welcome: Welcome, seat: Seat) -> bool:
        """Greet a reader on a connection that ``take`` hands to its subscriber, which keeps the seat.

        False if ``take`` does not.
        """
        reader = Subscriber(self, welcome.framing, welcome.position, seat)
        if not take(reader, welcome.data):
            return False
        reader.seat = seat.moved()
        self.channel.readers += 1
        self._size += 1
        self._wheel.put(reader)
        if reader.state is State.BEHIND:
            self.bring_up(reader)
        return True

    def part(self, reader: Subscriber, state: State) -> None:
        """Let go of a reader, who is LEAVING or GONE."""
        if reader.state in (State.LEAVING, State.GONE):
            reader.state = max(reader.state, state)
            return
        self._live[reader.framing].pop(reader, None)
        self.channel.readers -= 1
        self._size -= 1
        reader.state = state
        self._wheel.release(reader)

    def park(self, reader: Subscriber) -> None:
        """Set a reader aside whose buffer is full."""
        self._live[reader.framing].pop(reader, None)
        reader.set_aside()
        self._tally.parked_total += 1

    def bring_up(self, reader: Subscriber) -> None:
        """Tell a reader what it missed, until it is live or its buffer is full once more."""
        if reader.position is self.channel.position and self.channel.goes_on():
            self._enter(reader)
            return
        reader.state = State.BEHIND
        while reader.state is State.BEHIND:
            if self._news.is_stale:
                self._news.renew()
            told = self._news.after(reader.position, reader.framing)
            if told is None:
                self._tell_alone(reader)
                return
            if told[1]:
                reader.tell(*told)
            else:
                self._enter(reader)

    def _tell_alone(self, reader: Subscriber) -> None:
        news = next_news(self.channel, reader.position)
        if news is None:
            self._rejoin(reader)
        else:
            reader.leave(news[-1])

    def _enter(self, reader: Subscriber) -> None:
        reader.state = State.LIVE
        self._live[reader.framing][reader] = None
        if not self._passing:
            self._passing = True
            self._spawn(self._pass_on_while_somebody_is_here())

    # Passes -------------------------------------------------------------------------------------

    async def _pass_on_while_somebody_is_here(self) -> None:
        try:
            while self._size:
                # Taken first: what happens during the pass is not missed.
                turn, ended = self.channel.turn, self.channel.ended
                try:
                    while await self._pass():
                        pass  # what was told may be a piece, or the last of a feed that is closed
                except Exception:
                    _log.exception("%s: this is a bug; it goes on with the next pass", self.channel.log.feed)
                if ended:
                    return  # nobody is live any more, nor will be
                await turn.wait()
        finally:
            self._passing = False

    async def _pass(self) -> bool:
        """Tell every live reader what comes next; False if there was nothing to tell."""
        written = 0
        for framing, live in self._live.items():
            for part in _slices(list(live)):
                written += self._write(framing, part)
                await asyncio.sleep(0)
        self._tally.writes_total += written
        return written > 0

    def _write(self, framing: Framing, readers: Sequence[Subscriber]) -> int:
        """Tell a slice of readers what comes next; how many there was something for."""
        if self._news.is_stale:
            self._news.renew()
        at: Position | None = None
        told: tuple[Position, bytes] | None = None
        written = 0
        for reader in readers:
            if reader.state is not State.LIVE:
                continue  # it parted or was parked meanwhile
            if reader.position is not at:  # nearly all stand together, at the very same object
                at = reader.position
                told = self._news.after(at, framing)
            try:
                if told is None:
                    self._live[framing].pop(reader, None)
                    self.bring_up(reader)
                elif told[1]:
                    # The position first: the transport may ask to pause from within the write.
                    reader.position = told[0]
                    reader.transport.write(told[1])
                    written += 1
            except Exception:
                _log.exception("%s: this is a bug; the reader is let go", self.channel.log.feed)
                reader.transport.abort()
        return written

    def ping(self, position: Position) -> Message:
        return Message("ping", messages.ping(position, self.channel.readers_everywhere))

    # Joining anew -------------------------------------------------------------------------------

    def _rejoin(self, reader: Subscriber) -> None:
        if (waiting := self._rejoining.get(reader.position)) is not None:
            waiting.add(reader)
        else:
            self._rejoining[reader.position] = {reader}
            self._spawn(self._bring_back(reader.position))

    async def _bring_back(self, position: Position) -> None:
        """Join all again who stand at a position that leads nowhere."""
        turn, joined = self.channel.turn, await self._joined(position)
        frames: dict[Framing, bytes] = {}
        for part in _slices(list(self._rejoining.pop(position))):
            while turn.is_set():  # something has happened since: what was to be told may be deleted
                turn, joined = self.channel.turn, await self._joined(position)
                frames = {}
            leads_on = next_news(self.channel, position) is not None  # it does by now, or there is a bye
            for reader in part:
                if reader.state is not State.BEHIND or reader.position != position:
                    continue  # gone, or parked: then it asks again
                if leads_on:
                    pass
                elif joined is None:
                    reader.leave(bye("overload", OVERLOAD_RETRY_S))
                else:
                    if reader.framing not in frames:
                        sync = Message("sync", joined.message, joined.position)
                        frames[reader.framing] = reader.framing.frame(sync)
                    reader.tell(joined.position, frames[reader.framing])
                if reader.state is State.BEHIND:
                    self.bring_up(reader)
            await asyncio.sleep(0)

    async def _joined(self, position: Position) -> Joined | None:
        try:
            return await self._joiner.join(self.channel, position)
        except (FeedNotFound, StoreError):
            return None
        except Exception:
            _log.exception("%s: this is a bug; readers come back in a moment", self.channel.log.feed)
            return None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _slices(readers: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(readers), SLICE):
        yield readers[start : start + SLICE]
