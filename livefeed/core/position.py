"""Positions: where a reader stands in a log, and the rule by which a position is good."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from livefeed.errors import BadPosition

__all__ = ["MAX_OFFSET", "Position", "Reigns", "Verdict"]

MAX_OFFSET = 2**53 - 1
"""Offsets stay exact in JavaScript and in Redis's Lua, whose numbers are doubles."""

_EPOCH = re.compile(r"[a-z0-9]{1,16}")
_OFFSET = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Position:
    """``epoch:offset``: everything up to the change number ``offset``, as ``epoch`` knew it."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read what :meth:`__str__` printed.

        Raises:
            BadPosition: with the reason, for anything else.
        """
        epoch, colon, offset = text.partition(":")
        if not colon:
            raise BadPosition("a position looks like k3f9:128: there is no colon in it")
        if not _EPOCH.fullmatch(epoch):
            raise BadPosition("the part before the colon must be 1 to 16 of a-z and 0-9")
        if not _OFFSET.fullmatch(offset):
            raise BadPosition("the part after the colon must be a whole number without leading zeros")
        if int(offset) > MAX_OFFSET:
            raise BadPosition(f"the part after the colon must not be above {MAX_OFFSET}")
        return cls(epoch, int(offset))


class Verdict(enum.Enum):
    GOOD = "good"
    """What was missed can be told exactly."""
    AHEAD = "ahead"
    """Beyond the head that we know, in the reign that we know as the latest."""
    BAD = "bad"
    """Of a reign we do not know, on a tail that was lost, or below what was trimmed: snapshot."""


@dataclass(frozen=True, slots=True)
class Reigns:
    """The reigns over a log: each epoch with the offset it began at, oldest first; head and floor.

    ``head`` is the last offset given out, ``floor`` the highest trimmed one. There is at least
    one epoch.
    """

    epochs: tuple[tuple[str, int], ...]
    head: int
    floor: int

    @property
    def epoch(self) -> str:
        """The latest epoch."""
        return self.epochs[-1][0]

    @property
    def position(self) -> Position:
        """Where one stands who has seen everything."""
        return Position(self.epoch, self.head)

    def last_offset(self, epoch: str) -> int | None:
        """The last offset of ``epoch``'s reign (the head for the latest), or None if it is unknown."""
        for index, (known, _) in enumerate(self.epochs):
            if known == epoch:
                return self.epochs[index + 1][1] - 1 if index + 1 < len(self.epochs) else self.head
        return None

    def judge(self, position: Position) -> Verdict:
        """The rule: known epoch, not beyond that epoch's last offset, ``floor <= offset <= head``.

        Comparing only "same epoch, not above head" would take a lost tail for good as soon as new
        changes have passed it.
        """
        if position.epoch == self.epoch and position.offset > self.head:
            return Verdict.AHEAD
        last = self.last_offset(position.epoch)
        good = last is not None and position.offset <= last and self.floor <= position.offset <= self.head
        return Verdict.GOOD if good else Verdict.BAD
