"""Everybody can work at the desk: axe-core's rules in each state, the keyboard, one thumb, a dark room."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import violations
from tests.e2e.checks import expect_nothing, outline_faults
from tests.e2e.conftest import Server
from tests.e2e.everybody import LOOKS, PHONE, looking
from tests.e2e.test_desk import box, compose, press, row, sign_in
from tests.e2e.test_desk_hold import drafts, going
from tests.e2e.test_desk_items import region


def fill_desk(server: Server) -> None:
    """One of each."""
    server.call("PATCH", "/news", {"hold_s": 30})
    server.publish(
        "Published, with **everything**.",
        title="A title",
        tags=["harbour"],
        breaking=True,
        key=True,
        pinned=True,
    )
    for step, body in (("submit", None), ("schedule", {"time": "2027-01-01T08:00:00Z"}), ("publish", None)):
        item = server.call("POST", "/news/items", {"text": f"To {step}", "tags": ["harbour"], "key": True})
        server.call("POST", f"/news/items/{item['id']}/{step}", body)
    item = server.call("POST", "/news/items", {"text": "To be returned"})
    server.call("POST", f"/news/items/{item['id']}/submit")
    server.call("POST", f"/news/items/{item['id']}/return", {"note": "Who says so?"})


def found_in(page: Page, dialog: str = "") -> list[str]:
    """At rest, and on a screen so high that what sticks to its edge covers nothing."""
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": size["width"], "height": 4000})
    page.wait_for_function("() => document.getAnimations().length === 0")
    try:
        return _found_in(page, dialog)
    finally:
        page.set_viewport_size(size)


def _found_in(page: Page, dialog: str) -> list[str]:
    return violations(page, within="dialog[open]" if dialog else "html") + (
        [] if dialog else outline_faults(page)
    )


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_no_state_breaks_a_rule(server: Server, browser: Browser, look: dict[str, Any]) -> None:
    fill_desk(server)
    found: dict[str, list[str]] = {}
    with looking(browser, **look) as page:
        page.goto(f"{server.url}/desk")
        expect(page.get_by_label("Token")).to_be_visible()
        found["signing in"] = found_in(page, "signin")
        sign_in(page, server)
        expect(page.get_by_role("status")).to_have_text("Live")
        expect(going(page)).to_be_visible()
        found["lists"] = found_in(page)
        box(page).fill("A text")
        page.locator("#compose .preview summary").click()
        expect(compose(page).locator(".as-readers article")).to_be_visible()
        page.locator("#compose .more").evaluate("details => { details.open = true; }")
        compose(page).get_by_role("combobox", name="Tags").press_sequentially("har")
        expect(compose(page).get_by_role("option")).to_be_visible()
        found["writing"] = found_in(page)
        page.keyboard.press("Escape")
        box(page).fill(" ")
        box(page).press("Control+Enter")
        expect(box(page)).to_have_attribute("aria-invalid", "true")
        found["refused"] = found_in(page)
        press(region(page, "Waiting for review"), "Edit")
        expect(compose(page)).to_contain_text("waits for review")
        found["reviewing"] = found_in(page)
        press(region(page, "Waiting for review"), "Return")
        found["returning"] = found_in(page, "giveback")
        page.keyboard.press("Escape")
        compose(page).get_by_role("button", name="Leave").click()
        press(region(page, "Scheduled"), "Other time")
        found["scheduling"] = found_in(page, "schedule")
        page.keyboard.press("Escape")
        page.get_by_role("heading", name="Published").focus()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        found["shortcuts"] = found_in(page, "shortcuts")
        page.keyboard.press("Escape")
        press(going(page), "Send now")
        expect(page.locator("#sent")).to_contain_text("Sent")
        found["sent"] = found_in(page)
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("dialog", name="It is out already")).to_be_visible()
        found["too late"] = found_in(page, "ask")
        page.get_by_role("button", name="Leave it there").click()
        press(row(page, "Published, with"), "Edit")
        found["editing"] = found_in(page)
        server.call("PATCH", "/news", {"status": "closed"})
        expect(page.get_by_text("This feed is closed.")).to_be_visible()
        found["closed"] = found_in(page)
        page.context.set_offline(True)
        expect(page.get_by_role("status")).to_have_text(re.compile("Offline|Reconnecting"))
        found["offline"] = found_in(page)
    expect_nothing(found)


def test_everything_is_in_reach_of_one_thumb(server: Server, browser: Browser) -> None:
    fill_desk(server)
    with looking(browser, **PHONE) as page:
        page.goto(f"{server.url}/desk")
        sign_in(page, server)
        expect(going(page)).to_be_visible()
        box(page).fill("Half a sentence\n" * 30)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        publish = compose(page).get_by_role("button", name="Publish", exact=True)
        bounds = publish.bounding_box()
        assert bounds
        assert bounds["height"] >= 44
        assert 740 / 2 <= bounds["y"] <= 740 - bounds["height"], "it is not where a thumb is"
        small = page.evaluate(
            """() => [...document.querySelectorAll('#compose button, .item button, summary, .toggles label')]
              .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44)
              .map((one) => one.textContent.trim() || one.ariaLabel)"""
        )
        assert small == []
        page.get_by_role("link", name=re.compile("^Drafts")).click()
        expect(drafts(page).first).to_be_in_viewport()


def test_what_is_typed_stays_where_it_is_while_lists_change(server: Server, browser: Browser) -> None:
    with looking(browser, **PHONE) as page:
        page.goto(f"{server.url}/desk")
        sign_in(page, server)
        expect(page.get_by_role("status")).to_have_text("Live")
        box(page).fill("Being typed")
        before = box(page).bounding_box()
        fill_desk(server)
        expect(going(page)).to_be_visible()
        expect(region(page, "Scheduled")).to_be_visible()
        assert box(page).bounding_box() == before
        expect(box(page)).to_be_focused()
