"""What breaks a rule is told field by field, in words; test_models.py has every rule."""

from __future__ import annotations

from typing import Any

import pytest

from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.core.validation import parse
from livefeed.errors import InvalidInput


def errors_of(data: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse(UpdateCreate, data)
    return {error.field: error.message for error in caught.value.errors}


def test_what_is_right_is_a_model() -> None:
    assert parse(FeedCreate, {"slug": "news"}).timezone == "UTC"


def test_each_broken_rule_is_told_with_its_field() -> None:
    assert errors_of({"title": 1, "tags": ["a", 2], "rev": 7}) == {
        "text": "this field is required",
        "title": "give a text",
        "tags.1": "give a text",
        "rev": "there is no such field, or it cannot be set",
    }


def test_a_rule_of_the_whole_names_its_field() -> None:
    assert list(errors_of({"text": "  "})) == ["text"]


@pytest.mark.parametrize("data", [None, [], "text", 7])
def test_only_objects_are_read(data: Any) -> None:
    assert errors_of(data) == {"body": "send a JSON object"}
