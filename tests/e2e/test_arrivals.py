"""New updates while the reader is elsewhere: counted, brought in on demand, and nothing moves meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.ticker import Wire, expect_exact, held, hide, open_ticker, shown, status, until

LONG = "\n\n".join(["A paragraph of some length, so that the page is one to scroll."] * 3)


@pytest.fixture
def ids(server: Server) -> list[str]:
    """Thirty updates, from the newest."""
    return [server.publish(f"Number {n}. {LONG}", title=f"Title {n}")["id"] for n in range(30)][::-1]


def button(page: Page, count: int) -> Locator:
    name = "1 new update" if count == 1 else f"{count} new updates"
    return page.get_by_role("button", name=name, exact=True)


def scroll_to(page: Page, update_id: str) -> None:
    """Half of it above the edge."""
    page.locator(f"#update-{update_id}").evaluate(
        "node => scrollTo(0, scrollY + node.getBoundingClientRect().top + 40)"
    )


def top(page: Page, update_id: str) -> float:
    found: float = page.locator(f"#update-{update_id}").evaluate("node => node.getBoundingClientRect().top")
    return found


@pytest.mark.parametrize("anchoring", [True, False], ids=["anchoring", "no anchoring"])
def test_nothing_moves_while_scrolled(
    server: Server, page: Page, ids: list[str], anchoring: bool, errors: list[str]
) -> None:
    if not anchoring:
        page.add_init_script(
            "addEventListener('DOMContentLoaded', () => { const sheet = new CSSStyleSheet();"
            " sheet.replaceSync('* { overflow-anchor: none !important }');"
            " document.adoptedStyleSheets = [sheet]; })"
        )
    open_ticker(page, server)
    scroll_to(page, ids[8])
    before = top(page, ids[8])

    def expect_unmoved(what: str) -> None:
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert top(page, ids[8]) == pytest.approx(before, abs=2), what  # browsers scroll by whole pixels

    server.publish("New", pinned=True, key=True)
    expect(button(page, 1)).to_be_visible()
    expect_unmoved("a pinned arrival")
    old = server.publish("Of the past", time=server.page()["updates"][5]["time"])
    expect(button(page, 2)).to_be_visible()
    expect(page.locator(f"#update-{old['id']}")).to_have_count(0)
    expect_unmoved("an arrival with an old time")
    server.edit(ids[2], text=LONG * 3, correction="It was too short.")
    expect(page.locator(f"#update-{ids[2]}")).to_have_attribute("data-rev", "2")
    expect_unmoved("an edit above")
    server.delete(ids[4])
    expect(page.locator(f"#update-{ids[4]}")).to_have_count(0)
    expect_unmoved("a deletion above")
    server.edit(ids[8], title="Another title", breaking=True)
    expect(page.locator(f"#update-{ids[8]}")).to_have_attribute("data-rev", "2")
    expect_unmoved("its own edit")
    server.edit(ids[12], time="2040-01-01T00:00:00Z")
    expect(page.locator(f"#update-{ids[12]}")).to_have_attribute("data-rev", "2")
    expect_unmoved("one from below now above")
    neighbour = top(page, ids[9])
    server.delete(ids[8])
    expect(page.locator(f"#update-{ids[8]}")).to_have_count(0)
    assert top(page, ids[9]) == pytest.approx(neighbour, abs=1), "its own deletion"
    expect(page).to_have_title("(2) News")
    assert not errors


def test_the_button_brings_them_in(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server)
    scroll_to(page, ids[8])
    new = [server.publish(f"New {n}", title=f"New {n}")["id"] for n in range(3)]
    expect(button(page, 3)).to_be_visible()
    expect(page).to_have_title("(3) News")
    server.delete(new[1])
    expect(button(page, 2)).to_be_visible()
    button(page, 2).click()
    expect(page.locator(f"#update-{new[2]}")).to_be_focused()
    expect(page.locator(f"#update-{new[2]}")).to_be_in_viewport()
    expect(page.locator(".arrivals")).to_be_hidden()
    expect(page).to_have_title("News")
    expect_exact_top(page, server)


def expect_exact_top(page: Page, server: Server) -> None:
    rows = held(server)
    assert shown(page) == rows[: len(shown(page))]


def test_they_flow_in_at_the_top(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server)
    new = server.publish("New")
    expect(page.locator(".updates > article").first).to_have_id(f"update-{new['id']}")
    expect(page.locator(".updates > article").first).to_have_class("update arrived")
    expect(page.locator(".arrivals button")).to_be_hidden()
    expect(page).to_have_title("News")


def test_going_up_brings_them_in(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server)
    scroll_to(page, ids[5])
    new = server.publish("New")
    expect(button(page, 1)).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(f"#update-{new['id']}")).to_be_visible()
    expect(page.locator(".arrivals button")).to_be_hidden()


def test_a_hidden_tab_counts(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server)
    before = top(page, ids[0])
    hide(page)
    for number in range(3):
        server.publish(f"New {number}", pinned=number == 1)
    expect(page).to_have_title("(3) News")
    assert top(page, ids[0]) == pytest.approx(before, abs=1)
    hide(page, hidden=False)
    assert shown(page)[0][0] == ids[0]
    button(page, 3).click()
    expect_exact_top(page, server)
    expect(page).to_have_title("News")


def test_only_what_matches_is_counted(server: Server, page: Page) -> None:
    for number in range(15):
        server.publish(f"Number {number}. {LONG}", tags=["energy"])
    open_ticker(page, server, "?tag=energy")
    page.evaluate("scrollTo(0, 500)")
    server.publish("Sport", tags=["sport"])
    known = server.publish("Energy", tags=["energy"])
    expect(button(page, 1)).to_be_visible()
    server.edit(known["id"], title="Edited")
    server.edit(known["id"], tags=[])
    expect(page.locator(".arrivals button")).to_be_hidden()


def test_read_from_the_oldest(server: Server, page: Page, ids: list[str]) -> None:
    """With a gap arrivals are counted; without one they come at the end."""
    open_ticker(page, server, "?order=oldest")
    oldest = list(reversed(held(server)))
    assert shown(page) == oldest[:20]
    new = server.publish("New")
    expect(button(page, 1)).to_be_visible()
    assert shown(page) == oldest[:20]
    more = page.get_by_role("link", name="More news")
    more.click()
    expect(page.locator(".updates > article")).to_have_count(31)
    expect(page.locator(".arrivals button")).to_be_hidden()
    expect(more).to_be_hidden()
    assert shown(page)[-1][0] == new["id"]
    another = server.publish("Another")
    expect(page.locator(".updates > article").last).to_have_id(f"update-{another['id']}")
    old = server.publish("Long ago", time="2001-01-01T00:00:00Z")
    expect(page.locator(".updates > article").first).to_have_id(f"update-{old['id']}")
    assert shown(page) == list(reversed(held(server)))


def test_read_from_the_oldest_the_button_leads_over_the_gap(
    server: Server, page: Page, ids: list[str]
) -> None:
    open_ticker(page, server, "?order=oldest")
    new = server.publish("New")
    button(page, 1).click()
    expect(page.locator(f"#update-{new['id']}")).to_be_focused()
    rows = list(reversed(held(server)))
    assert shown(page) == rows[-len(shown(page)) :]
    page.get_by_role("link", name="Earlier news").click()
    until(page, lambda: len(shown(page)) > 20)
    assert shown(page) == rows[-len(shown(page)) :]


def test_after_a_new_beginning_the_place_stays(server: Server, page: Page, ids: list[str]) -> None:
    """`recovered: false` deep in the page: refetched around what is read, newer ones counted."""
    more = [server.publish(f"More {n}. {LONG}")["id"] for n in range(30)][::-1]
    wire = Wire(page)
    open_ticker(page, server)
    page.get_by_role("link", name="More news").click()
    expect(page.locator(".updates > article")).to_have_count(40)
    scroll_to(page, ids[2])
    before = top(page, ids[3])
    wire.losing = True
    server.delete(ids[2])  # what is first on the screen
    server.edit(ids[1], text="Short now")
    server.edit(more[3], title="Edited above")
    for number in range(3):
        server.publish(f"New {number}")
    wire.start_over(server.page(limit=20))
    expect(button(page, 3)).to_be_visible()
    assert top(page, ids[3]) == pytest.approx(before, abs=1)
    rows, got = held(server), shown(page)
    start = rows.index(got[0])
    assert got == rows[start : start + len(got)]
    assert len(got) == 40
    expect(status(page)).to_have_text("Live")
    assert start > 3
    # What lies between is loaded above it; with the last of it come the new ones.
    newer = page.get_by_role("link", name="Newer")
    newer.scroll_into_view_if_needed()
    before = top(page, got[0][0])
    newer.press("Enter")
    until(page, lambda: shown(page)[0] != got[0])
    assert top(page, got[0][0]) == pytest.approx(before, abs=1)
    expect_exact_top(page, server)
    expect(newer).to_be_hidden()
    expect(page.locator(".arrivals button")).to_be_hidden()


def test_the_button_leads_over_the_gap(server: Server, page: Page, ids: list[str]) -> None:
    new = [server.publish(f"More {n}. {LONG}")["id"] for n in range(30)][::-1]
    open_ticker(page, server, f"?around={ids[10]}")
    assert new[0] not in [row[0] for row in shown(page)]
    last = server.publish("The newest")
    button(page, 1).click()
    expect(page.locator(f"#update-{last['id']}")).to_be_focused()
    expect_exact_top(page, server)


def test_at_the_top_a_new_beginning_is_the_top(server: Server, page: Page, ids: list[str]) -> None:
    wire = Wire(page)
    open_ticker(page, server)
    wire.losing = True
    new = server.publish("New")
    wire.start_over(server.page(limit=20))
    expect(page.locator(".updates > article").first).to_have_id(f"update-{new['id']}")
    assert shown(page) == held(server)[:20]
    expect_exact(page, server, 20)


def test_they_are_announced_not_too_often(server: Server, page: Page, ids: list[str]) -> None:
    page.clock.install()
    open_ticker(page, server)
    region = page.locator(".announcer")
    expect(region).to_have_attribute("aria-live", "polite")
    server.publish("One")
    expect(region).to_have_text("1 new update")
    for number in range(2):
        new = server.publish(f"Two {number}")
        expect(page.locator(f"#update-{new['id']}")).to_be_visible()
    page.clock.fast_forward(5_000)
    expect(region).to_have_text("1 new update")
    page.clock.fast_forward(6_000)
    expect(region).to_have_text("2 new updates")
    page.clock.fast_forward(11_000)
    expect(region).to_be_empty()
    page.evaluate("localStorage.setItem('livefeed:announce', 'false')")
    new = server.publish("Silent")
    expect(page.locator(f"#update-{new['id']}")).to_be_visible()
    expect(region).to_be_empty()


def test_focus_stays_in_an_edited_update(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server)
    link: Any = page.locator(f"#update-{ids[1]} .permalink")
    link.focus()
    server.edit(ids[1], title="Edited")
    expect(page.locator(f"#update-{ids[1]}")).to_have_attribute("data-rev", "2")
    expect(page.locator(f"#update-{ids[1]} .permalink")).to_be_focused()


def test_more_news_moves_the_keyboard_on(server: Server, page: Page, ids: list[str]) -> None:
    open_ticker(page, server)
    page.get_by_role("link", name="More news").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#update-{ids[20]}")).to_be_focused()
