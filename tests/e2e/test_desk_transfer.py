"""Updates into a feed and out of it at the desk: import with a preview, export, the coverage as a story."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import desk, lose_the_answer, row, texts

__all__ = ["desk"]  # a fixture

LINES: list[dict[str, object]] = [
    {"id": "a", "text": "The first", "time": "2026-11-22T08:00:00Z"},
    {"id": "b", "text": "The second", "time": "2026-11-22T08:05:00Z"},
    {"id": "c", "text": "", "time": "2026-11-22T08:10:00Z"},
]


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name="This feed").click()
    page.locator("#feedmenu").get_by_role("button", name=name).click()


def importing(page: Page, path: Path | None = None) -> Locator:
    choose(page, "Import")
    dialog = page.get_by_role("dialog", name="Import")
    if path:
        dialog.get_by_label("File").set_input_files(path)
        dialog.get_by_role("button", name="Look at it first").click()
    return dialog


def written(folder: Path, *lines: dict[str, object]) -> Path:
    path = folder / "wire.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_what_a_file_would_do_is_shown_and_done_when_confirmed(
    desk: Page, server: Server, tmp_path: Path
) -> None:
    dialog = importing(desk, written(tmp_path, *LINES))
    expect(dialog.get_by_role("heading", name="It brings: 2 new, 1 refused.")).to_be_focused()
    expect(dialog.get_by_role("listitem").filter(has_text="The first")).to_contain_text("New")
    expect(dialog.get_by_role("listitem").last).to_contain_text("text")
    assert violations(desk, within="#importing") == []
    assert texts(server) == [], "a preview writes nothing"
    dialog.get_by_role("button", name="Import 2 updates").click()
    expect(dialog.get_by_role("heading", name="Imported: 2 new, 1 refused.")).to_be_focused()
    assert violations(desk, within="#importing") == []
    dialog.get_by_role("button", name="Close").click()
    expect(row(desk, "The second")).to_be_visible()
    assert texts(server) == ["The second", "The first"]

    changed = LINES[0] | {"text": "The very first"}
    dialog = importing(desk, written(tmp_path, changed, LINES[1]))
    expect(dialog.get_by_role("heading", name="It brings: 1 changed, 1 unchanged.")).to_be_visible()
    dialog.get_by_role("button", name="Import 1 update").click()
    expect(dialog.get_by_role("heading", name="Imported: 1 changed, 1 unchanged.")).to_be_visible()
    assert texts(server) == ["The second", "The very first"]


def test_the_same_file_again_has_nothing_to_do(desk: Page, tmp_path: Path) -> None:
    path = written(tmp_path, *LINES[:2])
    dialog = importing(desk, path)
    lose_the_answer(desk, "**/v1/feeds/news/import")
    dialog.get_by_role("button", name="Import 2 updates").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    dialog.get_by_role("button", name="Import 2 updates").click()
    expect(dialog.get_by_role("heading", name="Imported: 2 unchanged.")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    importing(desk, path)
    expect(dialog.get_by_role("heading", name="It brings: 2 unchanged.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Import")).to_have_count(0)
    dialog.get_by_role("button", name="Another source").click()
    expect(dialog.get_by_label("File")).to_be_visible()


def test_what_cannot_be_imported_is_said(desk: Page, server: Server, tmp_path: Path) -> None:
    dialog = importing(desk)
    look = dialog.get_by_role("button", name="Look at it first")
    alert = dialog.get_by_role("alert")
    look.click()
    expect(alert).to_have_text("Choose a file, or give an address.")
    dialog.get_by_label("address").fill("ftp://example.org/feed")
    look.click()
    expect(dialog.get_by_label("address")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("address").fill(f"{server.url}/feeds/news/feed.json")
    expect(dialog.get_by_label("address")).not_to_have_attribute("aria-invalid", "true")
    look.click()
    expect(dialog.get_by_label("address")).to_have_accessible_description(re.compile("public|private|127"))
    picture = tmp_path / "picture.xml"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    dialog.get_by_label("address").fill("")
    dialog.get_by_label("File").set_input_files(picture)
    look.click()
    expect(alert).not_to_be_empty()
    expect(dialog.get_by_label("address")).not_to_have_attribute("aria-invalid", "true")
    assert violations(desk, within="#importing") == []
    assert texts(server) == []


def test_an_export_is_what_an_import_reads(desk: Page, server: Server, tmp_path: Path) -> None:
    server.publish("One")
    server.publish("Two")
    desk.get_by_role("button", name="This feed").click()
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename == "news.ndjson"
    path = tmp_path / "news.ndjson"
    download.value.save_as(path)
    server.create_feed("copy", title="Copy")
    desk.reload()
    desk.get_by_role("combobox", name="Feed").select_option("copy")
    dialog = importing(desk, path)
    dialog.get_by_role("button", name="Import 2 updates").click()
    expect(dialog.get_by_role("heading", name="Imported: 2 new.")).to_be_visible()
    assert sorted(texts(server, "copy")) == ["One", "Two"]


def test_a_story_is_the_key_events_oldest_first(desk: Page, server: Server) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    choose(desk, "Copy as story")
    dialog = desk.get_by_role("dialog", name="Copy as story")
    copy = dialog.get_by_role("button", name="Copy")
    expect(dialog.get_by_role("alert")).to_contain_text("Nothing of this feed is a key event yet")
    expect(copy).to_be_disabled()
    dialog.get_by_role("button", name="Close").click()

    server.publish("Power is **out**.", key=True, time="2026-11-22T08:00:00Z")
    server.publish("In between")
    server.publish("Power is back.", title="Light", key=True, time="2026-11-22T10:00:00Z")
    choose(desk, "Copy as story")
    text = dialog.get_by_label("The key events, oldest first")
    expect(text).not_to_have_value("")
    story = text.input_value()
    assert 0 < story.index("Power is **out**.") < story.index("Light") < story.index("Power is back.")
    assert "In between" not in story
    assert violations(desk, within="#storytext") == []
    copy.click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    assert desk.evaluate("navigator.clipboard.readText()") == story

    dialog.get_by_label("HTML").check()
    expect(text).to_have_value(re.compile("<strong>out</strong>"))
    copy.click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    kinds = desk.evaluate("navigator.clipboard.read().then(([item]) => item.types)")
    assert sorted(kinds) == ["text/html", "text/plain"]


def test_readers_now_are_shown_for_each_feed(desk: Page, server: Server) -> None:
    server.create_feed("other", title="Other feed")
    reader = desk.context.new_page()
    reader.goto(f"{server.url}/feeds/other")
    expect(reader.get_by_role("status")).to_have_text("Live")
    desk.get_by_role("button", name="All feeds").click()
    card = desk.get_by_role("dialog", name="All feeds").get_by_role("button", name="Other feed")
    expect(card).to_contain_text("1 reader now", timeout=40_000)
    card.click()
    expect(desk.locator("#readers")).to_have_text("2 readers now", timeout=40_000)  # with the desk's own
