"""The ticker on somebody else's page, on another origin."""

from __future__ import annotations

import signal

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server
from tests.e2e.host import Host, host, policy, tag

__all__ = ["Host", "host", "tag"]


def test_one_tag_renders_where_it_stands(server: Server, host: Host, page: Page, errors: list[str]) -> None:
    for number in range(8):
        server.publish(f"Update {number}")
    host.html = f"<p id=before>Before</p>{tag(server, 'data-feed=news data-limit=5')}<p id=after>After</p>"
    host.policy = policy(server)
    page.goto(host.url)
    articles = page.locator("live-feed .updates > article")
    expect(articles).to_have_count(5)
    assert page.locator("live-feed").evaluate("node => node.nextElementSibling.id") == "after"
    update = server.publish("Live on another site")
    expect(page.locator(f"live-feed #update-{update['id']}")).to_be_visible()
    expect(page.locator("live-feed").get_by_role("status").first).to_have_text("Live")
    page.get_by_role("link", name="More news").click()
    expect(articles).to_have_count(9)
    permalink = articles.first.get_by_role("link").first.get_attribute("href")
    assert permalink == f"{server.url}/feeds/news/updates/{update['id']}"
    styled = page.locator("live-feed .head").evaluate("node => getComputedStyle(node).borderBottomStyle")
    assert styled == "solid"
    assert not errors


def test_the_host_page_cannot_disturb_it_nor_it_the_host(server: Server, host: Host, page: Page) -> None:
    server.publish("Text", title="Title")
    style = "<style>* { font: 40px/3 cursive !important; color: red } article { display: none }</style>"
    host.html = f"{style}{tag(server)}<p class=title>Host</p>"
    page.goto(host.url)
    body = page.locator("live-feed .body")
    expect(body).to_be_visible()
    assert body.evaluate("node => getComputedStyle(node).fontSize") != "40px"
    assert page.locator("p.title").evaluate("node => getComputedStyle(node).fontSize") == "40px"


def test_a_missing_feed_is_said(server: Server, host: Host, page: Page, errors: list[str]) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    element = f'<live-feed src="{server.url}" feed="nowhere"><p>Our own words</p></live-feed>'
    host.html = element + tag(server, "")
    page.goto(host.url)
    expect(page.locator("live-feed").get_by_role("status")).to_contain_text("no ticker “nowhere”")
    expect(page.get_by_text("Our own words")).to_be_visible()
    assert any("nowhere" in line for line in said)
    assert not errors


def test_a_refused_origin_is_said(server: Server, host: Host, page: Page, errors: list[str]) -> None:
    server.call("PATCH", "/news", {"origins": ["https://other.example"]})
    host.html = tag(server)
    page.goto(host.url)
    expect(page.locator("live-feed").get_by_role("status")).to_contain_text("may not be shown")
    assert not errors


def test_the_fallback_stays_until_the_server_answers(
    server: Server, host: Host, page: Page, errors: list[str]
) -> None:
    update = server.publish("Worth the wait")
    host.html = f"{tag(server, '')}<div id=place></div>"
    page.goto(host.url)
    page.wait_for_function("!!customElements.get('live-feed')")
    server.stop(signal.SIGKILL)
    page.locator("#place").evaluate(
        "(node, src) => { node.innerHTML = `<live-feed src=${src} feed=news><p>Our own words</p>`; }",
        server.url,
    )
    expect(page.get_by_text("Our own words")).to_be_visible()
    page.wait_for_timeout(1000)
    expect(page.get_by_text("Our own words")).to_be_visible()
    server.start()
    expect(page.locator(f"live-feed #update-{update['id']}")).to_be_visible(timeout=40_000)
    expect(page.get_by_text("Our own words")).to_be_hidden()
    assert not errors
