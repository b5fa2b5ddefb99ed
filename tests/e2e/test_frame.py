"""The frame on another site's page, also in a sandbox, where it has no origin and no storage."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server
from tests.e2e.host import Host, host
from tests.e2e.ticker import until

__all__ = ["host"]  # a fixture

SANDBOXES = ["", 'sandbox="allow-scripts"']


def frame(server: Server, query: str = "", attributes: str = "") -> str:
    return f'<iframe title="News" {attributes} src="{server.url}/embed/news{query}"></iframe>'


def resizer(server: Server, attributes: str = "") -> str:
    return f'<script src="{server.url}/static/embed-frame.js" {attributes} async></script>'


def height(page: Page) -> float:
    found: float = page.locator("iframe").evaluate("node => node.getBoundingClientRect().height")
    return found


def content_height(page: Page) -> float:
    found: float = (
        page.frame_locator("iframe")
        .locator(".page")
        .evaluate("node => Math.ceil(node.getBoundingClientRect().height)")
    )
    return found


@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_a_frame_is_live(page: Page, server: Server, host: Host, errors: list[str], sandbox: str) -> None:
    server.publish("Before")
    host.html = frame(server, attributes=sandbox)
    page.goto(host.url)
    shown = page.frame_locator("iframe")
    expect(shown.get_by_role("status")).to_have_text("Live")
    server.publish("After")
    expect(shown.locator(".updates article")).to_have_count(2)
    assert errors == []


def test_a_frame_without_scripts_shows_the_news(page: Page, server: Server, host: Host) -> None:
    server.publish("Before", id="one")
    for query in ("", "?update=one"):
        host.html = frame(server, query, "sandbox")
        page.goto(host.url)
        expect(page.frame_locator("iframe").locator(".updates article .body")).to_have_text(["Before"])


def test_only_a_listed_site_can_frame_it(page: Page, server: Server, host: Host) -> None:
    server.create_feed("open", origins=[host.url.rstrip("/")])
    server.create_feed("limited", origins=["https://friend.example"])
    frames = [
        f'<iframe title="{slug}" src="{server.url}/embed/{slug}"></iframe>' for slug in ("open", "limited")
    ]
    host.html = "".join(frames)
    page.goto(host.url)
    expect(page.frame_locator("[title=open]").get_by_role("heading", name="open")).to_be_visible()
    expect(page.frame_locator("[title=limited]").get_by_role("heading", name="limited")).to_have_count(0)


@pytest.mark.parametrize("sandbox", SANDBOXES)
@pytest.mark.parametrize("update", ["", "?update=one"])
def test_it_is_as_high_as_what_is_in_it(
    page: Page, server: Server, host: Host, errors: list[str], sandbox: str, update: str
) -> None:
    server.publish("Before", id="one")
    host.html = frame(server, update, sandbox) + resizer(server)
    page.goto(host.url)
    until(page, lambda: height(page) > 150 and abs(height(page) - 4 - content_height(page)) <= 4)
    before = height(page)
    server.edit("one", text="A line\n\n" * 20)
    until(page, lambda: height(page) > before + 200)
    assert errors == []


def test_a_frame_that_has_not_loaded_yet_puts_nothing_into_the_console(
    page: Page, server: Server, host: Host
) -> None:
    server.publish("Text\n\n" * 30)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    host.files["/favicon.ico"] = ("image/x-icon", b"")
    far = '<div style="height: 20000px"></div>'
    host.html = f"<link rel=icon href=/favicon.ico>{far}{frame(server, '', 'loading=lazy')}{resizer(server)}"
    page.goto(host.url)
    page.wait_for_load_state("networkidle")
    page.locator("iframe").scroll_into_view_if_needed()
    until(page, lambda: height(page) > 400)
    assert said == []


def test_a_frame_that_comes_later_is_as_high_too(page: Page, server: Server, host: Host) -> None:
    server.publish("Text\n\n" * 30)
    host.html = f"<div id=place></div>{resizer(server)}"
    page.goto(host.url)
    page.evaluate(
        "html => document.getElementById('place').insertAdjacentHTML('beforeend', html)", frame(server)
    )
    until(page, lambda: height(page) > 400)


def test_there_is_a_bound_to_its_height(page: Page, server: Server, host: Host) -> None:
    server.publish("Text\n\n" * 300)
    host.html = frame(server) + resizer(server, "data-most=700")
    page.goto(host.url)
    until(page, lambda: round(height(page)) == 704)  # and its border


def test_only_the_frame_itself_is_believed(page: Page, server: Server, host: Host) -> None:
    """Neither another frame's word, nor its own once something else was loaded in it, nor nonsense."""
    evil = "parent.postMessage({ type: 'livefeed:height', height: 3000 }, '*'); parent.heard();"
    host.files["/evil"] = ("text/html", f"<script>{evil}</script>".encode())
    server.publish("Before")
    host.html = (
        "<script>heard = () => { window.said = true; }</script>"
        f"{frame(server)}{resizer(server)}<iframe id=other src='/evil'></iframe>"
    )
    page.goto(host.url)
    page.wait_for_function("window.said")
    ours = page.locator("iframe[title=News]")
    tall = "node => node.getBoundingClientRect().height"
    inner = page.frame(url=f"{server.url}/embed/news")
    assert inner is not None
    until(page, lambda: ours.evaluate("node => node.style.height !== ''"))
    for nonsense in ("Infinity", "'3000'", "NaN", "-1", "null", "{}"):
        inner.evaluate(f"parent.postMessage({{ type: 'livefeed:height', height: {nonsense} }}, '*')")
    page.evaluate("postMessage({ type: 'livefeed:height', height: 3000 }, '*')")
    page.wait_for_timeout(300)
    assert ours.evaluate(tall) < 1000
    before = ours.evaluate(tall)
    page.evaluate("() => { window.said = false; document.querySelector('iframe').src = '/evil'; }")
    page.wait_for_function("window.said")
    page.wait_for_timeout(300)
    assert ours.evaluate(tall) == before


def test_the_frame_answers_its_own_page_alone(page: Page, server: Server, host: Host) -> None:
    """What another window asks for is not told, and who asked is told under its own name only."""
    server.publish("Before")
    host.html = f"<script>{LISTEN}</script>{frame(server)}<iframe id=other srcdoc='<p>'></iframe>"
    page.goto(host.url)
    expect(page.frame_locator("iframe[title=News]").get_by_role("status")).to_have_text("Live")
    other = page.frames[2]
    other.evaluate("parent.frames[0].postMessage({ type: 'livefeed:hello' }, '*')")
    server.publish("After")
    page.wait_for_function("heard.filter(({ type }) => type === 'embed-size').length > 1")
    assert not [one for one in page.evaluate("heard") if one["type"] == "livefeed:height"]
    page.evaluate("frames[0].postMessage({ type: 'livefeed:hello' }, '*')")
    page.wait_for_function("heard.some(({ type }) => type === 'livefeed:height')")


LISTEN = "window.heard = []; addEventListener('message', ({ data }) => heard.push(data));"


def listening(inside: str) -> str:
    return f"<script>{LISTEN}</script>{inside}"


def said(page: Page, condition: str) -> Any:
    page.wait_for_function(f"heard.some((one) => {condition})")
    return page.evaluate(f"heard.find((one) => {condition})")


def test_amp_and_wordpress_hear_of_its_height(page: Page, server: Server, host: Host) -> None:
    server.publish("Before", id="one")
    host.html = listening(frame(server, "#?secret=aB3xYz9Qq1", 'sandbox="allow-scripts"'))
    page.goto(host.url)
    amp = said(page, "one.sentinel === 'amp'")
    assert amp == {"sentinel": "amp", "type": "embed-size", "height": amp["height"]}
    press = said(page, "one.message === 'height'")
    assert press == {"message": "height", "value": press["value"], "secret": "aB3xYz9Qq1"}
    assert press["value"] > 100
    page.evaluate("heard.length = 0")
    page.evaluate("frames[0].postMessage({ message: 'ready', secret: 'aB3xYz9Qq1' }, '*')")
    said(page, "one.message === 'height'")
    page.frame_locator("iframe").locator("article .permalink").click()
    link = said(page, "one.message === 'link'")
    assert link["value"] == f"{server.url}/feeds/news/updates/one"


def test_without_a_secret_nothing_is_said_to_wordpress(page: Page, server: Server, host: Host) -> None:
    server.publish("Before")
    for hash_ in ("", "#?secret=", "#?secret=<script>"):
        host.html = listening(frame(server, hash_))
        page.goto(host.url)
        said(page, "one.sentinel === 'amp'")
        assert not page.evaluate("heard.filter((one) => one.message)")


def test_the_frame_may_keep_nothing(page: Page, server: Server) -> None:
    server.publish("Before")
    stored = "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
    page.goto(f"{server.url}/embed/news?storage=off")
    expect(page.get_by_role("status")).to_have_text("Live")
    page.get_by_role("button", name="Options").click()
    page.get_by_label("A sound for breaking news").check()
    page.get_by_role("button", name="Close").click()
    assert page.evaluate(stored) == []
    page.goto(f"{server.url}/embed/news")
    expect(page.get_by_role("status")).to_have_text("Live")
    assert page.evaluate(stored) != []
