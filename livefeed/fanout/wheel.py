"""The wheel: the one clock of a process's subscribers. It turns once in ``ping_s``, in small steps.

At its beat, once a turn, a reader gets a heartbeat, is found dead or stuck, or is sent to renew its
connection. Those who were told good-bye, and take their time, are cut off after a moment.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Iterable, Iterator

from livefeed.core.position import Position
from livefeed.fanout.framing import Framing
from livefeed.fanout.message import DRAIN_RETRY_S, ROTATE_RETRY_S, bye
from livefeed.fanout.subscriber import Host, State, Subscriber

__all__ = ["LINGER_S", "Wheel", "lifetime"]

_log = logging.getLogger("livefeed.fanout")

LINGER_S = 1.0
"""How long somebody who was told good-bye may take to hear it."""

_SLOTS = 64
_MIN_STEP_S = 0.01
_DRAIN_STEP_S = 0.02


def lifetime(rotate_s: float) -> float:
    """How long a stream lives: 80 to 100 % of ``rotate_s``, for ever with 0."""
    return rotate_s * random.uniform(0.8, 1.0) if rotate_s else float("inf")


class Wheel:
    """Subscribers in slots, as evenly as they came; each step looks at those of one slot."""

    def __init__(self, *, ping_s: float, rotate_s: float, patience_s: float) -> None:
        count = max(1, min(_SLOTS, int(ping_s / _MIN_STEP_S)))
        self._step_s = ping_s / count
        self._slots: list[set[Subscriber]] = [set() for _ in range(count)]
        self._next_slot = 0
        self._rotate_s, self._patience_s = rotate_s, patience_s
        self._leaving: deque[tuple[float, Subscriber]] = deque()

    def __iter__(self) -> Iterator[Subscriber]:
        """All subscribers, in no order."""
        for slot in self._slots:
            yield from slot

    def put(self, reader: Subscriber) -> None:
        """Take a new reader in; its first beat comes within a turn."""
        reader.slot = self._next_slot
        self._next_slot = (self._next_slot + 1) % len(self._slots)
        reader.expires_at = _now() + lifetime(self._rotate_s)
        self._slots[reader.slot].add(reader)

    def release(self, reader: Subscriber) -> None:
        """Look no more at a reader who parts, except that it really goes."""
        self._slots[reader.slot].discard(reader)
        if reader.state is State.LEAVING:
            self._leaving.append((_now() + LINGER_S, reader))

    async def run(self) -> None:
        """Turn until cancelled."""
        due = _now()
        slot = 0
        while True:
            due = max(due + self._step_s, _now())  # what was slept through is not made up for
            await asyncio.sleep(due - _now())
            self._cut_off(_now())
            self._beat(list(self._slots[slot]), _now())
            slot = (slot + 1) % len(self._slots)

    async def send_away(self, within_s: float) -> None:
        """Say good-bye to everybody, for a drain, evenly over ``within_s``.

        Then, until cancelled, to those who were on their way in when it began.
        """
        readers = list(self)
        random.shuffle(readers)
        began = _now()
        done, somewhere = 0, random.random()
        while done < len(readers):
            passed = (_now() - began) / within_s if within_s else 1.0
            upto = min(len(readers), int(len(readers) * passed + somewhere))
            _drain(readers[done:upto])
            done = upto
            await asyncio.sleep(_DRAIN_STEP_S if within_s else 0)
        while True:
            _drain(list(self))
            await asyncio.sleep(_DRAIN_STEP_S)

    def _cut_off(self, now: float) -> None:
        while self._leaving and self._leaving[0][0] <= now:
            _, reader = self._leaving.popleft()
            if reader.state is not State.GONE:
                reader.transport.abort()

    def _beat(self, readers: Iterable[Subscriber], now: float) -> None:
        pings: dict[tuple[Host, Framing, Position], bytes] = {}
        for reader in readers:
            try:
                self._beat_one(reader, now, pings)
            except Exception:
                _log.exception("this is a bug; the reader is let go")
                reader.transport.abort()

    def _beat_one(
        self, reader: Subscriber, now: float, pings: dict[tuple[Host, Framing, Position], bytes]
    ) -> None:
        if reader.state is State.PARKED and reader.is_stuck(now, self._patience_s):
            reader.leave(bye("slow", ROTATE_RETRY_S))
        elif reader.state in (State.PARKED, State.LIVE) and now >= reader.expires_at:
            reader.leave(bye("rotate", ROTATE_RETRY_S))
        elif reader.state is State.LIVE:
            if reader.is_dead():
                reader.transport.abort()
            else:
                self._ping(reader, pings)

    def _ping(self, reader: Subscriber, pings: dict[tuple[Host, Framing, Position], bytes]) -> None:
        key = reader.audience, reader.framing, reader.position
        if (data := pings.get(key)) is None:
            ping = reader.audience.ping(reader.position)
            data = pings[key] = reader.framing.frame(ping) + reader.framing.beat
        reader.transport.write(data)


def _drain(readers: Iterable[Subscriber]) -> None:
    for reader in readers:
        reader.leave(bye("drain", DRAIN_RETRY_S))


def _now() -> float:
    return asyncio.get_running_loop().time()
