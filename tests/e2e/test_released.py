"""An embed of the first release, as browsers keep it, with the server of today (scripts/release-client)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Server
from tests.e2e.host import Host, element, host, tag
from tests.e2e.test_element import live, rows, ticker

__all__ = ["host"]  # a fixture

FOLDER = Path(__file__).parent / "released" / "0.1.0"
BUILD = (FOLDER / "BUILD").read_text()
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


@pytest.fixture
def loaded(server: Server, page: Page) -> list[str]:
    """What was taken from the browser's cache, which knows nothing of the server's files of today."""
    taken: list[str] = []

    def fulfil(route: Route) -> None:
        name = re.sub(rf".*/static/(?:{BUILD}/)?", "", route.request.url)
        taken.append(name)
        headers = {"Access-Control-Allow-Origin": "*"}
        path = FOLDER / name
        route.fulfill(body=path.read_bytes(), content_type=TYPES[path.suffix], headers=headers)

    page.route(re.compile(rf"{server.url}/static/(embed\.js|{BUILD}/)"), fulfil)
    return taken


def test_it_is_live_and_exact(
    server: Server, host: Host, page: Page, loaded: list[str], errors: list[str]
) -> None:
    first = server.publish("Before", title="Title", tags=["a"], pinned=True, key=True, breaking=True)
    host.html = tag(server, "data-feed=news data-limit=2")
    page.goto(host.url)
    live(page)
    assert {"embed.js", "ticker/define.js", "ticker/ticker.css", "words/en.json"} <= set(loaded)
    for number in range(3):
        server.publish(f"Update {number}")
    expect(rows(page)).to_have_count(4)
    server.edit(first["id"], text="Edited", correction="It was wrong.")
    expect(rows(page).last).to_contain_text("It was wrong.")
    server.delete(first["id"])
    expect(rows(page)).to_have_count(3)
    server.call("PATCH", "/news", {"title": "Renamed"})
    expect(ticker(page).locator(".title")).to_have_text("Renamed")
    page.reload()
    expect(rows(page)).to_have_count(2)
    ticker(page).get_by_role("link", name="More news").click()
    expect(rows(page)).to_have_count(3)
    assert errors == []


@pytest.mark.parametrize("transport", ["sse", "poll"])
def test_on_every_transport(
    server: Server, host: Host, page: Page, loaded: list[str], errors: list[str], transport: str
) -> None:
    page.route_web_socket(re.compile("/socket"), lambda socket: socket.close(code=1000))
    if transport == "poll":
        page.route(re.compile("/events"), lambda route: route.abort())
    host.html = tag(server)
    page.goto(host.url)
    live(page)
    server.publish("News")
    expect(rows(page)).to_have_count(1)
    assert "client/fallbacks.js" in loaded
    assert errors == []


def test_it_is_told_why_not(server: Server, host: Host, page: Page, loaded: list[str]) -> None:
    server.call("PATCH", "/news", {"origins": ["https://friend.example"]})
    host.html = element(server) + element(server, "feed=nowhere")
    page.goto(host.url)
    said = ticker(page).get_by_role("status")
    expect(said.first).to_contain_text("may not be shown")
    expect(said.last).to_contain_text("no ticker “nowhere”")
    assert loaded
