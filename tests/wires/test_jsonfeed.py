from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from livefeed.errors import InvalidInput
from livefeed.wires.jsonfeed import read_jsonfeed


def feed(**item: Any) -> dict[str, Any]:
    return {"version": "https://jsonfeed.org/version/1", "items": [{"id": "a", "content_text": "b"} | item]}


def test_a_sample(samples: Path) -> None:
    wire = read_jsonfeed(orjson.loads((samples / "feed.json").read_bytes()))
    first, second, third = wire.entries
    assert (first.source, first.title, first.text, first.time) == ("f1", None, "<p>Nothing else</p>", None)
    assert (second.source, second.author) == ("2", "Ferry office")
    assert second.text == "<p>All sailings are &lt;cancelled&gt;.</p>\n<p>More at six.</p>"
    assert third.model_dump(exclude_unset=True) == {
        "source": "f3",
        "title": "Sailings resume",
        "text": '<p>From noon, <a href="https://ferry.example.org/timetable" rel="noopener nofollow ugc">'
        "as printed</a>.</p>",
        "format": "html",
        "author": "M. Tiller, O. Ward",
        "tags": ["ferry", "timetable"],
        "link": {"url": "https://ferry.example.org/3"},
        "image": {"url": "https://ferry.example.org/3.jpg"},
        "time": "2026-11-22T10:00:00Z",
    }
    assert {(skipped.where, skipped.reason) for skipped in wire.skipped} == {
        ("entry 4 (f0)", "text: there is neither a text nor a title"),
        ("entry 5", "this is no JSON object"),
    }


@pytest.mark.parametrize(
    "dirt",
    [
        {"title": 7},
        {"title": ["a"]},
        {"tags": "a"},
        {"tags": [1, None, ""]},
        {"authors": "me"},
        {"author": {"name": None}},
        {"date_published": "soon"},
        {"date_published": "9999-01-01T00:00:00Z"},
        {"image": "http://example.org/a.png"},
        {"url": "javascript:alert(1)"},
        {"url": "http://[broken"},
    ],
)
def test_dirt_costs_only_the_field_that_it_is_in(dirt: dict[str, Any]) -> None:
    wire = read_jsonfeed(feed(**dirt))
    [draft] = wire.entries
    assert (draft.source, draft.text, draft.time, draft.link, draft.image) == (
        "a",
        "<p>b</p>",
        None,
        None,
        None,
    )
    assert wire.skipped == []


def test_the_author_of_version_1_0() -> None:
    [draft] = read_jsonfeed(feed(author={"name": "A & B"})).entries
    assert draft.author == "A & B"


@pytest.mark.parametrize("items", [None, {}, "a"])
def test_without_a_list_of_items_it_is_refused(items: Any) -> None:
    with pytest.raises(InvalidInput, match="no list of items"):
        read_jsonfeed({"items": items})
