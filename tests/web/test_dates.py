from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from babel.localedata import locale_identifiers

from livefeed.web.dates import Kind, direction, locale_of, show

TIME = "2026-11-22T12:05:09.120Z"
KYIV = "Europe/Kyiv"


@pytest.mark.parametrize(
    ("lang", "brief", "day", "full"),
    [
        ("en", "Nov 22, 14:05", "Sunday, November 22, 2026", "Sunday, November 22, 2026, 14:05 GMT+2"),
        ("en-GB", "22 Nov, 14:05", "Sunday, 22 November 2026", "Sunday, 22 November 2026, 14:05 GMT+2"),
        (
            "uk",
            "22 лист., 14:05",
            "неділя, 22 листопада 2026 р.",
            "неділя, 22 листопада 2026 р., 14:05 GMT+2",
        ),
        ("de", "22. Nov., 14:05", "Sonntag, 22. November 2026", "Sonntag, 22. November 2026, 14:05 GMT+2"),
        ("fr", "22 nov., 14:05", "dimanche 22 novembre 2026", "dimanche 22 novembre 2026, 14:05 UTC+2"),
        (
            *("es", "22 nov, 14:05", "domingo, 22 de noviembre de 2026"),
            "domingo, 22 de noviembre de 2026, 14:05 GMT+2",
        ),
        ("pl", "22 lis, 14:05", "niedziela, 22 listopada 2026", "niedziela, 22 listopada 2026 14:05 GMT+2"),
        ("ar", "22 نوفمبر، 14:05", "الأحد، 22 نوفمبر 2026", "الأحد، 22 نوفمبر 2026، 14:05 غرينتش+2"),
    ],
)
def test_times_are_in_the_feeds_language(lang: str, brief: str, day: str, full: str) -> None:
    """As Chromium 156 writes them, but for its “at” between date and time, which Babel does not know."""
    assert show("clock", TIME, lang, KYIV) == "14:05"
    assert show("brief", TIME, lang, KYIV) == brief
    assert show("day", TIME, lang, KYIV).replace("\u202f", " ") == day
    assert show("full", TIME, lang, KYIV).replace("\u202f", " ") == full


@pytest.mark.parametrize(
    ("time", "clock", "full"),
    [
        ("2026-10-25T00:30:00Z", "03:30", "03:30 GMT+3"),  # summer time
        ("2026-10-25T01:30:00Z", "03:30", "03:30 GMT+2"),  # an hour later, winter time
        ("2026-03-29T00:59:00Z", "02:59", "02:59 GMT+2"),
        ("2026-03-29T01:00:00Z", "04:00", "04:00 GMT+3"),
    ],
)
def test_the_hour_that_comes_twice_and_the_one_that_never_comes(time: str, clock: str, full: str) -> None:
    assert show("clock", time, "uk", KYIV) == clock
    assert show("full", time, "uk", KYIV).endswith(full)


def test_midnight_is_the_feeds() -> None:
    assert show("clock", "2026-11-22T21:59:59.999Z", "uk", KYIV) == "23:59"
    assert show("day", "2026-11-22T21:59:59.999Z", "en", KYIV) == "Sunday, November 22, 2026"
    assert show("clock", "2026-11-22T22:00:00Z", "uk", KYIV) == "00:00"
    assert show("day", "2026-11-22T22:00:00Z", "en", KYIV) == "Monday, November 23, 2026"
    assert show("brief", "2026-12-31T22:00:00Z", "en", KYIV) == "Jan 1, 00:00"


@pytest.mark.parametrize(
    ("lang", "zone", "name"),
    [
        ("de", "Europe/Berlin", "MEZ"),
        ("en", "America/New_York", "EST"),
        ("uk", "America/New_York", "GMT-5"),
        ("en", "Asia/Kolkata", "GMT+5:30"),
        ("en", "America/St_Johns", "GMT-3:30"),
        ("fr", "UTC", "UTC"),
        ("de", "Africa/Abidjan", "GMT"),
    ],
)
def test_a_zone_is_named_as_the_language_does(lang: str, zone: str, name: str) -> None:
    assert show("full", TIME, lang, zone).endswith(f" {name}")


def test_a_language_that_nobody_knows_is_shown_in_english() -> None:
    for lang in ("qq", "abcdefgh", "xx-YY-zz-1"):
        assert show("day", TIME, lang, "UTC") == "Sunday, November 22, 2026"
    assert str(locale_of("uk-Latn-abc-x")) == "uk"


def test_directions() -> None:
    assert [direction(lang) for lang in ("en", "uk", "qq", "ar", "he", "fa-AF", "ur")] == ["ltr"] * 3 + [
        "rtl"
    ] * 4


def test_no_language_and_no_zone_is_too_much() -> None:
    kinds: tuple[Kind, ...] = ("clock", "brief", "day", "full")
    for lang in [name.replace("_", "-") for name in locale_identifiers()]:
        assert all(show(kind, TIME, lang, KYIV) for kind in kinds), lang
        assert direction(lang) in ("ltr", "rtl")
    for zone in available_timezones():
        assert show("full", TIME, "uk", zone), zone
