"""The frame on another site's page, also in a sandbox, where it has no origin and no storage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server
from tests.e2e.host import Host


@pytest.fixture
def site() -> Iterator[Host]:
    site = Host()
    yield site
    site.close()


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-scripts"'])
def test_a_frame_is_live(page: Page, server: Server, site: Host, errors: list[str], sandbox: str) -> None:
    server.publish("Before")
    site.html = f'<iframe title="News" {sandbox} src="{server.url}/embed/news"></iframe>'
    page.goto(site.url)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("status")).to_have_text("Live")
    server.publish("After")
    expect(frame.locator(".updates article")).to_have_count(2)
    assert errors == []


def test_a_frame_without_scripts_shows_the_news(page: Page, server: Server, site: Host) -> None:
    server.publish("Before")
    site.html = f'<iframe title="News" sandbox src="{server.url}/embed/news"></iframe>'
    page.goto(site.url)
    expect(page.frame_locator("iframe").locator(".updates article .body")).to_have_text(["Before"])


def test_only_a_listed_site_can_frame_it(page: Page, server: Server, site: Host) -> None:
    server.create_feed("open", origins=[site.url.rstrip("/")])
    server.create_feed("limited", origins=["https://friend.example"])
    frames = [
        f'<iframe title="{slug}" src="{server.url}/embed/{slug}"></iframe>' for slug in ("open", "limited")
    ]
    site.html = "".join(frames)
    page.goto(site.url)
    expect(page.frame_locator("[title=open]").get_by_role("heading", name="open")).to_be_visible()
    expect(page.frame_locator("[title=limited]").get_by_role("heading", name="limited")).to_have_count(0)
