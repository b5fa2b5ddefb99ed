"""What an operator puts between updates stays where it is said to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server
from tests.e2e.ticker import open_ticker

ORDER = "nodes => nodes.filter(node => !node.matches('.day')).map(node => node.dataset.place ?? 'update')"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server whose operator has call-outs after the first update and at the end."""
    folder = tmp_path / "templates" / "places"
    folder.mkdir(parents=True)
    for place in ("after-1", "end"):
        (folder / f"{place}.html").write_text(f"<p>Support us {place}: <a href='/support'>how</a></p>")
    server = Server(tmp_path, drain_s="0", templates_dir=str(folder.parent))
    try:
        server.be_new()
        yield server
    finally:
        server.clean_up()


def test_places_stay_where_they_are_said_to_be(own: Server, page: Page, errors: list[str]) -> None:
    for number in range(3):
        own.publish(f"Number {number}")
    open_ticker(page, own)
    rows = page.locator(".updates > *")
    assert rows.evaluate_all(ORDER) == ["update", "after-1", "update", "update", "end"]
    page.locator("[data-place=after-1] a").focus()
    newest = own.publish("New")
    expect(page.locator(".updates > article").first).to_have_id(f"update-{newest['id']}")
    assert rows.evaluate_all(ORDER) == ["update", "after-1", "update", "update", "update", "end"]
    expect(page.locator("[data-place=after-1] a")).to_be_visible()
    own.delete(newest["id"])
    expect(page.locator(f"#update-{newest['id']}")).to_have_count(0)
    assert rows.evaluate_all(ORDER) == ["update", "after-1", "update", "update", "end"]
    assert not errors
