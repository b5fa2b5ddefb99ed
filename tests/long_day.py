"""A long day's coverage: as many realistic updates as wanted, made from the demo's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from livefeed.demo.coverage import Publish, load_coverage

__all__ = ["FEED", "drafts"]

FEED: dict[str, Any] = {
    "title": "Storm over Skerrow Bay",
    "description": "Red warning, a ferry in distress, 3,200 homes without electricity: news as it comes.",
    "timezone": "Europe/London",
}
_APART = timedelta(minutes=7)
# One speaks of the demo itself; the other's table has a column without a heading.
_NOT_THESE = {"end", "tomorrow"}


def drafts(count: int, end: datetime | None = None) -> Iterator[dict[str, Any]]:
    """What one would send to publish them: the oldest first, the last shown at ``end``, else now.

    One of 40 is breaking, one of 12 a key event, one of 25 corrected; the last but one is pinned.
    """
    end = end or datetime.now(UTC)
    steps = [step for step in load_coverage().steps if isinstance(step, Publish)]
    told = [step.update for step in steps if step.name not in _NOT_THESE]
    for number in range(count):
        draft = told[number % len(told)] | {
            "time": (end - _APART * (count - 1 - number)).isoformat(timespec="milliseconds"),
            "breaking": number % 40 == 7,
            "key": number % 12 == 5,
            "pinned": number == count - 2,
        }
        if number % 25 == 9:
            draft["correction"] = "An earlier version gave another number of homes."
        yield draft
