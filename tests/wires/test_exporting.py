from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from livefeed.core import editing
from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.core.validation import parse
from livefeed.errors import FeedNotFound
from livefeed.store.store import Store
from livefeed.wires.exporting import export_feed, line_of
from livefeed.wires.read import read_wire

NOW = datetime(2026, 11, 22, 8, 16, 53, 120_000, UTC)

FULL = {
    "title": "A title",
    "text": "Line one  \nline **two** – “three”\u2028",
    "time": "2026-11-22T08:16:52.250Z",
    "author": "News desk",
    "tags": ["energy", "грід"],
    "link": {"url": "https://example.org/a?b=c#d", "label": "The full story"},
    "image": {
        "url": "/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.png",
        "alt": "a",
        "width": 3,
        "height": 4,
        "caption": "c\nd",
        "credit": "e",
    },
    "breaking": True,
    "key": True,
    "pinned": True,
    "correction": "It was line three.",
}


def published(fields: dict[str, Any]) -> dict[str, Any]:
    draft = parse(UpdateCreate, fields)
    return editing.publish(draft, update_id="01k", now=NOW).model_dump()


@pytest.mark.parametrize("fields", [FULL, {"text": "a"}, {"text": "<p>a</p>", "format": "html"}])
def test_what_is_exported_is_imported_the_same(fields: dict[str, Any]) -> None:
    update = published(fields)
    line = line_of(update)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    wire = read_wire(line)
    [draft] = wire.entries
    assert wire.skipped == []
    assert draft.source == "01k"
    assert editing.publish(draft, update_id="01k", now=NOW).model_dump() == update


def test_what_is_not_set_is_said_too() -> None:
    assert orjson.loads(line_of(published({"text": "a"}))) == {
        "id": "01k",
        "time": "2026-11-22T08:16:53.120Z",
        "title": None,
        "text": "a",
        "format": "markdown",
        "author": None,
        "tags": [],
        "link": None,
        "image": None,
        "breaking": False,
        "key": False,
        "pinned": False,
        "correction": None,
    }


async def test_a_whole_feed_oldest_first(store: Store) -> None:
    await store.feeds.create(FeedCreate(slug="exported"))
    assert [lines async for lines in export_feed(store, "exported")] == [b""]
    for at in range(101):
        time = f"2026-11-22T08:{at // 60:02}:{at % 60:02}Z"
        await store.updates.publish("exported", UpdateCreate(text=str(at), source=f"s{at}", time=time))
    some, rest = [lines async for lines in export_feed(store, "exported")]
    lines = [orjson.loads(line) for line in (some + rest).splitlines()]
    assert [(line["id"], line["text"]) for line in lines] == [(f"s{at}", str(at)) for at in range(101)]


async def test_no_feed_to_export(store: Store) -> None:
    with pytest.raises(FeedNotFound):
        _ = [lines async for lines in export_feed(store, "nowhere")]
