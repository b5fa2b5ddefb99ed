"""Two editors, each in a browser of their own, at one update: what merges, and what people decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import desk, lose_the_answer, press, row, sign_in, texts

__all__ = ["desk"]  # a fixture


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


@contextmanager
def another(browser: Browser, server: Server) -> Iterator[Page]:
    """Somebody else's desk."""
    context = browser.new_context(timezone_id="Europe/Berlin", locale="en-GB")
    page = context.new_page()
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    expect(page.get_by_role("status").first).to_have_text("Live")
    yield page
    context.close()


def edit(page: Page, text: str) -> Locator:
    press(row(page, text), "Edit")
    return form(page)


def form(page: Page) -> Locator:
    return page.get_by_role("form", name="Edit")


def save(form: Locator) -> None:
    form.get_by_role("button", name="Save").click()


def test_each_changes_another_field_and_nobody_is_asked(desk: Page, server: Server, browser: Browser) -> None:
    server.publish("Original", title="Title")
    with another(browser, server) as other:
        mine, theirs = edit(desk, "Original"), edit(other, "Original")
        mine.get_by_label("Text").fill("My text")
        theirs.get_by_label("Title").fill("Their title")
        theirs.get_by_label("Pinned").check()
        save(theirs)
        expect(theirs).to_have_count(0)
        # It is in my form before I save.
        expect(mine.get_by_label("Title")).to_have_value("Their title")
        expect(mine.get_by_label("Pinned")).to_be_checked()
        expect(mine.get_by_label("Text")).to_have_value("My text")
        save(mine)
        expect(mine).to_have_count(0)
        expect(row(other, "My text")).to_contain_text("Their title")
    (update,) = server.page()["updates"]
    assert (update["text"], update["title"], update["pinned"]) == ("My text", "Their title", True)


def test_who_edits_it_at_this_moment_is_shown(desk: Page, server: Server, browser: Browser) -> None:
    server.publish("Original")
    with another(browser, server) as other:
        chip = row(desk, "Original").locator(".elsewhere")
        theirs = edit(other, "Original")
        expect(chip).to_have_text("admin is editing this")
        press(row(desk, "Original"), "Delete")
        expect(desk.get_by_role("dialog")).to_contain_text("admin editing it now will be told")
        desk.keyboard.press("Escape")
        assert violations(desk, within="#rows") == []
        theirs.get_by_role("button", name="Cancel").click()
        expect(chip).to_be_hidden()
        edit(other, "Original")
        expect(chip).to_be_visible()
    expect(chip).to_be_hidden()  # who closed the page edits no more


def test_each_row_says_how_long_it_took_to_this_screen(desk: Page) -> None:
    desk.get_by_label("Update", exact=True).fill("Now")
    desk.get_by_role("button", name="Publish", exact=True).click()
    took = row(desk, "Now").locator(".took")
    expect(took).to_have_text(re.compile(r"On screen after \d+\.\d\d s"))
    press(row(desk, "Now"), "Pin")
    expect(row(desk, "Now").locator(".label-pinned")).to_be_visible()
    expect(took).to_be_visible()


def test_two_who_save_the_same_field_decide_by_hand(desk: Page, server: Server, browser: Browser) -> None:
    server.publish("One house burns. Nobody is hurt.", title="Fire")
    with another(browser, server) as other:
        mine, theirs = edit(desk, "One house"), edit(other, "One house")
        mine.get_by_label("Text").fill("Two houses burn. Nobody is hurt.")
        theirs.get_by_label("Text").fill("One house burns. Three people are hurt.")
        theirs.get_by_label("Title").fill("Fire in town")
        save(theirs)
        expect(theirs).to_have_count(0)
        expect(mine.get_by_text("Somebody else has changed the same just now")).to_be_visible()
        save(mine)
        expect(mine.get_by_role("heading", name="Somebody else changed this")).to_be_focused()
        expect(mine.get_by_role("alert")).to_contain_text("Not saved yet")
        expect(mine.get_by_label("Title")).to_have_value("Fire in town")
        assert mine.locator(".clash h4").all_inner_texts() == ["Text"]
        expect(mine.locator(".side").nth(0).locator("ins")).to_have_text(" [added: Three people are] ")
        assert violations(desk, within=".row form") == []

        box = mine.get_by_label("Text")
        mine.get_by_role("button", name="Use theirs").click()
        expect(box).to_have_value("One house burns. Three people are hurt.")
        mine.get_by_role("button", name="Use mine").click()
        expect(box).to_have_value("Two houses burn. Nobody is hurt.")
        desk.reload()
        expect(mine.get_by_role("heading", name="Somebody else changed this")).to_be_visible()
        mine.get_by_role("button", name="Use both changes").click()
        expect(box).to_have_value("Two houses burn. Three people are hurt.")
        mine.get_by_role("button", name="Save what the form says").click()
        expect(mine).to_have_count(0)
        expect(row(other, "Two houses burn. Three people are hurt.")).to_contain_text("Fire in town")
    assert texts(server) == ["Two houses burn. Three people are hurt."]


def test_a_third_who_comes_in_between_is_shown_too(desk: Page, server: Server) -> None:
    update = server.publish("Original")
    mine = edit(desk, "Original")
    mine.get_by_label("Text").fill("Mine")
    for theirs in ("Theirs", "A third's"):
        server.edit(update["id"], text=theirs)
        expect(row(desk, theirs)).to_be_visible()
        save(mine)
        expect(mine.locator(".side").nth(0).locator("ins")).to_contain_text(theirs)
        expect(mine.get_by_label("Text")).to_have_value("Mine")
    save(mine)
    expect(mine).to_have_count(0)
    assert texts(server) == ["Mine"]


def test_a_save_whose_answer_was_lost_is_no_conflict_however_it_goes_on(desk: Page, server: Server) -> None:
    server.publish("Original")
    mine = edit(desk, "Original")
    mine.get_by_label("Text").fill("Mine")
    # The stream is cut as well: nothing tells this desk that its save arrived.
    desk.context.set_offline(True)
    desk.context.set_offline(False)
    lose_the_answer(desk, "**/v1/feeds/news/updates/*")
    save(mine)
    expect(mine.get_by_role("alert")).to_contain_text("cannot be reached")
    mine.get_by_label("Text").fill("Mine, and more")
    save(mine)
    expect(mine).to_have_count(0)
    (update,) = server.page()["updates"]
    assert (update["text"], update["rev"]) == ("Mine, and more", 3)


def test_a_crash_between_a_lost_answer_and_the_next_try_is_no_conflict(desk: Page, server: Server) -> None:
    server.publish("Original")
    mine = edit(desk, "Original")
    mine.get_by_label("Text").fill("Mine")
    lose_the_answer(desk, "**/v1/feeds/news/updates/*")
    save(mine)
    expect(mine.get_by_role("alert")).to_contain_text("cannot be reached")
    mine.get_by_label("Text").fill("Mine, and more")
    desk.reload()
    save(mine)
    expect(mine).to_have_count(0)
    assert texts(server) == ["Mine, and more"]


def test_two_who_delete_one_update_both_succeed(desk: Page, server: Server, browser: Browser) -> None:
    server.publish("Wrong")
    with another(browser, server) as other:
        for page in (desk, other):
            press(row(page, "Wrong"), "Delete")
        for page in (desk, other):
            page.get_by_role("dialog").get_by_role("button", name="Delete").click()
            expect(row(page, "Wrong")).to_have_count(0)
            assert page.locator(".problem:visible").all_inner_texts() == []
    assert texts(server) == []


def test_what_was_deleted_while_it_was_edited_becomes_a_new_text(
    desk: Page, server: Server, browser: Browser
) -> None:
    server.publish("Original")
    mine = edit(desk, "Original")
    mine.get_by_label("Text").fill("My words")
    with another(browser, server) as other:
        press(row(other, "Original"), "Delete")
        other.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(row(other, "Original")).to_have_count(0)
    expect(mine.get_by_role("alert")).to_contain_text("Your text is still here")
    mine.get_by_role("button", name="Put my text into the compose form").click()
    expect(desk.get_by_label("Update", exact=True)).to_have_value("My words")
    assert texts(server) == []
