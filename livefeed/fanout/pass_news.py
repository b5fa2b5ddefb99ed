"""What a pass tells: decided once for all who stand together, and put into each form once."""

from __future__ import annotations

from dataclasses import dataclass

from livefeed.core.position import Position
from livefeed.fanout.channel import Channel
from livefeed.fanout.framing import Framing
from livefeed.fanout.message import Message
from livefeed.fanout.news import next_news

__all__ = ["Changes", "PassNews", "Tally"]

MAX_FRAMES = 64
"""So many frames are kept, the latest ones, for who is brought up to date after the pass."""


@dataclass(slots=True)
class Tally:
    """What a process's audiences did, for ``/metrics``."""

    frames_total: int = 0
    writes_total: int = 0
    parked_total: int = 0


class Changes:
    """Changes in their forms, each made once."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._frames: dict[tuple[bytes, Framing], bytes] = {}

    def framed(self, news: list[Message], framing: Framing) -> bytes:
        """Messages in one form, one after the other."""
        return b"".join(self._frame(message, framing) for message in news)

    def _frame(self, message: Message, framing: Framing) -> bytes:
        if message.type != "change":
            return framing.frame(message)
        key = message.data, framing
        if (frame := self._frames.get(key)) is None:
            if len(self._frames) >= MAX_FRAMES:
                del self._frames[next(iter(self._frames))]
            frame = self._frames[key] = framing.frame(message)
            self._tally.frames_total += 1
        return frame


class PassNews:
    """What one pass tells, decided once for all who stand at a position and get it in one form."""

    def __init__(self, channel: Channel, changes: Changes) -> None:
        self._channel, self._changes = channel, changes
        self._messages: dict[Position, list[Message] | None] = {}
        self._made: dict[tuple[Position, Framing], tuple[Position, bytes] | None] = {}

    def after(self, position: Position, framing: Framing) -> tuple[Position, bytes] | None:
        """The new position and the bytes that lead there, empty at the head.

        None where each reader is told on its own: a ``bye``, or to join anew.
        """
        key = position, framing
        if key not in self._made:
            if position not in self._messages:
                self._messages[position] = next_news(self._channel, position)
            self._made[key] = self._make(self._messages[position], position, framing)
        return self._made[key]

    def _make(
        self, news: list[Message] | None, position: Position, framing: Framing
    ) -> tuple[Position, bytes] | None:
        if news is None:
            return None
        to = news[-1].position if news else position
        return None if to is None else (to, self._changes.framed(news, framing))
