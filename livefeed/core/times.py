"""Times: RFC 3339 in UTC on the outside, whole milliseconds since 1970 where they are compared."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["parse_time", "print_time", "to_ms"]

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time with its zone; the result is in UTC, cut to milliseconds.

    Raises:
        ValueError: in words for the person who sent it.
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError("give an RFC 3339 time with its zone, as 2026-11-22T08:16:52Z")
    try:
        time = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"there is no such time: {text}") from error
    if not _EARLIEST <= time < _LATEST:
        raise ValueError("give a time between the years 1970 and 2099")
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def print_time(time: datetime) -> str:
    """``2026-11-22T08:16:52Z``, with milliseconds where there are any."""
    time = time.astimezone(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%S") + (f".{ms:03d}Z" if (ms := time.microsecond // 1000) else "Z")


def to_ms(text: str) -> int:
    """Milliseconds since 1970 of a time as :func:`print_time` writes it: what sorting goes by."""
    time = datetime.fromisoformat(text)
    return int(time.replace(microsecond=0).timestamp()) * 1000 + time.microsecond // 1000
