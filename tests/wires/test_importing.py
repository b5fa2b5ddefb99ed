from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from livefeed.core.models import FeedCreate
from livefeed.core.paging import PageQuery
from livefeed.errors import FeedClosed, FeedNotFound
from livefeed.store.store import Store
from livefeed.wires.entry import Wire
from livefeed.wires.exporting import line_of
from livefeed.wires.importing import MAX_SHOWN, Report, import_wire, preview_wire
from livefeed.wires.read import read_wire

NUMBERS = count(1)


@pytest.fixture
async def feed(store: Store) -> str:
    return (await store.feeds.create(FeedCreate(slug=f"wire-{next(NUMBERS)}"))).slug


async def updates(store: Store, feed: str) -> list[dict[str, Any]]:
    page = await store.updates.page(feed, PageQuery(limit=100, order="oldest"))
    return [orjson.loads(update) for update in page.updates]


async def head(store: Store, feed: str) -> str:
    return str((await store.updates.page(feed, PageQuery(limit=1))).position)


@pytest.mark.parametrize(
    "name", ["windows-1251.rss.xml", "bare.rss.xml", "xhtml.atom.xml", "feed.json", "updates.ndjson"]
)
async def test_twice_is_the_same_as_once(store: Store, feed: str, samples: Path, name: str) -> None:
    data = (samples / name).read_bytes()
    wire = read_wire(data)
    report = await import_wire(store, feed, wire)
    assert report == Report(published=len(wire.entries), skipped=wire.skipped)
    before, position = await updates(store, feed), await head(store, feed)
    again = await import_wire(store, feed, read_wire(data))
    assert again == Report(unchanged=len(wire.entries), skipped=wire.skipped)
    assert await updates(store, feed) == before
    assert await head(store, feed) == position


@pytest.mark.parametrize("name", ["bare.rss.xml", "windows-1251.rss.xml", "xhtml.atom.xml", "updates.ndjson"])
async def test_a_preview_says_what_the_import_does(store: Store, feed: str, samples: Path, name: str) -> None:
    """First into an empty feed, then again with some of it edited, deleted and said anew."""
    wire = read_wire((samples / name).read_bytes())
    for again in (False, True):
        if again:
            first, *_, last = await updates(store, feed)
            await store.updates.delete(feed, first["id"])
            await store.updates.edit(feed, last["id"], {"text": "Edited here", "format": "markdown"})
            entries = [
                entry.model_copy(update={"author": "Somebody"}) if at % 2 else entry
                for at, entry in enumerate(wire.entries)
            ]
            for entry in entries:
                entry.model_fields_set.add("author")
            wire = Wire(wire.kind, entries, wire.skipped)
        before = await head(store, feed)
        preview = await preview_wire(store, feed, wire)
        assert await head(store, feed) == before
        report = await import_wire(store, feed, wire)
        assert preview == report
        assert preview.deleted == report.deleted
        assert [(s.kind, s.headline) for s in preview.shown] == [(s.kind, s.headline) for s in report.shown]
        assert preview.skipped[: len(wire.skipped)] == wire.skipped


async def test_what_is_shown_is_bounded(store: Store, feed: str) -> None:
    wire = read_wire(b"\n".join(b'{"id":"%d","text":"x"}' % at for at in range(MAX_SHOWN + 5)))
    preview = await preview_wire(store, feed, wire)
    assert (preview.published, len(preview.shown)) == (MAX_SHOWN + 5, MAX_SHOWN)
    assert {shown.id for shown in preview.shown} == {None}
    report = await import_wire(store, feed, wire)
    assert len(report.shown) == MAX_SHOWN
    assert None not in {shown.id for shown in report.shown}


async def test_an_edited_item_becomes_an_edit(store: Store, feed: str) -> None:
    line = b'{"id":"a","text":"one","time":"2026-11-22T08:00:00Z"}'
    await import_wire(store, feed, read_wire(line))
    report = await import_wire(store, feed, read_wire(line.replace(b"one", b"two")))
    assert report == Report(edited=1)
    [update] = await updates(store, feed)
    assert (update["text"], update["rev"], update["time"]) == ("two", 2, "2026-11-22T08:00:00Z")
    assert update["edited"] is not None


async def test_an_undated_item_keeps_the_time_of_its_first_import(store: Store, feed: str) -> None:
    await import_wire(store, feed, read_wire(b'{"id":"a","text":"one"}'))
    [first] = await updates(store, feed)
    assert await import_wire(store, feed, read_wire(b'{"id":"a","text":"two"}')) == Report(edited=1)
    [second] = await updates(store, feed)
    assert second["time"] == first["time"]


async def test_a_pin_set_here_stays(store: Store, feed: str) -> None:
    wire = read_wire(b'{"id":"a","text":"one"}')
    await import_wire(store, feed, wire)
    [update] = await updates(store, feed)
    await store.updates.edit(feed, update["id"], {"pinned": True})
    assert await import_wire(store, feed, wire) == Report(unchanged=1)


async def test_what_was_deleted_here_stays_deleted(store: Store, feed: str) -> None:
    wire = read_wire(b'{"id":"a","text":"one"}\n{"id":"b","text":"two"}')
    await import_wire(store, feed, wire)
    gone, _ = await updates(store, feed)
    await store.updates.delete(feed, gone["id"])
    assert await import_wire(store, feed, wire) == Report(unchanged=1, deleted_here=1)
    assert len(await updates(store, feed)) == 1


async def test_what_the_store_refuses_is_skipped(store: Store, feed: str) -> None:
    wire = read_wire(b'{"id":"a","html":"<script>x</script>"}\n{"id":"b","text":"two"}')
    report = await import_wire(store, feed, wire)
    assert (report.published, len(report.skipped)) == (1, 1)
    assert report.skipped[0].where == "a"
    assert "nothing of this text would be seen" in report.skipped[0].reason


async def test_progress_is_told(store: Store, feed: str) -> None:
    told: list[tuple[int, int]] = []
    wire = read_wire(b'{"id":"a","text":"one"}\n{"id":"b","text":"two"}')
    await import_wire(store, feed, wire, lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]


async def test_a_closed_feed_stops_it(store: Store, feed: str) -> None:
    await store.feeds.patch(feed, {"status": "closed"})
    with pytest.raises(FeedClosed):
        await import_wire(store, feed, read_wire(b'{"id":"a","text":"one"}'))


async def test_a_missing_feed_stops_it(store: Store) -> None:
    with pytest.raises(FeedNotFound):
        await import_wire(store, "nowhere", read_wire(b'{"id":"a","text":"one"}'))


async def test_exported_and_imported_elsewhere_it_is_the_same(store: Store, feed: str, samples: Path) -> None:
    await import_wire(store, feed, read_wire((samples / "updates.ndjson").read_bytes()))
    await import_wire(store, feed, read_wire((samples / "xhtml.atom.xml").read_bytes()))
    original = await updates(store, feed)
    copy = await store.feeds.create(FeedCreate(slug=f"{feed}-copy"))
    exported = b"".join(line_of(update) for update in original)
    assert await import_wire(store, copy.slug, read_wire(exported)) == Report(published=len(original))
    own = {"id", "rev", "published", "edited"}
    assert [
        {k: v for k, v in update.items() if k not in own} for update in await updates(store, copy.slug)
    ] == [{k: v for k, v in update.items() if k not in own} for update in original]
