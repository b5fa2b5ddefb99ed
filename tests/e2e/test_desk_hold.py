"""Publishing with a hold: going out, cancelled, sent now, and undone too late."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e.conftest import Server
from tests.e2e.test_desk import PUBLISH, box, compose, row, sign_in, texts
from tests.e2e.ticker import until

LISTEN = """() => {
  window.told = [];
  const said = document.getElementById('said');
  new MutationObserver(() => told.push(said.textContent)).observe(said, { childList: true });
}"""


@pytest.fixture
def desk(page: Page, server: Server) -> Page:
    """So long a hold that no test meets its end by accident."""
    return open_desk(page, server, hold_s=30)


def open_desk(page: Page, server: Server, hold_s: int) -> Page:
    server.call("PATCH", "/news", {"hold_s": hold_s})
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    expect(page.get_by_role("status")).to_have_text("Live")
    return page


def going(page: Page) -> Locator:
    return page.get_by_role("region", name="Going out").get_by_role("listitem")


def drafts(page: Page) -> Locator:
    return page.get_by_role("region", name="Drafts").get_by_role("listitem")


def said(page: Page) -> Locator:
    return page.locator("#said")


def publish(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Control+Enter")


def test_it_counts_down_on_every_desk_while_the_next_is_written(
    desk: Page, server: Server, browser: Browser
) -> None:
    other = browser.new_page()
    other.goto(f"{server.url}/desk")
    sign_in(other, server)
    expect(other.get_by_role("status")).to_have_text("Live")
    publish(desk, "Soon")
    expect(box(desk)).to_have_value("")
    expect(box(desk)).to_be_focused()
    expect(said(desk)).to_have_text(re.compile(r"^Going out in (2\d|3[01]) seconds$"))
    desk.keyboard.type("The next")
    for page in (desk, other):
        expect(going(page)).to_contain_text(re.compile(r"Going out in \d+ s"))
        assert going(page).locator("[aria-hidden=true]").inner_text().startswith("Going out in")
    shown = [int(going(page).locator(".countdown").inner_text().split()[3]) for page in (desk, other)]
    assert abs(shown[0] - shown[1]) <= 1
    assert texts(server) == []
    going(other).get_by_role("button", name="Send now").click()
    for page in (desk, other):
        expect(row(page, "Soon")).to_be_visible()
        expect(going(page)).to_have_count(0)
    expect(said(desk)).to_have_text("Sent")
    expect(box(desk)).to_have_value("The next")
    expect(box(desk)).to_be_focused()
    other.close()


def test_it_goes_out_by_itself_and_says_so_once(page: Page, server: Server) -> None:
    desk = open_desk(page, server, hold_s=4)
    desk.evaluate(LISTEN)
    publish(desk, "By itself")
    expect(row(desk, "By itself")).to_be_visible()
    expect(desk.locator("#sent")).to_contain_text(re.compile(r"Sent: “By itself” On screen after \d\.\d\d s"))
    expect(row(desk, "By itself")).to_contain_text(re.compile(r"\d\.\d\d s"))
    going_out, *rest = desk.evaluate("told")
    assert re.fullmatch(r"Going out in [2-5] seconds", going_out)
    assert rest == ["Sent"]


def test_cancelling_brings_the_text_back(desk: Page, server: Server) -> None:
    compose(desk).get_by_label("Title").fill("A title")
    publish(desk, "Too early")
    going(desk).get_by_role("button", name="Cancel").click()
    expect(box(desk)).to_have_value("Too early")
    expect(box(desk)).to_be_focused()
    expect(compose(desk).get_by_label("Title")).to_have_value("A title")
    expect(going(desk)).to_have_count(0)
    expect(drafts(desk)).to_have_count(0)
    publish(desk, "Better")
    going(desk).get_by_role("button", name="Send now").click()
    expect(row(desk, "Better")).to_be_visible()
    assert texts(server) == ["Better"]


def test_cancelling_while_the_next_is_written_leaves_that_alone(desk: Page, server: Server) -> None:
    publish(desk, "Too early")
    expect(going(desk)).to_be_visible()
    desk.keyboard.type("The next")
    desk.keyboard.press("Escape")
    expect(drafts(desk)).to_contain_text("Too early")
    expect(box(desk)).to_have_value("The next")
    expect(box(desk)).to_be_focused()
    assert texts(server) == []


def test_cancelling_before_the_server_has_answered(desk: Page, server: Server) -> None:
    waiting: list[Route] = []
    desk.route(PUBLISH, lambda route: waiting.append(route), times=1)
    publish(desk, "Too early")
    until(desk, lambda: bool(waiting))
    desk.keyboard.press("Escape")
    waiting[0].continue_()
    expect(box(desk)).to_have_value("Too early")
    expect(going(desk)).to_have_count(0)
    assert texts(server) == []


def test_undoing_after_the_release_says_that_it_is_out(page: Page, server: Server, browser: Browser) -> None:
    desk = open_desk(page, server, hold_s=0)
    reader = browser.new_page()
    reader.goto(f"{server.url}/feeds/news")
    publish(desk, "A mistake")
    expect(reader.locator("article", has_text="A mistake")).to_be_visible()
    desk.get_by_role("button", name="Undo").click()
    dialog = desk.get_by_role("dialog", name="It is out already")
    expect(dialog).to_contain_text("has reached readers")
    dialog.get_by_role("button", name="Leave it there").click()
    assert texts(server) == ["A mistake"]
    box(desk).press("Escape")
    dialog.get_by_role("button", name="Delete it").click()
    expect(reader.locator("article", has_text="A mistake")).to_have_count(0)
    expect(box(desk)).to_have_value("A mistake")
    assert texts(server) == []
    reader.close()


def test_a_cancel_that_came_too_late_says_so(desk: Page, server: Server) -> None:
    publish(desk, "Just out")
    expect(going(desk)).to_contain_text("Going out in")
    item = going(desk).get_attribute("data-id")
    desk.route_web_socket(re.compile("/desk/socket"), lambda socket: None)
    desk.route(
        "**/cancel", lambda route: (server.call("POST", f"/news/items/{item}/release"), route.continue_())
    )
    going(desk).get_by_role("button", name="Cancel").click()
    expect(desk.get_by_role("dialog", name="It is out already")).to_be_visible()
    desk.get_by_role("button", name="Leave it there").click()
    assert texts(server) == ["Just out"]


def test_a_reload_and_a_restart_in_between_neither_lose_nor_double(page: Page, server: Server) -> None:
    desk = open_desk(page, server, hold_s=6)
    publish(desk, "Held")
    expect(going(desk)).to_contain_text("Going out in")
    server.stop()
    server.start()
    desk.reload()
    expect(row(desk, "Held")).to_be_visible(timeout=15_000)
    expect(going(desk)).to_have_count(0)
    expect(box(desk)).to_have_value("")
    assert texts(server) == ["Held"]


def test_the_focus_never_ends_on_another_rows_button(desk: Page, server: Server) -> None:
    publish(desk, "First")
    expect(going(desk)).to_have_count(1)
    publish(desk, "Second")
    expect(going(desk)).to_have_count(2)
    first = going(desk).filter(has_text="First")
    item = first.get_attribute("data-id")
    first.get_by_role("button", name="Cancel").focus()
    server.call("POST", f"/news/items/{item}/release")
    expect(going(desk)).to_have_count(1)
    expect(desk.get_by_role("heading", name="Going out")).to_be_focused()
    going(desk).get_by_role("button", name="Send now").press("Enter")
    expect(going(desk)).to_have_count(0)
    expect(desk.get_by_role("heading", name="Published")).to_be_focused()


def test_publishing_to_a_feed_closed_meanwhile_keeps_the_text(desk: Page, server: Server) -> None:
    box(desk).fill("Too late")
    desk.route(
        PUBLISH,
        lambda route: (server.call("PATCH", "/news", {"status": "closed"}), route.continue_()),
        times=1,
    )
    box(desk).press("Control+Enter")
    expect(compose(desk).get_by_role("alert")).to_contain_text("closed")
    expect(box(desk)).to_have_value("Too late")
    expect(desk.get_by_text("This feed is closed.")).to_be_visible()
    until(desk, lambda: len(server.call("GET", "/news/items")["items"]) == 1)
    assert texts(server) == []


def test_what_the_feeds_closing_stopped_is_a_draft_that_says_so(page: Page, server: Server) -> None:
    desk = open_desk(page, server, hold_s=2)
    publish(desk, "Stopped")
    expect(going(desk)).to_contain_text("Going out in")  # the server has it
    server.call("PATCH", "/news", {"status": "closed"})
    expect(drafts(desk)).to_contain_text("Stopped")
    expect(drafts(desk)).to_contain_text(re.compile("Not published.*closed"))
    assert texts(server) == []


def test_on_a_phone_what_goes_out_is_seen_wherever_the_page_is(desk: Page, server: Server) -> None:
    """There are only seconds to cancel it."""
    desk.set_viewport_size({"width": 360, "height": 640})
    for number in range(8):
        server.publish(f"Number {number}")
    expect(row(desk, "Number 7")).to_be_visible()
    publish(desk, "Soon")
    cancel = going(desk).get_by_role("button", name="Cancel")
    expect(cancel).to_be_in_viewport(ratio=1)
    row(desk, "Number 0").scroll_into_view_if_needed()
    expect(cancel).to_be_in_viewport(ratio=1)
    cancel.click()
    expect(box(desk)).to_have_value("Soon")
    box(desk).press("Control+Enter")
    going(desk).get_by_role("button", name="Send now").click()
    expect(desk.locator("#sent")).to_contain_text("Sent: “Soon”")
    desk.evaluate("scrollTo(0, 0)")
    expect(desk.locator("#sent")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [360, 1280])
def test_what_went_wrong_is_in_sight(desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 640})
    desk.route(PUBLISH, lambda route: route.abort())
    publish(desk, "Soon")
    problem = compose(desk).locator("> .problem")
    expect(problem).to_contain_text("Not sent.")
    expect(problem).to_be_in_viewport(ratio=1)
