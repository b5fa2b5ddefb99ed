"""One connection for all tabs of a site that show the same feed."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import ARGUMENTS, Server
from tests.e2e.host import Host, element, host
from tests.e2e.ticker import hide

__all__ = ["host"]  # a fixture

TABS = 10


def readers(server: Server) -> int:
    """How many streams are open, as the operator sees it."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
        found = re.search(r"^livefeed_readers (\d+)", answer.read().decode(), re.MULTILINE)
    assert found
    return int(found[1])


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not come to be so")


def articles(page: Page) -> Any:
    return page.locator("live-feed .updates > article")


def live(page: Page) -> None:
    expect(page.locator("live-feed .status")).to_have_text("Live")


@pytest.fixture
def tabs(server: Server, host: Host, context: BrowserContext) -> list[Page]:
    """Ten, all live."""
    server.publish("Before")
    host.html = element(server)
    tabs = [context.new_page() for _ in range(TABS)]
    for tab in tabs:
        tab.goto(host.url)
        live(tab)
    return tabs


def leader(tabs: list[Page]) -> Page:
    """Who holds the lock."""
    held = """async () => (await navigator.locks.query()).held.map((lock) => lock.clientId)"""
    own = """async () => {
        const name = `own ${Math.random()}`;
        return await navigator.locks.request(name, async () =>
            (await navigator.locks.query()).held.find((lock) => lock.name === name).clientId);
    }"""
    (holder,) = tabs[0].evaluate(held)
    (found,) = [tab for tab in tabs if tab.evaluate(own) == holder]
    return found


def test_ten_tabs_are_one_connection(server: Server, tabs: list[Page]) -> None:
    assert readers(server) == 1
    update = server.publish("To all")
    for tab in tabs:
        expect(articles(tab)).to_have_count(2)
    server.edit(update["id"], text="To all, once more")
    for tab in tabs:
        expect(articles(tab).first).to_contain_text("once more")
    server.delete(update["id"])
    for tab in tabs:
        expect(articles(tab)).to_have_count(1)
    assert readers(server) == 1


def test_when_the_leader_is_closed_updates_go_on(server: Server, tabs: list[Page]) -> None:
    for left in range(TABS - 1, 6, -1):
        closing = leader(tabs)
        tabs.remove(closing)
        closing.close()
        server.publish(f"With {left} left")
        for tab in tabs:
            expect(articles(tab)).to_have_count(TABS - left + 1)
        eventually(tabs[0], lambda: readers(server) == 1)


def test_when_the_leader_goes_elsewhere_or_is_frozen_updates_go_on(server: Server, tabs: list[Page]) -> None:
    leader(tabs).goto("about:blank")
    frozen = leader([tab for tab in tabs if tab.url != "about:blank"])
    frozen.context.new_cdp_session(frozen).send("Page.setWebLifecycleState", {"state": "frozen"})
    server.publish("While it is frozen")
    for tab in tabs:
        if tab.url != "about:blank" and tab is not frozen:
            expect(articles(tab)).to_have_count(2)
    eventually(tabs[0], lambda: readers(server) == 1)


def test_one_that_comes_back_from_freezing_has_missed_nothing(server: Server, tabs: list[Page]) -> None:
    frozen = leader(tabs)
    session = frozen.context.new_cdp_session(frozen)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    server.publish("While it is frozen")
    expect(articles(next(tab for tab in tabs if tab is not frozen))).to_have_count(2)
    session.send("Page.setWebLifecycleState", {"state": "active"})
    expect(articles(frozen)).to_have_count(2)
    server.publish("And after")
    for tab in tabs:
        expect(articles(tab)).to_have_count(3)
    assert readers(server) == 1


def test_a_leader_that_falls_silent_is_relieved_after_35_seconds(
    server: Server, host: Host, context: BrowserContext
) -> None:
    """As on a telephone that suspends a page without telling it: the lock stays held, nothing is said."""
    host.html = element(server)
    silent, other = context.new_page(), context.new_page()
    silent.add_init_script(
        "const say = BroadcastChannel.prototype.postMessage;"
        "BroadcastChannel.prototype.postMessage = function (...what) {"
        " if (!window.silent) say.apply(this, what); };"
    )
    other.clock.install()
    for tab in (silent, other):
        tab.goto(host.url)
        live(tab)
    silent.evaluate("window.silent = true")
    server.publish("Nobody passes this on")
    expect(articles(silent)).to_have_count(1)
    other.clock.run_for(34_000)
    expect(articles(other)).to_have_count(0)
    hide(other)
    other.clock.run_for(60_000)
    expect(articles(other)).to_have_count(0)
    hide(other, hidden=False)
    other.clock.run_for(6_000)
    expect(articles(other)).to_have_count(1)
    # The lock was stolen: who had it follows now.
    server.publish("From the new leader")
    for tab in (silent, other):
        expect(articles(tab)).to_have_count(2)
    eventually(other, lambda: readers(server) == 1)


def test_who_follows_misses_nothing_that_was_not_passed_on(
    server: Server, host: Host, context: BrowserContext
) -> None:
    host.html = element(server)
    leads, follows = context.new_page(), context.new_page()
    follows.add_init_script(
        "const post = BroadcastChannel.prototype.postMessage;"
        "Object.defineProperty(BroadcastChannel.prototype, 'onmessage', { set(listener) {"
        " this.addEventListener('message', (event) => { if (!window.deaf) listener(event); }); } });"
    )
    for tab in (leads, follows):
        tab.goto(host.url)
        live(tab)
    follows.evaluate("window.deaf = true")
    first = server.publish("Unheard")
    second = server.publish("Unheard, too")
    server.delete(first["id"])
    server.edit(second["id"], text="Edited, unheard")
    expect(articles(leads)).to_have_text([re.compile("Edited, unheard")])
    expect(articles(follows)).to_have_count(0)
    follows.evaluate("window.deaf = false")
    server.publish("Heard")
    expect(articles(follows)).to_have_text([re.compile("Heard"), re.compile("Edited, unheard")])
    assert readers(server) == 1


def test_all_say_so_when_the_server_is_away_and_come_back(server: Server, tabs: list[Page]) -> None:
    server.stop()
    for tab in tabs:
        expect(tab.locator("live-feed .status")).to_have_text("Reconnecting")
    server.start()
    server.publish("Back")
    for tab in tabs:
        expect(articles(tab)).to_have_count(2, timeout=40_000)
        live(tab)
    eventually(tabs[0], lambda: readers(server) == 1)


def test_each_feed_has_its_own_and_two_elements_of_one_share(
    server: Server, host: Host, page: Page, errors: list[str]
) -> None:
    server.create_feed("sport")
    host.html = (
        element(server) + element(server, 'feed="news" layout="compact"') + element(server, 'feed="sport"')
    )
    page.goto(host.url)
    expect(page.locator("live-feed .status")).to_have_text(["Live"] * 3)
    assert readers(server) == 2
    server.publish("News")
    server.publish("Sport", feed="sport")
    expect(articles(page)).to_have_count(3)
    assert not errors


@pytest.mark.parametrize("sandbox", ["allow-scripts", "allow-scripts allow-same-origin"])
def test_in_a_sandbox_each_connects_alone(
    server: Server, host: Host, page: Page, errors: list[str], sandbox: str
) -> None:
    """Without an origin (``Origin: null``) there are neither locks nor channels nor storage."""
    server.publish("Before")
    host.files["/inner"] = ("text/html", element(server).encode())
    host.html = f'<iframe title="A" sandbox="{sandbox}" src="/inner"></iframe>' * 2
    page.goto(host.url)
    for number in range(2):
        frame = page.frame_locator(f"iframe >> nth={number}")
        expect(frame.locator("live-feed .status")).to_have_text("Live")
    server.publish("After")
    for number in range(2):
        expect(page.frame_locator(f"iframe >> nth={number}").locator(".updates > article")).to_have_count(2)
    assert readers(server) == (1 if "same-origin" in sandbox else 2)
    assert not errors


@pytest.fixture
def keeping(chromium_path: str, browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has its back-forward cache, which Playwright turns off."""
    kept = browser.browser_type.launch(
        executable_path=chromium_path, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield kept.new_context()
    kept.close()


def test_pages_with_a_ticker_are_kept_for_going_back(
    server: Server, host: Host, keeping: BrowserContext
) -> None:
    host.html = (
        element(server)
        + "<script>addEventListener('pageshow', (e) => { window.kept = e.persisted; });</script>"
    )
    leads, follows = keeping.new_page(), keeping.new_page()
    for tab in (leads, follows):
        tab.goto(host.url)
        live(tab)
    for number, tab in enumerate((leads, follows), 1):
        tab.goto(f"{server.url}/robots.txt")
        server.publish(f"Away {number}")
        tab.go_back(wait_until="commit")
        assert tab.evaluate("window.kept") is True
        for each in (leads, follows):
            expect(articles(each)).to_have_count(number)
            live(each)
    eventually(leads, lambda: readers(server) == 1)
