"""“Edit” on the pages that everybody reads, for who is signed in at the desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import desk, sign_in
from tests.livefeed_process import run_command

__all__ = ["desk"]  # a fixture


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


def edits(page: Page, text: str) -> str:
    return f"article:has-text('{text}') a.edit"


def test_readers_load_nothing_of_the_desk(page: Page, server: Server) -> None:
    update = server.publish("Hello")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/feeds/news", f"/feeds/news/updates/{update['id']}"):
        page.goto(server.url + path, wait_until="networkidle")
        expect(page.locator(edits(page, "Hello"))).to_have_count(0)
    assert [url for url in asked if "/desk/" in url] == []


def test_an_editor_comes_from_the_ticker_to_the_update_s_editor(desk: Page, server: Server) -> None:
    server.publish("Hello", title="Greeting")
    page = desk.context.new_page()
    page.goto(f"{server.url}/feeds/news")
    link = page.locator(edits(page, "Hello"))
    expect(link).to_have_accessible_name("Edit: Greeting")
    server.publish("Live, too")
    expect(page.locator(edits(page, "Live, too"))).to_be_visible()
    server.edit(server.page()["updates"][0]["id"], text="Changed")
    expect(page.locator(edits(page, "Changed"))).to_have_count(1)
    assert violations(page) == []
    link.click()
    form = page.get_by_role("form", name="Edit")
    expect(form.get_by_label("Text")).to_have_value("Hello")
    expect(form.get_by_label("Text")).to_be_focused()
    assert page.url == f"{server.url}/desk"


def test_an_old_update_is_edited_from_its_own_page(desk: Page, server: Server) -> None:
    old = server.publish("The oldest", time="2026-01-01T08:00:00Z")
    for number in range(25):
        server.publish(f"Number {number}")
    page = desk.context.new_page()
    page.goto(f"{server.url}/feeds/news/updates/{old['id']}")
    page.locator(edits(page, "The oldest")).click()
    form = page.get_by_role("form", name="Edit")
    expect(form.get_by_label("Text")).to_be_focused()
    expect(form.get_by_role("alert")).to_be_hidden()
    form.get_by_label("Text").fill("The very oldest")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(page.locator(".row.is-apart")).to_contain_text("The very oldest")
    assert server.call("GET", f"/news/updates/{old['id']}")["text"] == "The very oldest"
    page.get_by_role("button", name="Show older").click()
    expect(page.locator("#rows .row")).to_have_count(26)
    expect(page.locator(".row", has_text="The very oldest")).to_have_count(1)


def test_a_link_to_what_was_deleted_says_so(desk: Page, server: Server) -> None:
    update = server.publish("Hello")
    server.delete(update["id"])
    desk.goto(f"{server.url}/desk?feed=news&edit={update['id']}")
    expect(desk.get_by_text("The update that you came to edit was deleted.")).to_be_visible()


def test_the_link_waits_for_signing_in_and_goes_with_signing_out(desk: Page, server: Server) -> None:
    server.publish("Hello")
    desk.context.clear_cookies()
    page = desk.context.new_page()
    page.goto(f"{server.url}/feeds/news")
    page.locator(edits(page, "Hello")).click()
    sign_in(page, server)
    expect(page.get_by_role("form", name="Edit").get_by_label("Text")).to_have_value("Hello")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    page.goto(f"{server.url}/feeds/news")
    expect(page.get_by_role("status")).to_have_text("Live")
    expect(page.locator(edits(page, "Hello"))).to_have_count(0)
    assert page.evaluate("localStorage.getItem('livefeed:desk:hint')") is None


def test_who_may_not_edit_is_offered_nothing(page: Page, server: Server) -> None:
    server.publish("Hello")
    server.create_feed("other", title="Other")
    server.publish("There", feed="other")
    made = [
        run_command("token", "create", name, "--role", role, *feeds, "--data-dir", server.data_dir)
        for name, role, feeds in (("Cara", "contributor", ()), ("Dan", "editor", ("--feeds", "other")))
    ]
    for token, offered in zip(made, (0, 1), strict=True):
        page.context.clear_cookies()
        page.goto(f"{server.url}/desk")
        page.get_by_label("Token").fill(token.stdout.strip())
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("#name")).not_to_be_empty()
        page.goto(f"{server.url}/feeds/other")
        expect(page.locator(edits(page, "There"))).to_have_count(offered)
        page.goto(f"{server.url}/feeds/news")
        expect(page.get_by_role("status")).to_have_text("Live")
        expect(page.locator(edits(page, "Hello"))).to_have_count(0)
