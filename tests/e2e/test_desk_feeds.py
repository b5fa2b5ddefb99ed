"""Feeds at the desk: made, set up, opened, closed, removed; and how many read each."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import desk, lose_the_answer, press, row, sign_in
from tests.livefeed_process import run_command

__all__ = ["desk"]  # a fixture


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


def menu(page: Page, name: str) -> None:
    page.get_by_role("button", name="This feed").click()
    page.locator("#feedmenu").get_by_role("button", name=name).click()


def feed(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Feed")


def status(server: Server, slug: str) -> str:
    found: str = server.page(slug)["feed"]["status"]
    return found


def test_who_comes_for_the_first_time_finds_the_feed_that_is_covered(page: Page, server: Server) -> None:
    for slug in ("a-first", "storm", "z-last"):
        server.create_feed(slug, title=slug)
    server.publish("Before", feed="z-last")
    server.publish("Now", feed="storm")
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    expect(feed(page)).to_have_value("storm")
    feed(page).select_option("z-last")
    expect(row(page, "Before")).to_be_visible()
    page.reload()
    expect(feed(page)).to_have_value("z-last")


def test_a_feed_is_rehearsed_as_a_draft_opened_closed_and_reopened(
    desk: Page, server: Server, browser: Browser
) -> None:
    desk.get_by_role("button", name="New feed").click()
    dialog = desk.get_by_role("dialog", name="New feed")
    assert violations(desk, within="#feedform") == []
    dialog.get_by_label("Slug").fill("No Slug")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_label("Slug")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Slug").fill("storm")
    dialog.get_by_label("Name").fill("Storm Ylva")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()
    expect(feed(desk)).to_have_value("storm")
    made = server.page("storm")["feed"]
    assert (made["timezone"], made["status"], made["hold_s"]) == ("Europe/Kyiv", "draft", 5)
    server.publish("Before", feed="storm")
    expect(row(desk, "Before")).to_be_visible()

    reader = browser.new_page()
    assert reader.request.get(f"{server.url}/feeds/storm").status == 404
    menu(desk, "Open to readers")
    expect(desk.get_by_role("dialog", name="Open this feed?")).to_contain_text("readers find it from now on")
    desk.get_by_role("dialog").get_by_role("button", name="Open it").click()
    expect(feed(desk).locator("option:checked")).to_have_text("Storm Ylva")
    reader.goto(f"{server.url}/feeds/storm")
    expect(reader.get_by_role("status")).to_have_text("Live")

    menu(desk, "Close this feed")
    expect(desk.get_by_role("dialog")).to_contain_text("readers are told that the coverage has ended")
    desk.get_by_role("dialog").get_by_role("button", name="Close it").click()
    expect(reader.get_by_role("status")).to_contain_text("Coverage has ended")
    reader.close()
    expect(desk.get_by_text("This feed is closed.")).to_be_visible()
    expect(desk.get_by_role("button", name="Publish")).to_be_disabled()
    press(row(desk, "Before"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("After")
    form.get_by_role("button", name="Save").click()
    expect(row(desk, "After")).to_be_visible()

    menu(desk, "Reopen this feed")
    desk.get_by_role("dialog").get_by_role("button", name="Reopen it").click()
    expect(desk.get_by_role("button", name="Publish")).to_be_enabled()
    assert status(server, "storm") == "open"
    expect(desk.locator("#desk .status")).to_have_text("Live")
    server.publish("Again", feed="storm")
    expect(row(desk, "Again")).to_be_visible()


def test_a_feed_can_be_open_from_the_beginning(desk: Page, server: Server) -> None:
    desk.get_by_role("button", name="New feed").click()
    dialog = desk.get_by_role("dialog", name="New feed")
    dialog.get_by_label("Slug").fill("storm")
    dialog.get_by_label("Open to readers at once").check()
    dialog.get_by_role("button", name="Create").click()
    expect(feed(desk)).to_have_value("storm")
    assert status(server, "storm") == "open"


def test_a_feed_is_made_once_whatever_becomes_of_the_answer(desk: Page, server: Server) -> None:
    keys: list[str] = []
    desk.on("request", lambda request: keys.extend(request.headers.get("idempotency-key", "").split()))
    desk.get_by_role("button", name="New feed").click()
    dialog = desk.get_by_role("dialog", name="New feed")
    dialog.get_by_label("Slug").fill("storm")
    lose_the_answer(desk, "**/v1/feeds")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    desk.route("**/v1/feeds", lambda route: route.fulfill(status=503, json={}), times=1)
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("503")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()
    expect(feed(desk)).to_have_value("storm")
    assert len(keys) == 3
    assert len(set(keys)) == 1

    desk.get_by_role("button", name="New feed").click()
    dialog.get_by_label("Slug").fill("storm")
    for _ in range(2):
        with desk.expect_response("**/v1/feeds") as refused:
            dialog.get_by_role("button", name="Create").click()
        assert 400 <= refused.value.status < 500
        expect(dialog.get_by_role("alert")).to_be_visible()
    assert len(set(keys)) == 3


def test_settings_change_only_what_was_changed_here(desk: Page, server: Server) -> None:
    server.call("PATCH", "/news", {"description": "About it"})
    expect(feed(desk)).to_have_value("news")
    menu(desk, "Settings")
    dialog = desk.get_by_role("dialog", name="Settings")
    assert violations(desk, within="#feedform") == []
    expect(dialog.get_by_label("Description")).to_have_value("About it")
    expect(dialog.get_by_label("Slug")).to_be_hidden()
    dialog.get_by_label("Name").fill("Evening news")
    dialog.get_by_label("Hold").fill("31")
    dialog.get_by_label("Sites that may embed it").fill("https://www.example.org\nnonsense")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Hold")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Sites")).to_have_accessible_description(re.compile("origin"))
    dialog.get_by_label("Hold").fill("12")
    dialog.get_by_label("Sites that may embed it").fill("https://www.example.org")
    dialog.get_by_label("Time zone").fill("Europe/Warsaw")
    dialog.get_by_label("Listed").uncheck()
    server.call("PATCH", "/news", {"description": "Somebody else's"})
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(feed(desk).locator("option:checked")).to_have_text("Evening news")
    (now,) = server.call("GET", "?all=1")["feeds"]
    assert (now["title"], now["description"], now["hold_s"]) == ("Evening news", "Somebody else's", 12)
    assert (now["timezone"], now["origins"]) == ("Europe/Warsaw", ["https://www.example.org"])
    assert (now["listed"], now["lang"], now["status"]) == (False, "en", "open")
    desk.reload()
    server.publish("Still ours")
    expect(row(desk, "Still ours")).to_be_visible()


def test_removing_takes_typing_the_slug(desk: Page, server: Server) -> None:
    server.create_feed("other", title="Other feed")
    desk.reload()
    menu(desk, "Remove this feed")
    dialog = desk.get_by_role("dialog", name="Remove this feed?")
    assert violations(desk, within="#removefeed") == []
    remove = dialog.get_by_role("button", name="Remove for ever")
    expect(remove).to_be_disabled()
    dialog.get_by_label("To confirm, type news").fill("new")
    desk.keyboard.press("Enter")
    expect(remove).to_be_disabled()
    dialog.get_by_label("To confirm, type news").fill("news")
    expect(remove).to_be_enabled()
    desk.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(feed(desk)).to_have_value("other")
    assert [one["slug"] for one in server.call("GET", "?all=1")["feeds"]] == ["other"]
    menu(desk, "Remove this feed")
    dialog.get_by_label("To confirm, type other").fill("other")
    remove.click()
    expect(desk.get_by_text("There is no feed that you can work on.")).to_be_visible()


def test_the_menu_is_used_by_keyboard(desk: Page) -> None:
    button = desk.get_by_role("button", name="This feed")
    button.focus()
    desk.keyboard.press("Enter")
    items = desk.locator("#feedmenu").get_by_role("button")
    expect(items.first).to_be_visible()
    assert violations(desk) == []
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Open the ticker")).to_be_focused()
    desk.keyboard.press("ArrowDown")
    expect(desk.get_by_role("link", name="Embed it")).to_be_focused()
    desk.keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()
    desk.keyboard.press("Escape")
    expect(items.first).to_be_hidden()
    expect(button).to_be_focused()
    desk.keyboard.press("ArrowDown")
    expect(desk.get_by_role("link", name="Open the ticker")).to_be_focused()


def test_all_feeds_at_a_glance(desk: Page, server: Server) -> None:
    server.create_feed("rehearsal", title="Rehearsal", status="draft", lang="pl")
    desk.get_by_role("button", name="All feeds").click()
    dialog = desk.get_by_role("dialog", name="All feeds")
    card = dialog.get_by_role("button", name="Rehearsal")
    expect(card).to_contain_text("Draft")
    assert violations(desk, within="#feedlist") == []
    card.click()
    expect(dialog).to_be_hidden()
    expect(feed(desk)).to_have_value("rehearsal")
    expect(desk.locator("#desk .status")).to_have_text("Live")


def test_who_is_no_admin_changes_no_feed(page: Page, server: Server) -> None:
    made = run_command("token", "create", "Eve", "--role", "editor", "--data-dir", server.data_dir)
    page.goto(f"{server.url}/desk")
    page.get_by_label("Token").fill(made.stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="This feed").click()
    expect(page.get_by_role("link", name="Open the ticker")).to_be_visible()
    for name in ("Settings", "Close this feed", "Remove this feed", "New feed"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
