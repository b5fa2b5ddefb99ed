"""Sessions, tokens and invites at the desk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import desk
from tests.livefeed_process import run_command

__all__ = ["desk"]  # a fixture

AGENTS = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.2 Mobile/15E148 Safari/604.1": "Safari on an iPhone",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 "
    "Safari/537.36 Edg/143.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Linux",
    "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile "
    "Safari/537.36": "Chrome on Android",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 "
    "Safari/605.1.15": "Safari on a Mac",
    "curl/8.17.0": "curl/8.17.0",
    "": "unknown device",
}


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


def people(page: Page, name: str = "People") -> Locator:
    page.get_by_role("button", name=name, exact=True).click()
    return page.get_by_role("dialog").filter(has=page.locator("#teamlist-title"))


def line(within: Locator, section: str, text: str) -> Locator:
    return within.get_by_role("region", name=section).get_by_role("listitem").filter(has_text=text)


def answer(page: Page, title: str, button: str) -> None:
    page.get_by_role("dialog", name=title).get_by_role("button", name=button, exact=True).click()


def invited(page: Page, name: str, role: str = "editor", *feeds: str) -> str:
    """The link that the desk makes for somebody."""
    dialog = page.get_by_role("dialog", name="People")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Role").select_option(role)
    if feeds:
        dialog.get_by_text("Only for some feeds").click()
    for feed in feeds:
        dialog.get_by_label(feed).check()
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_text(f"For {name}, {role}.")).to_be_visible()
    return dialog.get_by_label("Link").input_value()


def test_an_invite_becomes_a_session_and_is_ended_from_the_desk(
    desk: Page, server: Server, browser: Browser
) -> None:
    dialog = people(desk)
    link = invited(desk, "Dora")
    assert re.fullmatch(rf"{server.url}/desk/join#lfi_[\w-]{{40,}}", link)
    expect(line(dialog, "Invites", "Dora")).to_contain_text("all feeds")
    assert violations(desk, within="#teamlist") == []

    context = browser.new_context()
    theirs = context.new_page()
    theirs.goto(link)
    theirs.get_by_role("button", name="Join", exact=True).click()
    expect(theirs.get_by_text("Dora (editor)")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    people(desk)
    expect(line(dialog, "Invites", "Dora")).to_have_count(0)
    expect(line(dialog, "Who may come in", "Dora")).to_have_count(1)
    theirs.get_by_label("Update", exact=True).fill("Still here")
    session = line(dialog, "Sessions", "Dora")
    expect(session).to_contain_text("Chrome on Linux")
    session.get_by_role("button", name="End").click()
    answer(desk, "End this session?", "Keep")
    expect(session).to_have_count(1)
    session.get_by_role("button", name="End").click()
    answer(desk, "End this session?", "End it")
    expect(session).to_have_count(0)
    expect(theirs.get_by_text("Your session has ended")).to_be_visible()
    expect(theirs.get_by_label("Update", exact=True)).to_have_value("Still here")
    context.close()


def test_a_link_is_copied_and_shown_once(desk: Page, server: Server) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    dialog = people(desk)
    link = invited(desk, "Emil", "contributor", "News")
    expect(line(dialog, "Invites", "Emil")).to_contain_text("only news")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    assert desk.evaluate("navigator.clipboard.readText()") == link
    dialog.get_by_role("button", name="Close").click()
    people(desk)
    expect(dialog.get_by_label("Link")).to_be_hidden()
    assert link not in desk.content()
    line(dialog, "Invites", "Emil").get_by_role("button", name="Withdraw").click()
    answer(desk, "Withdraw this invite?", "Withdraw")
    expect(line(dialog, "Invites", "Emil")).to_have_count(0)


def test_a_link_is_selected_where_copying_is_denied(desk: Page) -> None:
    dialog = people(desk)
    link = invited(desk, "Fay")
    desk.evaluate(
        "() => { document.execCommand = () => false;"
        " navigator.clipboard.writeText = () => Promise.reject(); }"
    )
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_text("It is selected")).to_be_visible()
    assert desk.evaluate("getSelection().toString()") == link
    line(dialog, "Invites", "Fay").get_by_role("button", name="Withdraw").click()
    answer(desk, "Withdraw this invite?", "Withdraw")
    expect(line(dialog, "Invites", "Fay")).to_have_count(0)


def test_what_cannot_be_invited_is_said_beside_the_field(desk: Page) -> None:
    dialog = people(desk)
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Name").fill("a/b")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_text("no slash")).to_be_visible()


def test_who_is_in_is_invited_again_as_what_they_are(desk: Page, server: Server) -> None:
    run_command("token", "create", "Hal", "--role", "contributor", "--data-dir", server.data_dir)
    dialog = people(desk)
    dialog.get_by_label("Name").fill("Hal")
    dialog.get_by_label("Role").select_option("editor")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_text("For Hal, contributor.")).to_contain_text("Hal is in already")
    expect(line(dialog, "Invites", "Hal")).to_contain_text("contributor")


def test_a_token_is_revoked_with_its_sessions(desk: Page, server: Server) -> None:
    run_command("token", "create", "Gus", "--role", "contributor", "--data-dir", server.data_dir)
    dialog = people(desk)
    token = line(dialog, "Who may come in", "Gus")
    expect(token).to_contain_text("not used yet")
    token.get_by_role("button", name="Revoke").click()
    expect(desk.get_by_role("dialog", name="Revoke Gus?")).to_contain_text("within 5 seconds")
    answer(desk, "Revoke Gus?", "Revoke")
    expect(token).to_have_count(0)
    listed = run_command("token", "list", "--data-dir", server.data_dir).stdout
    assert "Gus" not in listed


def test_who_is_no_admin_sees_their_own_sessions(page: Page, server: Server) -> None:
    made = run_command("token", "create", "Hans", "--role", "editor", "--data-dir", server.data_dir)
    page.goto(f"{server.url}/desk")
    page.get_by_label("Token").fill(made.stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    dialog = people(page, "My sessions")
    expect(line(dialog, "Sessions", "Chrome on Linux")).to_contain_text("this one")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    expect(dialog.get_by_role("button")).to_have_count(1)
    assert violations(page, within="#teamlist") == []


def test_browsers_have_their_names(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/desk")
    named = page.evaluate(
        "async (agents) => { const { src } = document.querySelector('script[type=module]');"
        " const { browserName } = await import(src.replace('desk.js', 'agent.js'));"
        " return agents.map(browserName); }",
        list(AGENTS),
    )
    assert named == list(AGENTS.values()), json.dumps(named)
