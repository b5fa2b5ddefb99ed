"""Who gets a place: readers are bounded in all, by address, by the site whose page asks, and by rate.

Everything is of one process, and costs the same however many readers there are.
"""

from __future__ import annotations

import logging
import math
import resource
import time
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Generic, TypeVar

from livefeed.core.forwarded import counted_as, parse_address
from livefeed.errors import Cap, ServerFull, TooManyReaders
from livefeed.settings import Settings

__all__ = ["BURST_S", "CAPS", "Admission", "Seat", "places"]

_log = logging.getLogger("livefeed.admission")

BURST_S = 5.0
"""After a quiet time, so many seconds' worth of joins may come at once."""

RETRY_S = {"address": 30.0, "origin": 30.0, "total": 10.0}
"""When who was refused may try again: nobody knows when a place becomes free. Another server may have one."""

MIN_WAIT_S, MAX_WAIT_S = 1.0, 60.0
"""For whom too many joins were before: when it would be their turn, within these bounds."""

LOG_S = 60.0
"""Refusals are logged at most once in this time."""

MAX_ORIGIN = 300
"""Characters by which an origin is counted: no real one is longer, and nobody keeps more than that here."""

CAPS: dict[Cap, str] = {
    "address": "LIVEFEED_MAX_READERS_PER_ADDRESS; behind a proxy, name it in LIVEFEED_TRUSTED_PROXIES",
    "origin": "LIVEFEED_MAX_READERS_PER_ORIGIN",
    "rate": "LIVEFEED_MAX_JOINS_PER_S",
    "total": "LIVEFEED_MAX_READERS, or the limit of open files",
}
"""Why somebody may be refused, and by which setting."""

_Key = TypeVar("_Key", bound=Hashable)


def places(wanted: int) -> float:
    """How many readers one process takes: ``wanted`` (0: no bound) within the limit of open files.

    A tenth of the files, but 64 at least and 512 at most, is left for pages, editors, Redis and who has to be
    refused.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = math.inf if files == resource.RLIM_INFINITY else max(1, files - min(max(64, files // 10), 512))
    return min(wanted or math.inf, possible)


class Admission:
    """Counts readers, and refuses those beyond a cap."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.monotonic) -> None:
        self.readers = 0
        self.most = places(settings.max_readers)
        self.refused: dict[Cap, int] = dict.fromkeys(CAPS, 0)
        self._addresses = _Counts[bytes](settings.max_readers_per_address)
        self._origins = _Counts[str](settings.max_readers_per_origin)
        self._rate = _Rate(settings.max_joins_per_s, now())
        self.counts_origins = settings.max_readers_per_origin > 0
        self._now, self._log_at = now, -math.inf

    def take(self, address: str | None, origin: str | None) -> Seat:
        """A place for one reader, whose page is of ``origin``; None for what is not known, nor counted then.

        Raises:
            TooManyReaders, ServerFull
        """
        known = parse_address(address or "")
        client = None if known is None else counted_as(known)
        site = None if origin is None else origin[:MAX_ORIGIN]
        if self.readers >= self.most:
            raise self._refusal("total")
        if self._addresses.is_full(client):
            raise self._refusal("address")
        if self._origins.is_full(site):
            raise self._refusal("origin")
        if wait_s := self._rate.take(self._now()):  # the last one: who is refused takes no turn from others
            raise self._refusal("rate", wait_s)
        self.readers += 1
        return Seat(self, self._addresses.add(client), self._origins.add(site))

    def statistics(self) -> dict[str, int]:
        """What is counted now; all of it is 0 once everybody has left."""
        return {"readers": self.readers, "addresses": len(self._addresses), "origins": len(self._origins)}

    def _leave(self, client: _Count[bytes] | None, site: _Count[str] | None) -> None:
        self.readers -= 1
        self._addresses.remove(client)
        self._origins.remove(site)

    def _refusal(self, cap: Cap, wait_s: float | None = None) -> TooManyReaders:
        self.refused[cap] += 1
        if (now := self._now()) >= self._log_at + LOG_S:
            self._log_at = now
            total = ", ".join(f"{count} by {name}" for name, count in self.refused.items() if count)
            _log.warning("too many readers (%s); refused since the start: %s", CAPS[cap], total)
        kind = ServerFull if cap == "total" else TooManyReaders
        return kind(cap, RETRY_S[cap] if wait_s is None else wait_s)


class Seat:
    """One reader's place, until it is given back; as a context manager, until the end of the block.

    Kept by each reader, so it is small: what many share is counted in one object.
    """

    __slots__ = ("_admission", "_client", "_site")

    def __init__(
        self, admission: Admission | None, client: _Count[bytes] | None, site: _Count[str] | None
    ) -> None:
        self._admission = admission
        self._client, self._site = client, site

    def give_back(self) -> None:
        """Whoever ends the stream does; again does nothing."""
        admission, self._admission = self._admission, None
        if admission is not None:
            admission._leave(self._client, self._site)

    def moved(self) -> Seat:
        """The place in another's hands: this seat has none to give back any more."""
        admission, self._admission = self._admission, None
        return Seat(admission, self._client, self._site)

    def __enter__(self) -> Seat:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()


class _Count(Generic[_Key]):
    __slots__ = ("key", "readers")

    def __init__(self, key: _Key) -> None:
        self.key, self.readers = key, 0


class _Counts(Generic[_Key]):
    """Readers by key, ``most`` for each; with 0 there is no bound, and nothing is counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_key: dict[_Key, _Count[_Key]] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def is_full(self, key: _Key | None) -> bool:
        count = None if key is None else self._by_key.get(key)
        return count is not None and count.readers >= self._most

    def add(self, key: _Key | None) -> _Count[_Key] | None:
        if key is None or not self._most:
            return None
        count = self._by_key.get(key)
        if count is None:
            count = self._by_key[key] = _Count(key)
        count.readers += 1
        return count

    def remove(self, count: _Count[_Key] | None) -> None:
        if count is None:
            return
        count.readers -= 1
        if not count.readers:
            del self._by_key[count.key]


class _Rate:
    """A token bucket that knows how many it sent away, and so when the next one's turn would be.

    If all were told the same time, all would come back together and most be refused again.
    """

    def __init__(self, per_s: float, now: float) -> None:
        self._per_s, self._at = per_s, now
        self._most = max(1.0, per_s * BURST_S)
        self._left, self._waiting = self._most, 0.0

    def take(self, now: float) -> float:
        """0 if one more may join now, else after how many seconds."""
        if not self._per_s:
            return 0.0
        passed, self._at = (now - self._at) * self._per_s, now
        self._left = min(self._most, self._left + passed)
        self._waiting = max(0.0, self._waiting - passed)
        if self._left >= 1.0:
            self._left -= 1.0
            return 0.0
        self._waiting = min(self._waiting + 1.0, MAX_WAIT_S * self._per_s)
        return max(MIN_WAIT_S, self._waiting / self._per_s)
