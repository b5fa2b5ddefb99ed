"""Pages of others that make it hard: it neither breaks them nor is broken by them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.everybody import fill
from tests.e2e.host import Host, element, host, policy, tag
from tests.e2e.test_element import live, publish, rows, ticker
from tests.e2e.ticker import block, until

__all__ = ["host"]  # a fixture

TRUSTED = "; require-trusted-types-for 'script'; trusted-types livefeed"


@pytest.fixture(autouse=True)
def _nothing_was_thrown(page: Page, errors: list[str]) -> Any:
    yield
    assert not errors


# Policies


@pytest.mark.parametrize("update", [False, True])
def test_a_strict_policy_with_trusted_types(server: Server, host: Host, page: Page, update: bool) -> None:
    server.publish("**Strong**, <https://example.org/a/page>\n\n- a list", id="one", title="Title")
    host.html = element(server, 'feed="news" update="one"' if update else 'feed="news" height="600"')
    host.policy = policy(server) + TRUSTED
    page.goto(host.url)
    expect(ticker(page).locator("article strong")).to_have_text("Strong")
    assert ticker(page).evaluate("node => node.getBoundingClientRect().height > 100")
    server.edit("one", text="*Stressed*")
    expect(ticker(page).locator("article em")).to_have_text("Stressed")


def test_a_policy_that_allows_no_names_of_policies(
    server: Server, host: Host, page: Page, errors: list[str]
) -> None:
    """Where neither ``setHTML`` nor a policy is to be had, the text is shown without its marks."""
    page.add_init_script("delete Element.prototype.setHTML")
    server.publish("**Strong** words")
    host.html = element(server)
    host.policy = policy(server) + "; require-trusted-types-for 'script'; trusted-types 'none'"
    page.goto(host.url)
    expect(ticker(page).locator(".body")).to_contain_text("Strong words")
    assert all("'livefeed'" in error for error in errors), "the browser reports what it refused, once"
    errors.clear()


def test_a_policy_of_nonces(server: Server, host: Host, page: Page) -> None:
    publish(server, 1)
    host.html = tag(server, 'data-feed="news" nonce="abc"')
    host.policy = (
        "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; base-uri 'none'; "
        f"connect-src {server.url} {server.url.replace('http', 'ws', 1)}"
    )
    page.goto(host.url)
    live(page)


# Styles and widths

RESETS = {
    "everything is unset": "* { all: unset !important }",
    "everything is hidden": "article, section, p, ul { display: none !important }",
    "letters are large": "html { font: 40px/3 cursive; letter-spacing: 1em } * { line-height: 4 !important }",
    "boxes are odd": "* { box-sizing: content-box !important; padding: 20px; float: left }",
    "it reads upwards": "body { writing-mode: vertical-rl; text-transform: uppercase; text-align: center }",
}


@pytest.mark.parametrize("style", RESETS.values(), ids=RESETS)
def test_styles_of_the_host(server: Server, host: Host, page: Page, style: str) -> None:
    fill(server, 5)
    host.html = f"<main>{element(server)}</main>"
    page.goto(host.url)
    live(page)
    article = ticker(page).locator("#update-everything")
    facts = """node => {
        const style = getComputedStyle(node);
        const leading = parseFloat(style.lineHeight) / parseFloat(style.fontSize);
        return [style.display, style.paddingTop !== '0px', leading.toFixed(2), style.letterSpacing,
            style.textTransform, style.writingMode, style.boxSizing,
            getComputedStyle(node.querySelector('.body')).fontFamily];
    }"""
    before = article.evaluate(facts)
    page.add_style_tag(content=style)
    assert article.evaluate(facts) == before
    assert ticker(page).locator(".box").evaluate("node => node.getBoundingClientRect().height") == 480


def test_a_narrow_column(server: Server, host: Host, page: Page) -> None:
    fill(server, 20)
    server.publish(f"A word: {'Rhabarber' * 20}, <https://example.org/{'a' * 300}>, `{'code ' * 40}`")
    for attributes in ("", "layout=compact", "update=everything"):
        host.html = f"<div style='width: 280px'>{element(server, f'feed=news {attributes}')}</div>"
        page.goto(host.url)
        expect(ticker(page).locator(".updates > article").first).to_be_visible()
        wide = "node => [node.scrollWidth > node.clientWidth, node.getBoundingClientRect().width]"
        assert ticker(page).locator(".box").evaluate(wide) == [False, 280]


@pytest.mark.parametrize("feed", ["arabic", "news"])
def test_a_page_from_right_to_left(server: Server, host: Host, page: Page, feed: str) -> None:
    """The ticker goes by its own language, whatever the page's is."""
    fill(server, 3)
    host.html = f"<body dir=rtl lang=ar>{element(server, f'feed={feed}')}"
    page.goto(host.url)
    expect(ticker(page).locator(".status[data-state=live]")).to_be_visible()
    direction = "node => getComputedStyle(node).direction"
    assert ticker(page).locator("article").first.evaluate(direction) == ("rtl" if feed == "arabic" else "ltr")
    assert page.locator("body").evaluate(direction) == "rtl"


SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources } of list.getEntries())
    shifts.push([value, hadRecentInput, sources.map(({ node }) => node?.nodeName)]);
}).observe({ type: 'layout-shift', buffered: true });
"""
PLACES = {
    "the element with its room": (
        '<live-feed src="{0}" feed="news" style="display:block;height:480px"></live-feed>'
        '<script src="{0}/static/embed.js" async></script>'
    ),
    "the script with its room": (
        '<script src="{0}/static/embed.js" data-feed="news"'
        ' style="display:block;height:480px" async></script>'
    ),
    "the script with a rule of the page's": (
        "<style>live-feed:not(:defined), script[data-feed] {{ display: block; height: 480px }}</style>"
        '<script src="{0}/static/embed.js" data-feed="news" async></script>'
    ),
    "the script that is waited for": '<script src="{0}/static/embed.js" data-feed="news"></script>',
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_nothing_of_the_page_moves(server: Server, host: Host, page: Page, place: str) -> None:
    publish(server, 20)
    page.add_init_script(SHIFTS)
    # Later than the first picture of the page, as on a slow line.
    slow = re.compile(r"/static/\w{12}/|/v1/") if "waited" in place else re.compile(r"/static/|/v1/")
    waiting = []
    page.route(slow, lambda route: waiting.append(route) if not page.url else route.continue_())
    host.html = f"<h1>Host</h1>{place.format(server.url)}<p id=below>Below</p>"
    page.goto(host.url)
    expect(rows(page)).to_have_count(20)
    live(page)
    assert page.evaluate("shifts") == []
    for count in (21, 22):
        server.publish("News")
        expect(rows(page)).to_have_count(count)
    page.wait_for_function(
        "!document.querySelector('live-feed').shadowRoot.querySelector('[style*=translate]')"
    )
    assert page.evaluate("shifts") == []
    assert page.locator("#below").evaluate("node => node.getBoundingClientRect().top") > 480


# Coming, going, failing


def test_a_hundred_times_added_moved_and_removed(server: Server, host: Host, page: Page) -> None:
    publish(server, 3)
    open_now: set[object] = set()

    def opened(socket: Any) -> None:
        open_now.add(socket)
        socket.on("close", lambda _: open_now.discard(socket))

    page.on("websocket", opened)
    host.html = f"<div id=place></div>{tag(server, '')}"
    page.goto(host.url)
    page.wait_for_function("!!customElements.get('live-feed')")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def counted() -> dict[str, float]:
        session.send("HeapProfiler.collectGarbage")
        metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return {name: metrics[name] for name in ("JSEventListeners", "Nodes")}

    def add_and_remove(times: int) -> None:
        page.evaluate(
            """async ([src, times]) => {
                for (let n = 0; n < times; n++) {
                    const element = document.createElement('live-feed');
                    for (const [name, value] of Object.entries({ src, feed: 'news', announce: '' }))
                        element.setAttribute(name, value);
                    document.getElementById('place').append(element);
                    if (n % 3) await null;
                    document.body.append(element);
                    const shown = () => element.shadowRoot.querySelector('article');
                    while (n % 2 && !shown()) await new Promise((done) => setTimeout(done, 5));
                    element.remove();
                }
            }""",
            [server.url, times],
        )
        until(page, lambda: not open_now)

    add_and_remove(10)
    before = counted()
    add_and_remove(100)
    until(page, lambda: all(counted()[name] <= before[name] + 20 for name in before))
    held = page.evaluate("navigator.locks.query().then(({ held, pending }) => held.length + pending.length)")
    assert held == 0


def test_added_twice_and_in_two_versions(server: Server, host: Host, page: Page) -> None:
    publish(server, 2)
    other = f'<script src="{server.url}/static/000000000001/ticker/define.js" type="module"></script>'
    host.html = tag(server) * 2 + element(server) + other
    page.goto(host.url)
    expect(rows(page)).to_have_count(6)
    server.publish("To all three")
    expect(rows(page)).to_have_count(9)


def test_a_module_that_failed_is_loaded_again(server: Server, host: Host, page: Page) -> None:
    publish(server, 1)
    failing = {"ticker/embedded.js", "ticker/ticker.css", "words/en.json"}

    def fail_once(route: Any) -> None:
        name = route.request.url.split("/", 5)[-1]
        if name in failing:
            failing.discard(name)
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/static/.*/"), fail_once)
    host.html = element(server, 'feed="news"', "<p>Our own words</p>")
    page.goto(host.url)
    expect(rows(page)).to_have_count(1, timeout=20_000)
    expect(page.get_by_text("Our own words")).to_be_hidden()
    live(page)
    assert not failing


def test_while_the_server_cannot_be_reached_a_link_stands_there(
    server: Server, host: Host, page: Page
) -> None:
    page.route(re.compile(r"/static/\w{12}/"), lambda route: route.abort())
    host.html = tag(server)
    page.goto(host.url)
    link = page.get_by_role("link", name=f"{server.url}/feeds/news")
    expect(link).to_be_visible()
    assert ticker(page).evaluate("node => node.getBoundingClientRect().height") == 480


REFUSED = """async (server) => {
    const feed = `${server}/v1/feeds/news`;
    const closed = new Promise((done) => {
        const socket = new WebSocket(`${feed}/socket`.replace('http', 'ws'));
        socket.onclose = ({ code, reason }) => done([code, reason]); });
    const failed = new Promise((done) => {
        const source = new EventSource(`${feed}/events`);
        source.onerror = () => done(source.readyState === EventSource.CLOSED);
        source.onmessage = () => done('open'); });
    const polled = fetch(`${feed}/changes?wait=0`).then(() => 'read', ({ name }) => name);
    const access = (await fetch(`${feed}/access`)).json();
    return { closed: await closed, failed: await failed, polled: await polled, access: await access };
}"""


def test_a_site_that_may_not_is_refused_on_every_transport(server: Server, host: Host, page: Page) -> None:
    server.call("PATCH", "/news", {"origins": ["https://friend.example"]})
    page.goto(host.url)
    refused = page.evaluate(REFUSED, server.url)
    assert refused["closed"] == [4503, "this site may not use this feed"]
    assert refused["failed"] is True
    assert refused["polled"] == "TypeError"
    assert refused["access"] == {"feed": "news", "exists": True, "allowed": False, "status": "open"}


@pytest.mark.parametrize("blocked", ["", "ws", "ws sse"])
def test_and_the_element_says_so(server: Server, host: Host, page: Page, blocked: str) -> None:
    server.call("PATCH", "/news", {"origins": ["https://friend.example"]})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    block(page, blocked)
    host.html = element(server, 'feed="news"', "<p>Our own words</p>")
    page.goto(host.url)
    name = host.url.removeprefix("http://").rstrip("/")
    expect(ticker(page).get_by_role("status")).to_have_text(f"The ticker “news” may not be shown on {name}.")
    expect(page.get_by_text("Our own words")).to_be_visible()
    assert any("may not be shown" in line for line in said)


def test_a_site_that_is_refused_while_others_of_it_are_shown(
    server: Server, host: Host, page: Page, browser: Browser
) -> None:
    """Who came before the list was changed stays; who comes after, and would follow, is told."""
    host.html = element(server)
    page.goto(host.url)
    live(page)
    server.call("PATCH", "/news", {"origins": ["https://friend.example"]})
    later = page.context.new_page()
    later.goto(host.url)
    expect(ticker(later).get_by_role("status")).to_contain_text("may not be shown")
