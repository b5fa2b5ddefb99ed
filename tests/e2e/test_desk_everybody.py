"""Everybody can use the desk: axe-core's rules, small screens, colours, no motion, the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import violations
from tests.e2e.checks import MOVED, contrasts, expect_nothing, movements
from tests.e2e.conftest import Server
from tests.e2e.everybody import DESKTOP, LOOKS, PHONE, looking
from tests.e2e.test_desk import press, row, sign_in

ZOOMED = {"viewport": {"width": 320, "height": 640}, "color_scheme": "light", "has_touch": True}
ALL_LOOKS = LOOKS | {"zoomed to 400 %": ZOOMED}

SMALL = """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('p, .diff, .body'))
  .map((one) => [one, (one.closest('label') ?? one).getBoundingClientRect()])
  .filter(([, { width, height }]) => width && (width < 24 || height < 24))
  .map(([one, { width, height }]) => `${one.outerHTML.slice(0, 90)}: ${width} × ${height}`)"""


WIDE = """() => [document.documentElement, ...document.querySelectorAll('dialog[open], [popover]')]
  .filter((one) => one.scrollWidth > one.clientWidth)
  .map((one) => `${one.tagName} ${one.id}: ${one.scrollWidth} px in ${one.clientWidth}`)"""


FORGET = """() => Object.keys(localStorage).filter((name) => name.includes(':edit:'))
  .forEach((name) => localStorage.removeItem(name))"""


def fill(server: Server) -> None:
    server.create_feed(
        "draft", title="A rehearsal with a name that is rather long for a phone", status="draft"
    )
    server.create_feed("over", title="Over", status="closed")
    server.publish("Plain, https://example.org/" + "long" * 40, tags=["a-tag", "another"], author="A. Writer")
    update = server.publish("It was **three**.", title="Count", key=True, pinned=True)
    server.edit(update["id"], text="It was **four**.", correction="Not three")
    server.publish("Now!", title="Breaking news", breaking=True)


@contextmanager
def at_desk(browser: Browser, server: Server, **look: Any) -> Iterator[Page]:
    with looking(browser, **look) as page:
        page.add_init_script(MOVED)
        page.goto(f"{server.url}/desk?feed=news")
        sign_in(page, server)
        expect(row(page, "Now!")).to_be_visible()
        yield page


def menu(name: str) -> Callable[[Page, Server], None]:
    def choose(page: Page, server: Server) -> None:
        page.get_by_role("button", name="This feed").click()
        if name:
            page.locator("#feedmenu").get_by_role("button", name=name).click()

    return choose


def button(name: str) -> Callable[[Page, Server], None]:
    return lambda page, server: page.get_by_role("button", name=name, exact=True).click()


def act(text: str, name: str) -> Callable[[Page, Server], None]:
    return lambda page, server: press(row(page, text), name)


def conflict(page: Page, server: Server) -> None:
    update = next(one for one in server.page()["updates"] if one["breaking"])
    press(row(page, "Now!"), "Edit")
    form = page.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Now and here!")
    server.edit(update["id"], text="Now or never!")
    expect(form.get_by_text("Somebody else has changed the same")).to_be_visible()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("heading", name="Somebody else changed this")).to_be_visible()
    server.edit(update["id"], text="Now!")


def refused(page: Page, server: Server) -> None:
    button("New feed")(page, server)
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#feedform [aria-invalid]").first).to_be_visible()


STATES: dict[str, Callable[[Page, Server], None]] = {
    "the list": lambda page, server: None,
    "an editor": act("Now!", "Edit"),
    "a conflict": conflict,
    "versions": act("It was four", "Versions"),
    "deleting": act("Now!", "Delete"),
    "the menu": menu(""),
    "settings": menu("Settings"),
    "closing": menu("Close this feed"),
    "removing": menu("Remove this feed"),
    "importing": menu("Import"),
    "a story": menu("Copy as story"),
    "a new feed": button("New feed"),
    "what was refused": refused,
    "all feeds": button("All feeds"),
    "people": button("People"),
}


def ready(page: Page) -> None:
    """What a dialog loads is there."""
    page.wait_for_function("() => !document.getAnimations().length")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("look", ALL_LOOKS.values(), ids=ALL_LOOKS)
def test_no_state_breaks_a_rule_or_is_wider_than_the_screen(
    server: Server, browser: Browser, look: dict[str, Any]
) -> None:
    fill(server)
    found = {}
    with at_desk(browser, server, **look) as page:
        for name, bring_about in STATES.items():
            page.goto(f"{server.url}/desk")
            expect(row(page, "Now!")).to_be_visible()
            bring_about(page, server)
            ready(page)
            found[name] = violations(page) + page.evaluate(WIDE) + page.evaluate(SMALL)
            page.evaluate(FORGET)
    expect_nothing(found)


def test_colours_that_are_forced_leave_everything_readable(server: Server, browser: Browser) -> None:
    fill(server)
    with at_desk(browser, server, **DESKTOP, forced_colors="active") as page:
        press(row(page, "It was four"), "Versions")
        expect(page.locator("#revisions ins").first).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, forced_colors="active")
            seen = contrasts(page, "button, .label, .hint, ins, del, h1, h2, h3")
            assert [(text, ratio) for text, ratio in seen if ratio < 4.5 and text] == [], scheme


def test_nothing_moves_for_who_wants_it_so(server: Server, browser: Browser) -> None:
    fill(server)
    with at_desk(browser, server, **PHONE, reduced_motion="reduce") as page:
        for name in ("the menu", "versions"):
            STATES[name](page, server)
            page.keyboard.press("Escape")
        server.publish("Another one")
        expect(row(page, "Another one")).to_be_visible()
        assert movements(page) == []


@pytest.mark.parametrize("name", ["versions", "settings", "people", "importing", "all feeds", "a story"])
def test_a_dialog_is_opened_left_and_closed_by_keyboard(server: Server, browser: Browser, name: str) -> None:
    """The focus is in it while it is open, and afterwards where it was."""
    fill(server)
    with at_desk(browser, server, **DESKTOP) as page:
        STATES[name](page, server)
        dialog = page.locator("dialog[open]")
        expect(dialog).to_be_visible()
        ready(page)
        for _ in range(12):
            page.keyboard.press("Tab")
            inside = page.evaluate(
                "document.activeElement.closest('dialog')?.open ?? document.activeElement.tagName"
            )
            assert inside in (True, "BODY")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
