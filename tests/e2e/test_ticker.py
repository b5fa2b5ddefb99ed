"""The readers' page in a real browser: right without JavaScript, exact with it, on every transport."""

from __future__ import annotations

import random
import re
import signal
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.ticker import Wire, block, expect_exact, held, open_ticker, shown, status, until


def test_reads_and_pages_without_javascript(server: Server, browser: Browser) -> None:
    for number in range(25):
        server.publish(f"Update {number}", title=f"Title {number}")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/feeds/news")
    expect(page.get_by_role("heading", level=1)).to_have_text("News")
    assert shown(page) == held(server)[:20]
    page.get_by_role("link", name="More news").click()
    assert shown(page) == held(server)[20:]
    expect(page.get_by_role("link", name="More news")).to_have_count(0)
    context.close()


def test_publish_edit_delete_in_place(server: Server, page: Page, errors: list[str]) -> None:
    first = server.publish("Old news")
    open_ticker(page, server)
    second = server.publish("Some **bold** text", title="A title", breaking=True)
    article = page.locator(f"#update-{second['id']}")
    expect(article.get_by_role("heading", name="A title")).to_be_visible()
    expect(article).to_have_attribute("data-rev", "1")
    expect(article.locator("strong")).to_have_text("bold")
    expect(article).to_contain_text("Breaking")
    assert article.locator("time").first.get_attribute("datetime") == second["time"]
    article.evaluate("node => { node.mine = true; }")
    server.edit(second["id"], title="Another title", correction="The title was wrong.")
    expect(article).to_have_attribute("data-rev", "2")
    expect(article).to_contain_text("Another title")
    expect(article).to_contain_text("Correction: The title was wrong.")
    assert article.evaluate("node => node.mine"), "an edit keeps the node"
    assert [row[0] for row in shown(page)] == [second["id"], first["id"]]
    server.delete(second["id"])
    expect(article).to_have_count(0)
    assert [row[0] for row in shown(page)] == [first["id"]]
    assert not errors


def test_pinned_and_key_lists_follow(server: Server, page: Page) -> None:
    update = server.publish("A turning point", title="Turning point", key=True, pinned=True)
    open_ticker(page, server)
    pinned = page.locator(f"#pinned-{update['id']}")
    events = page.get_by_role("navigation", name="Key events")
    expect(pinned).to_be_visible()
    expect(events.get_by_role("link")).to_have_count(1)
    server.edit(update["id"], pinned=False, title="A new turn")
    expect(pinned).to_have_count(0)
    expect(events.get_by_role("link")).to_contain_text("A new turn")
    other = server.publish("Pinned while you watch", pinned=True)
    expect(page.locator(f"#pinned-{other['id']}")).to_be_visible()
    server.delete(update["id"])
    expect(events).to_be_hidden()


@pytest.mark.parametrize("which", ["listed", "pinned alone"])
@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_what_machines_read_holds_nothing_outdated(server: Server, page: Page, which: str, how: str) -> None:
    """The page's JSON-LD goes with the first change of what it tells; the scripts' data went before."""
    update = server.publish("Wrong", pinned=which != "listed")
    if which != "listed":
        for number in range(25):
            server.publish(f"Update {number}")
    open_ticker(page, server)
    new = server.publish("Something else")
    expect(page.locator(f"#update-{new['id']}")).to_be_visible()
    machines = page.locator("script[type='application/ld+json']")
    expect(machines).to_have_count(1)
    expect(page.locator("script[type='application/json']")).to_have_count(0)
    if how == "edited":
        server.edit(update["id"], text="Right")
    else:
        server.delete(update["id"])
    expect(machines).to_have_count(0)
    assert "Wrong" not in page.content()


def test_two_tabs(server: Server, page: Page, context: BrowserContext) -> None:
    """Of one browser: both are live, and neither counts what the other shows."""
    for number in range(20):
        server.publish(f"Update {number}", title=f"Title {number}")
    other = context.new_page()
    for tab in (page, other):
        open_ticker(tab, server)
    other.mouse.wheel(0, 800)
    other.wait_for_function("() => scrollY > 300")
    update = server.publish("New")
    expect(page.locator(f"#update-{update['id']}")).to_be_visible()
    expect(page).to_have_title("News")
    expect(other.get_by_role("button", name="1 new update")).to_be_visible()
    expect(other).to_have_title("(1) News")
    page.close()
    server.edit(update["id"], text="Edited")
    other.get_by_role("button", name="1 new update").click()
    expect(other.locator(f"#update-{update['id']}")).to_contain_text("Edited")
    expect_exact(other, server)


def test_order_is_by_shown_time_then_id(server: Server, page: Page) -> None:
    open_ticker(page, server)
    for number, time in enumerate(["20T10:00:00", "21T10:00:00", "21T10:00:00.500", "21T10:00:00"]):
        server.publish(f"Number {number}", time=f"2026-11-{time}Z", id=f"same-{number}")
    expect_exact(page, server)
    assert [row[0] for row in shown(page)] == ["same-2", "same-3", "same-1", "same-0"]
    expect(page.locator(".updates > .day")).to_have_count(2)
    server.edit("same-0", time="2026-11-22T10:00:00Z")
    expect_exact(page, server)


def test_more_news_appends_in_place(server: Server, page: Page) -> None:
    for number in range(45):
        server.publish(f"Update {number}")
    open_ticker(page, server)
    address = page.url
    more = page.get_by_role("link", name="More news")
    for count in (40, 45):
        more.click()
        expect(page.locator(".updates > article")).to_have_count(count)
    expect(more).to_be_hidden()
    assert page.url == address
    server.edit(shown(page)[-1][0], title="Edited far below")
    expect_exact(page, server)


def test_a_put_below_the_range_stays_out(server: Server, page: Page) -> None:
    for number in range(25):
        server.publish(f"Update {number}")
    open_ticker(page, server)
    old = shown(page)
    server.publish("Long ago", time="2001-01-01T00:00:00Z", key=True)
    expect(page.get_by_role("navigation", name="Key events").get_by_role("link")).to_have_count(1)
    assert shown(page) == old


@pytest.mark.parametrize("blocked", ["ws", "ws,sse"])
def test_falls_back(server: Server, page: Page, blocked: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    block(page, blocked)
    open_ticker(page, server)
    server.publish("Through the back door")
    expect(page.locator(".updates > article")).to_contain_text("Through the back door")
    assert any("/events" in url for url in asked)
    assert any("/changes" in url for url in asked) == ("sse" in blocked)


def test_comes_back_after_a_killed_server(server: Server, page: Page, errors: list[str]) -> None:
    kept = server.publish("Before")
    open_ticker(page, server)
    server.stop(signal.SIGKILL)
    expect(status(page)).to_have_text("Reconnecting")
    server.start()
    missed = server.publish("While you were away")
    expect(page.locator(f"#update-{missed['id']}")).to_be_visible(timeout=40_000)
    expect(status(page)).to_have_text("Live")
    assert [row[0] for row in shown(page)] == [missed["id"], kept["id"]]
    assert not errors


def test_offline_and_online(server: Server, page: Page) -> None:
    open_ticker(page, server)
    page.context.set_offline(True)
    expect(status(page)).to_have_text(re.compile(r"^Offline since \d\d:\d\d$"))
    missed = server.publish("Missed")
    page.context.set_offline(False)
    expect(page.locator(f"#update-{missed['id']}")).to_be_visible()
    expect(status(page)).to_have_text("Live")


def test_a_closed_feed_says_so_and_reopens(server: Server, page: Page) -> None:
    open_ticker(page, server)
    server.call("PATCH", "/news", {"status": "closed", "title": "News of the day"})
    expect(status(page)).to_have_text("Coverage has ended")
    expect(page.get_by_role("heading", level=1)).to_have_text("News of the day")
    server.call("PATCH", "/news", {"status": "open"})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(status(page)).to_have_text("Live")


def test_a_filter_holds_for_arrivals(server: Server, page: Page) -> None:
    server.publish("One", tags=["energy"])
    open_ticker(page, server, "?tag=energy")
    server.publish("Two", tags=["sport"])
    three = server.publish("Three", tags=["energy", "sport"])
    expect(page.locator(f"#update-{three['id']}")).to_be_visible()
    assert len(shown(page)) == 2
    server.edit(three["id"], tags=["sport"])
    expect(page.locator(f"#update-{three['id']}")).to_have_count(0)


@pytest.mark.parametrize("blocked", ["", "ws", "ws,sse"])
def test_converges_over_random_losses(server: Server, page: Page, blocked: str) -> None:
    """Any mixture of changes and outages ends as a fresh load would."""
    chance = random.Random(20261122)
    ids = [server.publish(f"Start {number}", key=number % 3 == 0)["id"] for number in range(30)]
    block(page, blocked)
    open_ticker(page, server)
    page.get_by_role("link", name="More news").click()
    expect(page.locator(".updates > article")).to_have_count(30)
    for step in range(60):
        if step % 15 == 5:
            page.context.set_offline(True)
        if step % 15 == 12:
            page.context.set_offline(False)
        match chance.randrange(4):
            case 0:
                ids.append(server.publish(f"Step {step}", pinned=chance.random() < 0.2)["id"])
            case 1:
                server.edit(chance.choice(ids), title=f"Edited {step}", key=chance.random() < 0.5)
            case 2:
                hour = chance.randrange(24)
                server.edit(chance.choice(ids), time=f"2026-11-2{chance.randrange(2)}T{hour:02}:00:00Z")
            case 3:
                server.delete(ids.pop(chance.randrange(len(ids))))
    page.context.set_offline(False)
    expect(status(page)).to_have_text("Live", timeout=30_000)
    page.evaluate("scrollTo(0, 0)")
    expect_exact(page, server)
    fresh = server.page()
    events = page.locator(".key li").evaluate_all("nodes => nodes.map(node => node.dataset.key.slice(4))")
    assert events == [event["id"] for event in fresh["key"]]
    pinned = page.locator(".pinned > article").evaluate_all("nodes => nodes.map(node => node.id.slice(7))")
    assert pinned == [update["id"] for update in fresh["pinned"]]


@pytest.mark.parametrize("told_by", ["change", "ping"])
def test_a_lost_message_is_noticed(server: Server, page: Page, told_by: str) -> None:
    wire = Wire(page)
    open_ticker(page, server)
    wire.losing = True
    server.publish("Lost on the way")
    until(page, lambda: wire.heard[-1]["type"] == "change")
    wire.losing = False
    if told_by == "change":
        server.publish("The next one")
    else:
        wire.say({"type": "ping", "position": wire.heard[-1]["position"], "readers": 1})
    expect_exact(page, server)
    expect(status(page)).to_have_text("Live")
    assert wire.opened == 2


def test_what_cannot_be_shown_is_left_out_alone(server: Server, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    wire = Wire(page)
    open_ticker(page, server)
    bad: list[dict[str, Any]] = [
        {"image": {"url": "https://a.example:99999/x.png"}, "link": {"url": "https://a.example:99999/"}},
        {"tags": None},
        {"edited": "late"},
    ]
    for number, fields in enumerate(bad):
        wire.losing = True
        wire.heard.clear()
        server.publish(f"Bad {number}", pinned=True)
        until(page, lambda: any(message["type"] == "change" for message in wire.heard))
        wire.losing = False
        (message,) = [message for message in wire.heard if message["type"] == "change"]
        message["change"]["update"].update(fields)
        wire.say(message)
    server.publish("Good")
    updates = page.locator(".updates > article:visible")
    expect(updates.locator(".body")).to_have_text(["Good", "Bad 2", "Bad 0"])
    server.publish("Better")
    expect(updates).to_have_count(4)
    expect(page.locator(".pinned > article:visible")).to_have_count(2)
    assert len([text for text in said if "TypeError" in text]) == 2  # in the list, and pinned
    expect(status(page)).to_have_text("Live")


def test_silence_means_dead(server: Server, page: Page) -> None:
    wire = Wire(page)
    page.clock.install()
    open_ticker(page, server)
    wire.losing = True
    missed = server.publish("Into the void")
    page.clock.fast_forward(22_000)
    assert wire.opened == 1
    wire.losing = False
    page.clock.fast_forward(2_000)
    expect(status(page)).to_have_text("Reconnecting")
    page.clock.fast_forward(1_000)
    expect(page.locator(f"#update-{missed['id']}")).to_be_visible()
    assert wire.opened == 2


def test_a_hidden_away_page_lets_go_and_comes_back(server: Server, page: Page) -> None:
    """As the back-forward cache does it: an open stream would keep the page out of it."""
    wire = Wire(page)
    open_ticker(page, server)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    missed = server.publish("While it was away")
    page.wait_for_timeout(1500)
    assert wire.opened == 1
    expect(page.locator(f"#update-{missed['id']}")).to_have_count(0)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator(f"#update-{missed['id']}")).to_be_visible()
    assert wire.opened == 2


def test_a_closed_feed_is_looked_at_now_and_then(server: Server, page: Page) -> None:
    kept = server.publish("To be corrected")
    page.clock.install()
    open_ticker(page, server)
    server.call("PATCH", "/news", {"status": "closed"})
    expect(status(page)).to_have_text("Coverage has ended")
    page.wait_for_timeout(500)
    server.edit(kept["id"], title="Corrected after the end")
    page.clock.fast_forward(80_000)
    expect(page.locator(f"#update-{kept['id']}")).to_contain_text("Corrected after the end")
    server.call("PATCH", "/news", {"status": "open"})
    page.clock.fast_forward(80_000)
    expect(status(page)).to_have_text("Live")


def test_an_unknown_change_makes_it_refetch(server: Server, page: Page) -> None:
    wire = Wire(page)
    open_ticker(page, server)
    epoch, offset = wire.heard[-1]["position"].split(":")
    with page.expect_request(re.compile(r"/v1/feeds/news/updates\?limit=20")):
        position = f"{epoch}:{int(offset) + 1}"
        wire.say({"type": "change", "after": int(offset), "position": position, "change": {"op": "new"}})
    wire.say({"type": "something-new"})
    expect(status(page)).to_have_text("Live")


def test_a_bye_is_obeyed(server: Server, page: Page) -> None:
    wire = Wire(page)
    open_ticker(page, server)
    wire.say({"type": "bye", "reason": "rotate", "retry": 300})
    expect(status(page)).to_have_text("Reconnecting")
    page.wait_for_timeout(250)
    assert wire.opened == 1
    expect(status(page)).to_have_text("Live")
    wire.say({"type": "bye", "reason": "revoked", "retry": None})
    expect(status(page)).to_have_text("Not live")
    page.wait_for_timeout(1500)
    assert wire.opened == 2


def test_server_html_is_checked_again(server: Server, page: Page) -> None:
    open_ticker(page, server)
    got = page.evaluate(
        """async () => {
            const [link] = document.querySelectorAll('script[type=module]');
            const { fill } = await import(new URL('../client/html.js', link.src));
            const box = document.createElement('div');
            fill(box, '<p id="x" style="color:red" onclick="a()">a<br><script>b()</script><iframe></iframe>'
              + '<a href="javascript:a()">c</a><a href="https://d.example/" target="x">d</a></p>');
            return box.innerHTML;
        }"""
    )
    assert got == '<p>a<br><a>c</a><a href="https://d.example/">d</a></p>'


def test_without_a_sanitizer_it_goes_through_the_policy(
    server: Server, page: Page, errors: list[str]
) -> None:
    page.add_init_script("delete Element.prototype.setHTML")
    open_ticker(page, server)
    update = server.publish("Some **bold** text")
    expect(page.locator(f"#update-{update['id']} strong")).to_have_text("bold")
    assert not errors


@pytest.mark.parametrize(
    ("timezone", "said"),
    [
        ("Europe/Kyiv", "Days and times are in the time zone Europe/Kyiv."),
        ("America/New_York", "Days are those of America/New York; times are in your time zone, "),
    ],
)
def test_the_zone_is_named(server: Server, page: Page, timezone: str, said: str) -> None:
    """Kyiv is Kiev to the browser, and the same zone."""
    server.call("PATCH", "/news", {"timezone": timezone})
    page.goto(f"{server.url}/feeds/news")
    expect(page.get_by_role("status")).to_have_text("Live")
    expect(page.locator(".zone")).to_contain_text(said)
