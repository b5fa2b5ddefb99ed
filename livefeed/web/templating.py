"""Templates: one Jinja environment, in which everything is escaped and nothing may be missing."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from livefeed.core.cards import cards
from livefeed.core.times import parse_time, print_time

__all__ = ["data_block", "environment", "render"]

FeedFields = Mapping[str, Any]

# Within a script element only these can end it, begin a comment, or be read as another thing.
_DATA_ESCAPES = {
    ord(character): f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")
}


def data_block(json: bytes) -> Markup:
    """JSON as it may stand in ``<script type="application/json">``, whatever its strings contain."""
    return Markup(json.decode().translate(_DATA_ESCAPES))


def render(template: str, **context: Any) -> str:
    """A template's text."""
    return environment().get_template(template).render(context)


@functools.cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    made.filters |= {"cards": cards, "iso": _iso, "datetime": _datetime, "day": _day, "clock": _clock}
    return made


def _iso(value: str) -> str:
    return print_time(parse_time(value))


def _local(value: str, feed: FeedFields) -> datetime:
    """A time in the feed's own zone: the server does not know the reader's."""
    return parse_time(value).astimezone(ZoneInfo(feed["timezone"]))


# In English, as Intl.DateTimeFormat("en") in the browser writes them, and whatever the locale here is.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _datetime(value: str, feed: FeedFields) -> str:
    """``Nov 22, 2026, 14:05``"""
    time = _local(value, feed)
    return f"{_MONTHS[time.month - 1][:3]} {time.day}, {time.year}, {time:%H:%M}"


def _day(value: str, feed: FeedFields) -> str:
    """``Sunday, November 22, 2026``"""
    time = _local(value, feed)
    return f"{_WEEKDAYS[time.weekday()]}, {_MONTHS[time.month - 1]} {time.day}, {time.year}"


def _clock(value: str, feed: FeedFields) -> str:
    """``14:05``"""
    return f"{_local(value, feed):%H:%M}"
