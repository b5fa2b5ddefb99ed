"""Times as readers see them: in other zones, around midnight, in the hour that comes twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.ticker import hide, open_ticker

Opener = Callable[[str, str], Page]


@pytest.fixture
def reader(browser: Browser) -> Iterator[Opener]:
    """Opens a page for a reader in a zone, at a time; its clock goes by the test's."""
    contexts = []

    def open_page(zone: str, now: str) -> Page:
        context = browser.new_context(timezone_id=zone, locale="en-GB")
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.clock.install(time=now)
        return page

    yield open_page
    for context in contexts:
        context.close()


def clock(page: Page, update_id: str) -> str:
    return page.locator(f"#update-{update_id} time.clock").inner_text()


def days(page: Page) -> list[str]:
    return page.locator(".day").all_inner_texts()


def test_clocks_are_the_readers_and_days_the_feeds(server: Server, reader: Opener) -> None:
    server.call("PATCH", "/news", {"timezone": "America/New_York"})
    evening = server.publish("It is Sunday there", time="2026-11-22T23:30:00Z")
    noon = server.publish("And here", time="2026-11-22T17:00:00Z")
    page = reader("Europe/Kyiv", "2026-11-22T23:34:10Z")
    open_ticker(page, server)
    assert clock(page, evening["id"]) == "Mon 01:30", "another date than the heading's says its weekday"
    assert clock(page, noon["id"]) == "19:00"
    assert days(page) == ["Sunday, November 22, 2026"]
    time = page.locator(f"#update-{evening['id']} time.clock")
    expect(time).to_have_attribute("datetime", "2026-11-22T23:30:00Z")
    expect(time).to_have_attribute("title", "Monday, November 23, 2026 at 01:30 GMT+2")
    late = server.publish("Monday there too", time="2026-11-23T05:00:00Z")
    expect(page.locator(f"#update-{late['id']}")).to_be_visible()
    assert days(page) == ["Monday, November 23, 2026", "Sunday, November 22, 2026"]
    assert clock(page, late["id"]) == "07:00"


def test_how_long_ago_goes_on(server: Server, reader: Opener) -> None:
    update = server.publish("Something", time="2026-11-22T10:00:00Z")
    page = reader("Europe/Kyiv", "2026-11-22T10:04:10Z")
    open_ticker(page, server)
    ago = page.locator(f"#update-{update['id']} .ago")
    expect(ago).to_have_text("4 min. ago")
    page.clock.run_for(60_000)
    expect(ago).to_have_text("5 min. ago")
    hide(page)
    page.clock.run_for(60 * 60_000)
    expect(ago).to_have_text("5 min. ago")
    hide(page, hidden=False)
    expect(ago).to_have_text("1 hr. ago")
    hide(page)
    page.clock.fast_forward(24 * 3600_000)
    hide(page, hidden=False)
    expect(ago).to_be_empty()


def test_after_midnight_yesterday_has_its_date(server: Server, reader: Opener) -> None:
    server.call("PATCH", "/news", {"timezone": "Europe/Kyiv"})
    update = server.publish("Late", time="2026-11-22T21:58:00Z", key=True)
    page = reader("Europe/Kyiv", "2026-11-22T21:59:10Z")
    open_ticker(page, server)
    key = page.get_by_role("navigation", name="Key events").locator("time")
    expect(key).to_have_text("23:58")
    page.clock.run_for(60_000)
    expect(key).to_have_text("Nov 22, 23:58")
    assert clock(page, update["id"]) == "23:58", "its day stands above it"
    early = server.publish("Early", time="2026-11-22T22:01:00Z")
    expect(page.locator(f"#update-{early['id']}")).to_be_visible()
    assert days(page) == ["Monday, November 23, 2026", "Sunday, November 22, 2026"]


def test_the_hour_that_comes_twice(server: Server, reader: Opener) -> None:
    server.call("PATCH", "/news", {"timezone": "Europe/Berlin"})
    ids = [
        server.publish(hour, time=f"2026-10-{hour}:00Z")["id"]
        for hour in ("24T21:30", "25T00:30", "25T01:30")
    ]
    page = reader("Europe/Berlin", "2026-10-25T01:40:00Z")
    open_ticker(page, server)
    assert [clock(page, each) for each in ids] == ["23:30", "02:30", "02:30"]
    titles = [page.locator(f"#update-{each} time.clock").get_attribute("title") for each in ids]
    assert [str(title)[-5:] for title in titles] == ["GMT+2", "GMT+2", "GMT+1"]
    expect(page.locator(f"#update-{ids[1]} .ago")).to_have_text("1 hr. ago")
    assert page.locator(".updates > *").evaluate_all("nodes => nodes.map(node => node.id.slice(7))") == [
        *("", ids[2], ids[1]),
        *("", ids[0]),
    ]
