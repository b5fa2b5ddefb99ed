"""The way into the desk by an invite's link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import sign_in
from tests.livefeed_process import run_command


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


def link_for(server: Server, name: str) -> str:
    made = run_command("invite", name, "--role", "editor", "--data-dir", server.data_dir)
    return f"{server.url}/desk/join#{made.stdout.strip().partition('#')[2]}"


def door(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Join the desk")


def join(page: Page) -> Locator:
    return door(page).get_by_role("button", name="Join", exact=True)


@pytest.mark.parametrize("look", [{"width": 360, "height": 740}, {"width": 1280, "height": 800}])
def test_one_button_and_no_fault(page: Page, server: Server, look: Any) -> None:
    page.set_viewport_size(look)
    page.goto(f"{server.url}/desk/join#lfi_wrong")
    expect(join(page)).to_be_focused()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= look["width"]


def test_it_is_spent_by_a_press_of_the_button_once(page: Page, server: Server) -> None:
    link = link_for(server, "Ada")
    posts: list[str] = []
    page.on("request", lambda request: posts.extend([request.url] if request.method == "POST" else []))
    for _ in range(2):  # whoever opens it, as often as they like
        page.goto("about:blank")
        page.goto(link, wait_until="networkidle")
        expect(join(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(join(page)).to_be_visible()
    assert posts == []
    join(page).click()
    expect(page.get_by_text("Ada (editor)")).to_be_visible()
    assert page.url == f"{server.url}/desk"
    assert "lfi_" not in page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])"
    )

    page.context.clear_cookies()
    page.goto("about:blank")
    page.goto(link)
    join(page).click()
    expect(door(page).get_by_role("alert")).to_contain_text(
        "used already, was withdrawn, or is older than a day"
    )
    expect(join(page)).to_be_hidden()
    assert violations(page) == []
    door(page).get_by_role("button", name="Sign in with a token").click()
    sign_in(page, server)
    assert page.url == f"{server.url}/desk"


def test_who_is_in_already_goes_on(page: Page, server: Server) -> None:
    link = link_for(server, "Bea")
    page.goto(link)
    join(page).click()
    expect(page.get_by_text("Bea (editor)")).to_be_visible()
    page.goto("about:blank")
    page.goto(link)
    door(page).get_by_role("button", name="Go on as Bea").click()
    expect(page.get_by_text("Bea (editor)")).to_be_visible()
    expect(page.get_by_label("Update", exact=True)).to_be_visible()


def test_a_link_that_was_cut_says_so(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/desk/join")
    expect(door(page).get_by_role("alert")).to_contain_text("what follows # is missing")
    expect(join(page)).to_be_hidden()


def test_a_server_that_is_away_spends_nothing(page: Page, server: Server) -> None:
    page.goto(link_for(server, "Cleo"))
    page.route("**/v1/join", lambda route: route.abort(), times=1)
    join(page).click()
    expect(door(page).get_by_role("alert")).to_contain_text("cannot be reached")
    join(page).click()
    expect(page.get_by_text("Cleo (editor)")).to_be_visible()
