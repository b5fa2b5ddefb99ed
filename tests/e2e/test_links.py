"""Links to one update: its own page and back, and the ticker opened at it, however old it is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server
from tests.e2e.ticker import open_ticker, status


@pytest.fixture
def ids(server: Server) -> list[str]:
    """Of 60 updates, newest first."""
    return [server.publish(f"Text {n}. " * 20, title=f"Number {n}")["id"] for n in range(60)][::-1]


def expect_found(page: Page, update_id: str) -> None:
    """It can be seen, is marked, and the keyboard goes on from it."""
    article = page.locator(f"#update-{update_id}")
    expect(article).to_be_focused()
    expect(article).to_have_class(re.compile(r"\bfound\b"))
    expect(page.locator(".found")).to_have_count(1)
    expect(article.locator("h3")).to_be_in_viewport(ratio=1)


def test_a_ticker_opened_at_an_update(server: Server, page: Page, ids: list[str], errors: list[str]) -> None:
    page.goto(f"{server.url}/feeds/news#update-{ids[7]}")
    expect_found(page, ids[7])
    expect(status(page)).to_have_text("Live")
    assert not errors


@pytest.mark.parametrize("query", ["", "?around={}"])
def test_also_when_it_is_older_than_the_page(server: Server, page: Page, ids: list[str], query: str) -> None:
    page.goto(f"{server.url}/feeds/news{query.format(ids[45])}#update-{ids[45]}")
    expect_found(page, ids[45])
    expect(status(page)).to_have_text("Live")
    expect(page.get_by_role("link", name="Newer")).to_be_visible()
    server.edit(ids[45], title="Edited")
    expect(page.locator(f"#update-{ids[45]} h3")).to_have_text("Edited")


def test_where_one_is_gone_its_neighbours_are_shown(
    server: Server, page: Page, ids: list[str], errors: list[str]
) -> None:
    server.delete(ids[45])
    open_ticker(page, server, f"#update-{ids[45]}")
    for neighbour in (ids[44], ids[46]):
        expect(page.locator(f"#update-{neighbour}")).to_be_visible()
    assert not errors


def test_a_link_within_the_page_leads_on(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server, f"#update-{ids[3]}")
    expect_found(page, ids[3])
    page.evaluate("id => { location.hash = `#update-${id}`; }", ids[50])
    expect_found(page, ids[50])


def test_key_events_lead_to_their_updates(server: Server, page: Page, ids: list[str]) -> None:
    server.edit(ids[2], key=True)
    server.edit(ids[52], key=True)
    open_ticker(page, server)
    events = page.get_by_role("navigation", name="Key events")
    for update_id, name in ((ids[2], "Number 57"), (ids[52], "Number 7")):
        events.get_by_role("link", name=re.compile(f"{name}$")).click()
        expect_found(page, update_id)
        expect(page).to_have_url(re.compile(f"#update-{update_id}$"))


def test_an_update_s_page_leads_back_into_the_ticker(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server)
    page.locator(f"#update-{ids[12]} .permalink").click()
    expect(page).to_have_url(f"{server.url}/feeds/news/updates/{ids[12]}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Number 47")
    page.get_by_role("link", name="Read it in the ticker").click()
    expect_found(page, ids[12])
    expect(status(page)).to_have_text("Live")


def test_it_stands_below_a_head_that_stays(server: Server, page: Page, ids: list[str]) -> None:
    """As high as an operator's head is, who says so in `--livefeed-top`; without one, too."""
    page.add_init_script("document.documentElement?.style.setProperty('--livefeed-top', '120px')")
    page.goto(f"{server.url}/feeds/news#update-{ids[15]}")
    expect_found(page, ids[15])
    assert page.locator(f"#update-{ids[15]}").evaluate("node => node.getBoundingClientRect().top") >= 120
