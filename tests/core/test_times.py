from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.times import parse_time, print_time, to_ms

TIMES = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001
    datetime(2099, 12, 30),  # noqa: DTZ001
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(TIMES)
def test_what_is_printed_is_read_back_to_the_millisecond(time: datetime) -> None:
    read = parse_time(print_time(time))
    assert read == time.replace(microsecond=time.microsecond // 1000 * 1000)
    assert read.tzinfo is UTC


@given(TIMES)
def test_any_zone_is_read(time: datetime) -> None:
    assert timedelta(0) <= time - parse_time(time.isoformat()) < timedelta(milliseconds=1)


@given(TIMES, TIMES)
def test_milliseconds_sort_like_times(one: datetime, other: datetime) -> None:
    first, second = print_time(one), print_time(other)
    assert (to_ms(first) < to_ms(second)) == (parse_time(first) < parse_time(second))
    assert to_ms(first) == round(parse_time(first).timestamp() * 1000)


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"))
def test_anything_else_is_refused_in_words(text: str) -> None:
    try:
        time = parse_time(text)
    except ValueError as error:
        assert "time" in str(error)  # noqa: PT017
    else:
        assert parse_time(print_time(time)) == time


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-22T08:16:52", "with its zone"),
        ("2026-11-22", "with its zone"),
        ("2026-11-22T08:16Z", "with its zone"),
        ("2026-02-30T08:16:52Z", "no such time"),
        ("2026-11-22T25:16:52Z", "no such time"),
        ("2026-11-22T08:16:60Z", "no such time"),
        ("2026-11-22T08:16:52+24:00", "no such time"),
        ("0001-01-01T00:00:00+01:00", "no such time"),
        ("1969-12-31T23:59:59Z", "1970 and 2099"),
        ("9999-12-31T23:59:59Z", "1970 and 2099"),
        ("2100-01-01T00:00:00Z", "1970 and 2099"),
    ],
)
def test_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2026-11-22T10:16:52+02:00", "2026-11-22T08:16:52Z"),
        ("2026-11-22 08:16:52.1z", "2026-11-22T08:16:52.100Z"),
        ("2026-11-22t08:16:52.999999999Z", "2026-11-22T08:16:52.999Z"),
        ("2026-11-22T08:16:52.0004Z", "2026-11-22T08:16:52Z"),
    ],
)
def test_how_it_is_printed(text: str, printed: str) -> None:
    assert print_time(parse_time(text)) == printed
