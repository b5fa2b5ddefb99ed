from __future__ import annotations

from typing import Any

import pytest

from livefeed.core.items import ItemContent, ItemCreate, ReturnRequest, ScheduleRequest
from livefeed.core.models import UpdateEdit
from livefeed.core.validation import parse
from livefeed.errors import InvalidInput


def test_an_item_says_what_an_update_says() -> None:
    assert set(ItemContent.model_fields) == set(UpdateEdit.model_fields) - {"minor"}


@pytest.mark.parametrize("text", ["", " \n", "x" * 20_000, "a\r\nb"])
def test_a_text_need_not_be_finished(text: str) -> None:
    assert parse(ItemCreate, {"text": text}).text == text.replace("\r\n", "\n")
    assert parse(ItemCreate, {}).text == ""


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"text": "x" * 20_001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": 1}, "text"),
        ({"title": "two\nlines"}, "title"),
        ({"time": "yesterday"}, "time"),
        ({"id": "@feed"}, "id"),
        ({"source": "wire:1"}, "source"),
        ({"state": "going"}, "state"),
        ({"link": {"url": "javascript:alert(1)"}}, "link.url"),
    ],
)
def test_the_rules_are_an_update_s(content: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(ItemCreate, content)
    assert [error.field for error in caught.value.errors] == [field]


def test_a_note_is_needed_and_bounded() -> None:
    assert parse(ReturnRequest, {"note": " Who says so? "}).note == "Who says so?"
    for note in ("", " ", "x" * 1_001, None):
        with pytest.raises(InvalidInput):
            parse(ReturnRequest, {"note": note})


def test_a_time_is_told_in_utc() -> None:
    assert parse(ScheduleRequest, {"time": "2026-11-22T10:00:00+02:00"}).time == "2026-11-22T08:00:00Z"
