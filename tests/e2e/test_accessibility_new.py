"""Everybody can use what the browser adds to the readers' pages: options, arrivals, what changed since."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import violations
from tests.e2e.checks import MOVED, contrasts, expect_nothing, movements, outline_faults
from tests.e2e.conftest import Server
from tests.e2e.everybody import DESKTOP, LOOKS, PHONE, fill, looking, visit

FOCUSED = "document.activeElement.matches('{}')"


def scroll_away(page: Page) -> None:
    """So far down that what comes waits on the button."""
    page.locator(".updates > article").nth(3).scroll_into_view_if_needed()
    page.mouse.move(5, 5)
    page.mouse.wheel(0, 2000)
    page.wait_for_function("() => scrollY > 1000")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_other_layouts_break_no_rule(server: Server, browser: Browser, look: dict[str, Any]) -> None:
    fill(server, 30)
    with looking(browser, **look) as page:
        for query in ("?layout=compact", "?wall"):
            visit(page, f"{server.url}/feeds/news{query}")
            expect_nothing({query: violations(page) + outline_faults(page)})


def test_the_language_says_where_a_line_begins(server: Server, browser: Browser) -> None:
    fill(server, 5)
    with looking(browser, **PHONE) as page:
        for slug, lang, direction in (("arabic", "ar", "rtl"), ("ukrainian", "uk", "ltr")):
            visit(page, f"{server.url}/feeds/{slug}")
            root = page.locator("html")
            expect(root).to_have_attribute("lang", lang)
            expect(root).to_have_attribute("dir", direction)
            assert page.locator("h1").evaluate("node => getComputedStyle(node).direction") == direction


def test_the_first_key_skips_to_the_updates(server: Server, browser: Browser) -> None:
    fill(server, 5)
    with looking(browser, **DESKTOP) as page:
        visit(page, f"{server.url}/feeds/news")
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport(ratio=1)
        page.keyboard.press("Enter")
        expect(page.locator("#updates")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.updates') !== null")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_arrivals(server: Server, browser: Browser, look: dict[str, Any]) -> None:
    fill(server, 30)
    with looking(browser, **look, reduced_motion="reduce") as page:
        page.add_init_script(MOVED)
        visit(page, f"{server.url}/feeds/news")
        scroll_away(page)
        for number in range(3):
            server.publish(f"Arrival {number}")
        button = page.get_by_role("button", name="3 new updates")
        expect(button).to_be_in_viewport(ratio=1)
        expect_nothing({"the button": violations(page, within=".arrivals")})
        expect(page.locator(".announcer[aria-live=polite]")).to_contain_text("new update")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".updates > article").first).to_be_in_viewport()
        expect(button).to_be_hidden()
        assert not page.evaluate(FOCUSED.format("body")), "the focus goes where the news is"
        expect_nothing({"brought in": violations(page)})
        assert movements(page) == []


def test_options(server: Server, browser: Browser) -> None:
    fill(server, 5)
    with looking(browser, **PHONE) as page:
        visit(page, f"{server.url}/feeds/news")
        options = page.get_by_role("button", name="Options")
        options.focus()
        page.keyboard.press("Enter")
        announce = page.get_by_role("checkbox", name="Announce new updates to screen readers")
        expect(announce).to_be_focused()
        expect_nothing({"the panel": violations(page)})
        page.keyboard.press("Tab")
        expect(page.get_by_role("checkbox", name="A sound for breaking news")).to_be_focused()
        page.keyboard.press("Escape")
        expect(announce).to_have_count(0)
        expect(options).to_be_focused()


def test_since_you_left(server: Server, browser: Browser) -> None:
    fill(server, 5)
    edited = server.publish("To be corrected", title="Edited")
    deleted = server.publish("To be withdrawn")
    with looking(browser, **PHONE | {"viewport": {"width": 360, "height": 6000}}) as page:
        visit(page, f"{server.url}/feeds/news")
        page.wait_for_function(
            "() => Object.keys(localStorage).some((key) => key.includes('seen'))", timeout=15_000
        )
        page.goto("about:blank")
        server.edit(edited["id"], title="Corrected", correction="The title was wrong.")
        server.delete(deleted["id"])
        server.publish("New meanwhile")
        visit(page, f"{server.url}/feeds/news")
        expect(page.get_by_role("region", name="Since you left")).to_contain_text("Corrected")
        expect_nothing({"since you left": violations(page) + outline_faults(page)})


SMALL = """() => [...document.querySelectorAll(
    'button, nav a, .pages a, .foot a, .card a, .permalink, .since a, label')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 24 || height < 24)
  .map(([name, { width, height }]) => `${name}: ${width} × ${height}`)"""


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_targets_are_large_enough(server: Server, browser: Browser, look: dict[str, Any]) -> None:
    fill(server, 30)
    with looking(browser, **look) as page:
        visit(page, f"{server.url}/feeds/news")
        scroll_away(page)
        server.publish("Waits on the button")
        expect(page.get_by_role("button", name="1 new update")).to_be_visible()
        assert page.evaluate(SMALL) == []


SHAPE = """node => {
  const { fontWeight, textDecorationLine, borderBottomStyle, borderBottomWidth } = getComputedStyle(node);
  return [fontWeight, textDecorationLine, borderBottomStyle, borderBottomWidth];
}"""


def test_forced_colours_lose_nothing(server: Server, browser: Browser) -> None:
    fill(server, 30)
    with looking(browser, **DESKTOP, forced_colors="active") as page:
        visit(page, f"{server.url}/feeds/news")
        scroll_away(page)
        server.publish("Waits on the button")
        expect(page.get_by_role("button", name="1 new update")).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, forced_colors="active")
            texts = contrasts(
                page, ".kicker, .status, .filter a, .card a, button, .day, .edited, .correction"
            )
            assert [(text, ratio) for text, ratio in texts if ratio < 4.5] == [], scheme
        shapes = [
            page.locator(f".filter a{which}").first.evaluate(SHAPE)
            for which in ("[aria-current]", ":not([aria-current])")
        ]
        assert shapes[0] != shapes[1], "what is chosen differs by more than its colour"
