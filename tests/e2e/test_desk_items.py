"""Drafts, review and schedule at the desk; what is kept, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.test_desk import box, compose, desk, press, row, sign_in, texts
from tests.e2e.test_desk_hold import LISTEN, drafts, going, publish
from tests.e2e.ticker import until
from tests.livefeed_process import run_command
from tests.media.pictures import encoded, photo

__all__ = ["desk"]  # a fixture


def items(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.call("GET", "/news/items")["items"]
    return found


def kept(page: Page) -> Locator:
    return compose(page).locator(".kept")


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name).get_by_role("listitem")


@contextmanager
def signed_in(browser: Browser, server: Server, name: str, role: str) -> Iterator[Page]:
    """Another person in a browser of their own."""
    token = run_command("token", "create", name, "--role", role, "--data-dir", server.data_dir)
    assert token.returncode == 0, token.stderr
    context = browser.new_context(timezone_id="Europe/Kyiv", locale="en-GB")
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(f"{server.url}/desk")
    page.get_by_label("Token").fill(token.stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(f"{name} ({role})")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Live")
    yield page
    context.close()
    run_command("token", "revoke", name, "--data-dir", server.data_dir)


# Keeping ----------------------------------------------------------------------------------------


def test_what_is_typed_is_on_the_server_when_the_hands_rest(desk: Page, server: Server) -> None:
    box(desk).fill("Half a sent")
    expect(kept(desk)).to_have_text("Kept on this computer")
    expect(kept(desk)).to_have_text("Saved as a draft")
    box(desk).press_sequentially("ence")
    expect(kept(desk)).to_have_text("Saved as a draft")
    until(desk, lambda: [item["content"]["text"] for item in items(server)] == ["Half a sentence"])
    (item,) = items(server)
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "Half a sentence")).to_be_visible()
    assert server.page()["updates"][0]["id"] == item["id"]
    assert items(server) == []


def test_another_computer_sees_it_and_goes_on(desk: Page, server: Server, browser: Browser) -> None:
    box(desk).fill("Begun here")
    other = browser.new_page()
    other.goto(f"{server.url}/desk")
    sign_in(other, server)
    expect(drafts(other)).to_contain_text("Begun here")
    expect(drafts(other)).to_contain_text("is writing")
    press(drafts(other), "Edit")
    expect(box(other)).to_have_value("Begun here")
    box(other).fill("Begun here, ended there")
    expect(kept(other)).to_have_text("Saved as a draft")
    expect(box(desk)).to_have_value("Begun here, ended there")
    expect(compose(desk).get_by_role("alert")).to_contain_text("taken over")
    other.close()


def test_the_same_field_changed_twice_makes_two_drafts(desk: Page, server: Server) -> None:
    box(desk).fill("Original")
    expect(kept(desk)).to_have_text("Saved as a draft")
    (item,) = items(server)
    desk.route("**/v1/feeds/news/items/**", lambda route: route.abort())
    box(desk).fill("Mine")
    server.call("PATCH", f"/news/items/{item['id']}", {"text": "Theirs", "tags": ["b"]})
    expect(compose(desk).get_by_role("alert")).to_contain_text("yours is a draft of its own")
    desk.unroute_all()
    expect(box(desk)).to_have_value("Mine")
    expect(drafts(desk)).to_contain_text("Theirs")
    until(desk, lambda: sorted(one["content"]["text"] for one in items(server)) == ["Mine", "Theirs"])


def test_two_tabs_write_two_texts(desk: Page, server: Server, context: BrowserContext) -> None:
    box(desk).fill("In the first")
    other = context.new_page()
    other.goto(f"{server.url}/desk")
    expect(other.get_by_role("status")).to_have_text("Live")
    expect(box(other)).to_have_value("")
    box(other).fill("In the second")
    for page in (desk, other):
        expect(kept(page)).to_have_text("Saved as a draft")
    for page, text in ((desk, "In the first"), (other, "In the second")):
        page.reload()
        expect(box(page)).to_have_value(text)
    assert sorted(item["content"]["text"] for item in items(server)) == ["In the first", "In the second"]


def test_a_tab_that_crashed_is_taken_up_by_the_next(
    desk: Page, server: Server, context: BrowserContext
) -> None:
    desk.route("**/v1/feeds/news/items**", lambda route: route.abort())
    box(desk).fill("Never saved")
    desk.close()  # without a word, as far as what was typed is concerned
    other = context.new_page()
    other.goto(f"{server.url}/desk")
    expect(box(other)).to_have_value("Never saved")
    expect(kept(other)).to_have_text(re.compile("Saved as a draft|Kept on this computer"))
    other.get_by_role("button", name="Publish", exact=True).click()
    expect(row(other, "Never saved")).to_be_visible()
    assert texts(server) == ["Never saved"]


def test_where_nothing_can_be_kept_the_server_has_it_at_once(page: Page, server: Server) -> None:
    full = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };"
    page.add_init_script(full)
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    box(page).fill("Full")
    expect(kept(page)).to_have_text("Saved as a draft")
    assert [item["content"]["text"] for item in items(server)] == ["Full"]


def test_the_server_away_in_the_middle_of_a_save(desk: Page, server: Server) -> None:
    box(desk).fill("Before")
    expect(kept(desk)).to_have_text("Saved as a draft")
    server.stop()
    box(desk).fill("Before and after")
    expect(kept(desk)).to_contain_text("not on the server yet")
    expect(box(desk)).to_have_value("Before and after")
    server.start()
    expect(kept(desk)).to_have_text("Saved as a draft", timeout=30_000)
    assert [item["content"]["text"] for item in items(server)] == ["Before and after"]


def test_an_emptied_text_leaves_no_draft(desk: Page, server: Server) -> None:
    box(desk).fill("Nothing worth")
    expect(kept(desk)).to_have_text("Saved as a draft")
    box(desk).fill("")
    until(desk, lambda: items(server) == [])
    box(desk).fill("Something")
    until(desk, lambda: [item["content"]["text"] for item in items(server)] == ["Something"])


def test_a_draft_is_put_aside_and_taken_up(desk: Page, server: Server) -> None:
    compose(desk).get_by_label("Tags").fill("harbour")
    compose(desk).get_by_role("textbox", name="Link full story").fill("example.org/story")
    compose(desk).get_by_label("Link’s words").fill("Reported by them")
    box(desk).fill("For later")
    box(desk).press("Control+s")
    expect(box(desk)).to_have_value("")
    expect(drafts(desk)).to_contain_text("For later")
    box(desk).fill("Something else")
    press(drafts(desk), "Edit")
    expect(box(desk)).to_have_value("For later")
    expect(compose(desk).get_by_label("Tags")).to_have_value("harbour")
    expect(drafts(desk)).to_contain_text("Something else")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "For later")).to_be_visible()
    (update,) = server.page()["updates"]
    assert update["link"] == {"url": "https://example.org/story", "label": "Reported by them"}
    press(drafts(desk), "Delete")
    desk.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(drafts(desk)).to_have_count(0)
    assert items(server) == []


def test_discarding_asks(desk: Page, server: Server) -> None:
    box(desk).fill("Away with it")
    expect(kept(desk)).to_have_text("Saved as a draft")
    desk.get_by_role("button", name="Discard").click()
    desk.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(box(desk)).to_have_value("Away with it")
    desk.get_by_role("button", name="Discard").click()
    desk.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(box(desk)).to_have_value("")
    until(desk, lambda: items(server) == [])
    assert "Away with it" not in desk.evaluate("JSON.stringify(localStorage)")


# Review -----------------------------------------------------------------------------------------


def test_a_contributor_submits_and_an_editor_returns_edits_and_publishes(
    desk: Page, server: Server, browser: Browser
) -> None:
    with signed_in(browser, server, "Ann", "contributor") as ann:
        box(ann).fill("The bridge is closd")
        box(ann).press("Control+Enter")
        expect(box(ann)).to_have_value("")
        expect(region(ann, "Waiting for review")).to_contain_text("The bridge")
        waiting = region(desk, "Waiting for review")
        expect(waiting).to_contain_text("Ann")
        press(waiting, "Return")
        dialog = desk.get_by_role("dialog", name="Return this text")
        dialog.get_by_role("button", name="Return it").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Write a word")
        dialog.get_by_label("Note").fill("Who says so?")
        dialog.get_by_role("button", name="Return it").click()
        expect(drafts(ann)).to_contain_text("Returned by admin")
        expect(drafts(ann)).to_contain_text("Who says so?")
        press(drafts(ann), "Edit")
        box(ann).fill("The bridge is closd, police say.")
        ann.get_by_role("button", name="Submit for review").first.click()
        expect(waiting).to_contain_text("police say")
        press(waiting, "Edit")
        expect(compose(desk)).to_contain_text("This text by Ann waits for review")
        expect(waiting).not_to_contain_text("is writing")
        expect(region(ann, "Waiting for review")).to_contain_text("admin is writing")
        box(desk).fill("The bridge is closed, police say.")
        expect(kept(desk)).to_contain_text("Not saved yet")
        desk.get_by_role("button", name="Publish", exact=True).click()
        expect(row(ann, "The bridge is closed")).to_be_visible()
        expect(region(ann, "Waiting for review")).to_have_count(0)
        assert texts(server) == ["The bridge is closed, police say."]


def test_a_contributors_publish_is_refused_in_words(desk: Page, server: Server, browser: Browser) -> None:
    with signed_in(browser, server, "Ben", "contributor") as ben:
        box(ben).fill("I would like to")
        box(ben).press("Control+Enter")
        expect(region(ben, "Waiting for review")).to_be_visible()
        expect(region(ben, "Waiting for review").get_by_role("button")).to_have_text(["Take back"])
        press(region(ben, "Waiting for review"), "Take back")
        expect(box(ben)).to_have_value("I would like to")
        until(ben, lambda: [item["state"] for item in items(server)] == ["draft"])
        status = ben.evaluate(
            "id => fetch(`/v1/feeds/news/items/${id}/publish`, { method: 'POST' }).then((one) => one.status)",
            items(server)[0]["id"],
        )
        assert status == 403
        assert texts(server) == []


def test_a_revoked_session_loses_nothing(server: Server, browser: Browser) -> None:
    with signed_in(browser, server, "Cat", "editor") as cat:
        box(cat).fill("Written before")
        run_command("token", "revoke", "Cat", "--data-dir", server.data_dir)
        expect(cat.get_by_role("dialog", name="Sign in to the desk")).to_be_visible(timeout=15_000)
        expect(cat.get_by_text("Your session has ended")).to_be_visible()
        expect(box(cat)).to_have_value("Written before")
        again = run_command("token", "create", "Cat", "--role", "editor", "--data-dir", server.data_dir)
        cat.get_by_label("Token").fill(again.stdout.strip())
        cat.get_by_role("button", name="Sign in").click()
        expect(box(cat)).to_have_value("Written before")
        expect(kept(cat)).to_have_text("Saved as a draft")


# Schedule ---------------------------------------------------------------------------------------


def test_a_text_is_scheduled_changed_and_taken_off(desk: Page, server: Server) -> None:
    box(desk).fill("Tomorrow")
    desk.get_by_role("button", name="Schedule…").click()
    dialog = desk.get_by_role("dialog", name="When does it go out?")
    dialog.get_by_label("Day and time").fill("2020-01-01T00:00")
    dialog.get_by_role("button", name="Schedule", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("over already")
    dialog.get_by_role("button", name="Tomorrow at 8").click()
    dialog.get_by_role("button", name="Schedule", exact=True).click()
    planned = region(desk, "Scheduled")
    expect(planned).to_contain_text("Goes out")
    expect(box(desk)).to_have_value("")
    (item,) = items(server)
    assert item["state"] == "scheduled"
    press(planned, "Edit")
    box(desk).fill("Tomorrow, changed")
    expect(kept(desk)).to_contain_text("Not saved yet")
    desk.wait_for_timeout(2500)  # longer than a draft waits before it is saved
    assert items(server)[0]["content"]["text"] == "Tomorrow"
    desk.get_by_role("button", name="Save changes").click()
    expect(planned).to_contain_text("Tomorrow, changed")
    expect(box(desk)).to_have_value("")
    assert items(server)[0]["due"] == item["due"]
    press(planned, "Take off")
    expect(box(desk)).to_have_value("Tomorrow, changed")
    assert items(server)[0]["state"] == "draft"


def test_what_is_scheduled_goes_out(desk: Page, server: Server) -> None:
    box(desk).fill("In a moment")
    box(desk).press("Control+s")
    expect(drafts(desk)).to_contain_text("In a moment")
    until(desk, lambda: len(items(server)) == 1)
    due = desk.evaluate("new Date(Date.now() + 2000).toISOString()")
    server.call("POST", f"/news/items/{items(server)[0]['id']}/schedule", {"time": due})
    expect(region(desk, "Scheduled")).to_contain_text("In a moment")
    expect(row(desk, "In a moment")).to_be_visible()
    expect(region(desk, "Scheduled")).to_have_count(0)


def test_a_schedule_in_the_past_is_refused_by_the_server_too(desk: Page, server: Server) -> None:
    box(desk).fill("Too late")
    desk.get_by_role("button", name="Schedule…").click()
    desk.route(
        "**/schedule", lambda route: route.continue_(post_data='{"time": "2020-01-01T00:00:00Z"}'), times=1
    )
    desk.get_by_role("dialog").get_by_role("button", name="Tomorrow at 8").click()
    desk.get_by_role("dialog").get_by_role("button", name="Schedule", exact=True).click()
    expect(compose(desk)).to_contain_text("in the future")
    expect(box(desk)).to_have_value("Too late")
    assert going(desk).count() == 0


# Together ---------------------------------------------------------------------------------------


def test_who_is_here_is_shown(desk: Page, server: Server, browser: Browser) -> None:
    expect(desk.locator("#people")).to_have_text("")
    with signed_in(browser, server, "Dan", "editor"):
        expect(desk.locator("#people")).to_have_text("At the desk: admin, Dan")
    expect(desk.locator("#people")).to_have_text("")


@pytest.mark.parametrize("width", [360, 1280])
def test_lists_fit_the_screen(desk: Page, server: Server, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 740})
    server.call("PATCH", "/news", {"hold_s": 30})
    for number in range(7):
        server.call("POST", "/news/items", {"text": "x" * 300 + str(number), "title": "y" * 200})
    expect(drafts(desk)).to_have_count(5)
    desk.get_by_role("button", name="Show all 7").click()
    expect(drafts(desk)).to_have_count(7)
    press(drafts(desk).first, "Publish")
    expect(going(desk)).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= width
    if width == 360:
        for name in ("Cancel", "Send now", "Publish"):
            bounds = desk.get_by_role("button", name=re.compile(f"^{name}")).first.bounding_box()
            assert bounds
            assert bounds["height"] >= 44


def test_an_emptied_draft_goes_and_nobody_is_told_that_it_is_published(desk: Page, server: Server) -> None:
    desk.evaluate(LISTEN)
    box(desk).fill("Never mind")
    expect(kept(desk)).to_have_text("Saved as a draft")
    box(desk).fill("")
    until(desk, lambda: items(server) == [])
    box(desk).fill("The next")
    expect(kept(desk)).to_have_text("Saved as a draft")
    publish(desk, "The next, whole")
    until(desk, lambda: "Sent" in desk.evaluate("told"))
    assert "What you wrote is published" not in desk.evaluate("told")


def test_a_picture_without_words_is_asked_for_them_where_they_are_missing(desk: Page, server: Server) -> None:
    box(desk).fill("From the roof")
    with desk.expect_file_chooser() as chooser:
        compose(desk).get_by_role("button", name="Add a picture").click()
    chooser.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encoded(photo(400, 300))})
    words = compose(desk).get_by_label("What the picture shows")
    expect(kept(desk)).to_have_text(re.compile("not on the server yet. Say what the picture shows"))
    expect(compose(desk).locator("> .problem")).to_be_hidden()
    box(desk).press("Control+Enter")
    expect(words).to_be_focused()
    expect(words).to_have_attribute("aria-invalid", "true")
    desk.keyboard.type("An owl")
    expect(kept(desk)).to_have_text("Saved as a draft")
    desk.keyboard.press("Control+Enter")
    expect(row(desk, "From the roof")).to_be_visible()
    assert server.page()["updates"][0]["image"]["alt"] == "An owl"
