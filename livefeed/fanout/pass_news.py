"""What readers are told: decided once for all who stand together, and put into each form once."""

from __future__ import annotations

from dataclasses import dataclass

from livefeed.core.position import Position
from livefeed.fanout.channel import Channel
from livefeed.fanout.framing import Framing
from livefeed.fanout.message import Message
from livefeed.fanout.news import next_news

__all__ = ["Changes", "PassNews", "Tally"]

MAX_KEPT_BYTES = 262_144
"""So many bytes of frames are kept, the latest ones, and of what was made of them until something happens."""


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
        self._bytes = 0

    def framed(self, news: list[Message], framing: Framing) -> bytes:
        """Messages in one form, one after the other."""
        return b"".join(self._frame(message, framing) for message in news)

    def _frame(self, message: Message, framing: Framing) -> bytes:
        if message.type != "change":
            return framing.frame(message)
        key = message.data, framing
        if (frame := self._frames.get(key)) is None:
            frame = self._frames[key] = framing.frame(message)
            self._tally.frames_total += 1
            self._bytes += len(frame)
            while self._bytes > MAX_KEPT_BYTES:
                self._bytes -= len(self._frames.pop(next(iter(self._frames))))
        return frame


class PassNews:
    """What is told to those who stand at a position and get it in one form, until something happens."""

    def __init__(self, channel: Channel, changes: Changes) -> None:
        self._channel, self._changes = channel, changes
        self._made: dict[tuple[Position, Framing], tuple[Position, bytes] | None] = {}
        self._bytes = 0
        self._turn = channel.turn

    @property
    def is_stale(self) -> bool:
        """Whether something has happened: what was put together may have been deleted by now."""
        return self._turn.is_set()

    def renew(self) -> None:
        """Decide anew."""
        self._turn = self._channel.turn
        self._made.clear()
        self._bytes = 0

    def after(self, position: Position, framing: Framing) -> tuple[Position, bytes] | None:
        """The new position and the bytes that lead there, empty at the head.

        None where each reader is told on its own: a ``bye``, or to join anew.
        """
        key = position, framing
        if key not in self._made:
            self._made[key] = made = self._make(position, framing)
            self._bytes += len(made[1]) if made else 0
            if self._bytes > MAX_KEPT_BYTES:
                self.renew()
            return made
        return self._made[key]

    def _make(self, position: Position, framing: Framing) -> tuple[Position, bytes] | None:
        news = next_news(self._channel, position)
        if news is None:
            return None
        to = news[-1].position if news else position
        return None if to is None else (to, self._changes.framed(news, framing))
