"""The page that puts the code together, and what its code does on another site."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import violations
from tests.e2e.checks import outline_faults
from tests.e2e.conftest import Server
from tests.e2e.everybody import LOOKS, fill, looking
from tests.e2e.host import Host, host
from tests.e2e.test_element import live, publish, rows, ticker

__all__ = ["host"]  # a fixture


def code(page: Page, name: str) -> str:
    return page.locator(f"#snippet-{name} code").inner_text()


def open_builder(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/embed{query}")
    expect(page.locator("#snippets section")).to_have_count(7)


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Any:
    yield
    assert not errors


def choose(page: Page) -> None:
    page.get_by_label("Layout").select_option("compact")
    page.get_by_label("Updates at first").fill("3")
    page.get_by_label("Order").select_option("oldest")
    page.get_by_label("Colours").select_option("dark")
    page.get_by_label("Height").fill("350")
    page.get_by_label("Language").select_option("uk")


def test_what_is_chosen_is_shown_and_written(server: Server, page: Page) -> None:
    publish(server, 8)
    open_builder(page, server)
    expect(rows(page)).to_have_count(8)
    assert code(page, "script") == (
        f'<script src="{server.url}/static/embed.js" data-feed="news"'
        ' style="display:block;height:480px" async></script>'
    )
    choose(page)
    expect(rows(page)).to_have_count(3)
    expect(rows(page).first).to_contain_text("Update 0")
    assert ticker(page).evaluate("node => node.getBoundingClientRect().height") == 350
    expect(ticker(page).get_by_role("link", name="Більше новин")).to_be_visible()
    assert code(page, "script") == (
        f'<script src="{server.url}/static/embed.js" data-feed="news" data-layout="compact" data-limit="3"'
        ' data-order="oldest" data-theme="dark" data-height="350" data-lang="uk"'
        ' style="display:block;height:350px" async></script>'
    )
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_label("Height")).to_have_value("350")
    assert 'data-height="350"' in code(page, "script")
    page.get_by_label("Height").fill("5")
    assert "data-height" not in code(page, "script")


@pytest.mark.parametrize("name", ["script", "element", "frame", "growing", "integrity"])
def test_the_code_works(server: Server, host: Host, page: Page, name: str) -> None:
    publish(server, 8)
    open_builder(page, server)
    choose(page)
    host.html = code(page, name)
    page.goto(host.url)
    shown = page.frame_locator("iframe") if name in ("frame", "growing") else ticker(page)
    expect(shown.locator(".updates > article")).to_have_count(3)
    expect(shown.locator(".updates > article").first).to_contain_text("Update 0")
    expect(shown.get_by_role("link", name="Більше новин")).to_be_visible()
    update = server.publish("Live", time="2020-01-01T00:00:00Z")
    expect(shown.locator(f"#update-{update['id']}")).to_be_visible()


def test_the_policy_that_it_gives_is_enough(server: Server, host: Host, page: Page) -> None:
    publish(server, 1)
    open_builder(page, server)
    host.html, host.policy = code(page, "element"), f"default-src 'none'; {code(page, 'policy')}"
    host.html = host.html.replace(' style="display:block;height:480px"', "")
    page.goto(host.url)
    live(page)


def test_pinned_nothing_else_runs(server: Server, host: Host, page: Page, errors: list[str]) -> None:
    publish(server, 1)
    open_builder(page, server)
    pinned = code(page, "integrity")
    (found,) = re.findall(r'<script type="importmap">(.*?)</script>', pinned, re.S)
    pins: dict[str, str] = json.loads(found)["integrity"]
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    host.html = pinned
    page.goto(host.url)
    live(page)
    modules = {url for url in loaded if url.endswith(".js")}
    assert {url for url in modules if "/embed.js" not in url} <= set(pins)
    assert len(modules) > 3
    # One byte more in any of them, and it does not run.
    spoilt = next(url for url in pins if url.endswith("/ticker/core.js"))
    page.route(
        spoilt, lambda route: route.fulfill(response=(answer := route.fetch()), body=answer.text() + " ")
    )
    loaded.clear()
    page.goto(host.url)
    page.wait_for_event("console", lambda message: "gave no ticker of this integrity" in message.text)
    expect(ticker(page).get_by_role("link", name="News")).to_be_visible()
    assert not page.evaluate("!!customElements.get('live-feed')")
    assert all("/000000000001/" not in url for url in loaded)


def test_code_is_copied(server: Server, page: Page) -> None:
    open_builder(page, server)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: One line").click()
    assert page.evaluate("navigator.clipboard.readText()") == code(page, "script")
    expect(page.locator("#snippet-script button")).to_have_text("Copied")


def test_a_hostile_title_stays_text(server: Server, host: Host, page: Page) -> None:
    title = "\"><script>window.hacked=1</script><img src=x onerror=window.hacked=1>'</code></a>"
    server.call("PATCH", "/news", {"title": title})
    server.publish("Text")
    open_builder(page, server, "?feed=news&update=%22%3E%3Cscript%3E&theme=%22%3E")
    for name in ("element", "frame", "growing"):
        host.html = code(page, name)
        other = page.context.new_page()
        other.goto(host.url)
        expect(other.locator("live-feed, iframe")).to_have_count(1)
        if "frame" in name:
            assert other.locator("iframe").get_attribute("title") == title
        assert other.locator("img, script:not([src])").count() == 0
        other.close()
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_everybody_can_use_it(server: Server, browser: Browser, look: dict[str, Any]) -> None:
    fill(server, 5)
    with looking(browser, **look) as page:
        open_builder(page, server, "?feed=news")
        expect(page.locator("live-feed .updates > article")).to_have_count(5)
        assert violations(page) == []
        assert [fault for fault in outline_faults(page) if "h1" in fault] == []
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1]


def test_the_desk_leads_to_it(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/desk")
    page.get_by_label("Token").fill(server.token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="This feed").click()
    link = page.get_by_role("link", name="Embed it")
    expect(link).to_have_attribute("href", "/embed?feed=news")
    page.goto(server.url + (link.get_attribute("href") or ""))
    expect(page.locator("select[name=feed]")).to_have_value("news")
