"""Everybody can use the readers' pages: axe-core's rules, the keyboard, small screens, colours, no motion."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.axe import violations
from tests.e2e.checks import MOVED, contrasts, expect_nothing, movements, outline_faults, walk
from tests.e2e.conftest import Server
from tests.e2e.everybody import DESKTOP, LOOKS, PATHS, PHONE, fill, looking, visit
from tests.e2e.host import Host, host, tag

__all__ = ["host"]  # a fixture


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_no_page_breaks_a_rule(server: Server, browser: Browser, look: dict[str, Any]) -> None:
    fill(server)
    found = {}
    with looking(browser, **look) as page:
        for name, path in PATHS.items():
            visit(page, server.url + path)
            found[name] = violations(page) + outline_faults(page)
        visit(page, f"{server.url}/feeds/news")
        visit(page, page.locator("a.more").evaluate("link => link.href"))
        found["a further page"] = violations(page)
    expect_nothing(found)


def test_no_state_breaks_a_rule(server: Server, browser: Browser) -> None:
    fill(server, 5)
    found = {}
    with looking(browser, **PHONE) as page:
        status = page.locator("[role=status]")
        visit(page, f"{server.url}/feeds/news")
        page.context.set_offline(True)
        expect(status).to_contain_text("Offline")
        found["offline"] = violations(page)
        page.context.set_offline(False)
        expect(status).to_contain_text("Live")
        server.call("PATCH", "/news", {"status": "closed"})
        expect(status).to_contain_text("Coverage has ended")
        found["ended while it was read"] = violations(page)
        server.call("PATCH", "/news", {"status": "open"})
        page.route(re.compile("/(events|changes)"), lambda route: route.abort())
        page.route_web_socket(re.compile("/socket"), lambda socket: socket.close(code=1000))
        page.goto(f"{server.url}/feeds/news")
        expect(status).to_contain_text("Reconnecting")
        found["reconnecting"] = violations(page)
    expect_nothing(found)


def test_an_embedded_ticker_breaks_no_rule(server: Server, host: Host, browser: Browser) -> None:
    fill(server, 5)
    host.html = tag(server)
    found = {}
    for name, look in LOOKS.items():
        with looking(browser, **look) as page:
            page.goto(host.url)
            expect(page.locator("live-feed .updates > article")).to_have_count(5)
            found[name] = violations(page, within="live-feed")
    expect_nothing(found)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_keyboard_comes_to_everything_in_order(
    server: Server, browser: Browser, look: dict[str, Any]
) -> None:
    fill(server, 30)
    with looking(browser, **look) as page:
        visit(page, f"{server.url}/feeds/news?limit=5")
        controls, walked = walk(page)
    assert [each["name"] for each in walked if each["control"]] == controls
    places = [each["place"] for each in walked]
    assert places == sorted(places), "in the order of the page"
    assert [each["name"] for each in walked if not each["outlined"]] == [], "the focus can be seen"
    assert {each["name"]: each["hidden_by"] for each in walked if each["hidden_by"]} == {}


def test_nothing_is_wider_than_the_screen(server: Server, browser: Browser) -> None:
    """A screen of 1280 pixels at a zoom of 200 % and of 400 %, and both with letters twice as large."""
    fill(server, 30)
    server.publish(f"A word: {'Rhabarber' * 20}, <https://example.org/{'a' * 300}>, `{'code ' * 40}`")
    wide = []
    with looking(browser) as page:
        for name, path in PATHS.items():
            visit(page, server.url + path)
            for size in ("100%", "200%"):
                page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
                for width in (640, 320):
                    page.set_viewport_size({"width": width, "height": 640})
                    if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
                        wide.append((name, width, size, needed))
    assert wide == []


def test_labels_stay_readable_in_forced_colours(server: Server, browser: Browser) -> None:
    fill(server, 30)
    with looking(browser, **DESKTOP, forced_colors="active") as page:
        visit(page, f"{server.url}/feeds/news?limit=5")
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, forced_colors="active")
            assert {label for label, _ in contrasts(page, ".label")} == {"Breaking", "Key event", "Pinned"}
            texts = contrasts(page, ".label, .status, a, time, .headline, .body p")
            assert [(text, ratio) for text, ratio in texts if ratio < 4.5] == [], scheme


def test_nothing_moves_for_who_wants_it_so(server: Server, browser: Browser) -> None:
    fill(server, 30)
    with looking(browser, **DESKTOP, reduced_motion="reduce") as page:
        page.add_init_script(MOVED)
        visit(page, f"{server.url}/feeds/news")
        update = server.publish("New", title="New", breaking=True)
        article = page.locator(f"#update-{update['id']}")
        expect(article).to_be_visible()
        server.edit(update["id"], title="Edited")
        expect(article).to_contain_text("Edited")
        page.locator("a.more").hover()
        page.locator("a.more").click()
        expect(page.locator(".updates > article")).to_have_count(31)
        assert movements(page) == []
