"""Times in a feed's language and zone, as ``Intl.DateTimeFormat`` writes them (static/ticker/time.js).

The server does not know the reader's zone: the browser writes clock times anew. Babel's data is that of
CLDR; a language that it does not know is shown in English.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import DateTimePattern, get_timezone_name, parse_pattern

from livefeed.core.times import parse_time

__all__ = ["Kind", "direction", "locale_of", "show"]

Kind = Literal["clock", "brief", "day", "full"]
"""``14:05`` · ``Nov 22, 14:05`` · ``Sunday, November 22, 2026`` · both of it, with the zone."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    clock: DateTimePattern
    brief: DateTimePattern
    day: DateTimePattern
    full: DateTimePattern


@lru_cache(maxsize=256)
def locale_of(lang: str) -> Locale:
    """What CLDR knows of a language tag, or of its beginning; of English else."""
    parts = lang.split("-")
    while parts:
        with suppress(ValueError, UnknownLocaleError):
            return Locale.parse("_".join(parts))
        parts.pop()
    return Locale("en")


@lru_cache(maxsize=256)
def direction(lang: str) -> str:
    """``ltr`` or ``rtl``, for ``dir``."""
    return "rtl" if locale_of(lang).text_direction == "rtl" else "ltr"


# The same few times stand on every page of a feed, for every reader.
@lru_cache(maxsize=8192)
def show(kind: Kind, value: str, lang: str, zone: str) -> str:
    """A time (RFC 3339) in words."""
    locale, time = locale_of(lang), parse_time(value).astimezone(ZoneInfo(zone))
    pattern: DateTimePattern = getattr(_patterns(lang), kind)
    shown = str(pattern.apply(time, locale))
    return f"{shown} {_zone(time, locale)}" if kind == "full" else shown


@lru_cache(maxsize=256)
def _patterns(lang: str) -> _Patterns:
    locale = locale_of(lang)
    skeletons = locale.datetime_skeletons
    # hour: '2-digit', hourCycle: 'h23'
    clock = re.sub("H+", "HH", skeletons["Hm"].pattern if "Hm" in skeletons else "HH:mm")
    short = skeletons["MMMd"] if "MMMd" in skeletons else locale.date_formats["medium"]
    day = locale.date_formats["full"].pattern
    return _Patterns(
        clock=parse_pattern(clock),
        brief=_joined(locale, "medium", short.pattern, clock),
        day=parse_pattern(day),
        full=_joined(locale, "full", day, clock),
    )


def _joined(locale: Locale, length: str, date: str, time: str) -> DateTimePattern:
    return parse_pattern(str(locale.datetime_formats[length]).replace("{1}", date).replace("{0}", time))


def _zone(time: datetime, locale: Locale) -> str:
    """``UTC``, ``EST``, or ``GMT+2`` where the language has no abbreviation of its own."""
    offset = time.utcoffset()
    if str(time.tzinfo) in ("UTC", "Etc/UTC") or offset is None:
        return "UTC"
    name = get_timezone_name(time, "short", locale=locale)
    if name.isalpha() and len(name) <= 5:
        return name
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "" if not minutes else "-" if minutes < 0 else "+"
    return str(locale.zone_formats["gmt"] % f"{sign}{hours or ''}{f':{rest:02}' if rest else ''}")
