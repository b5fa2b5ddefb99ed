"""A screen on a wall: large, newest only; it stays on and has no cursor, until it is a wall no more."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.blank import open_blank, run
from tests.e2e.conftest import Server

WALL = """
  window.locks = { taken: 0, released: 0 };
  Object.defineProperty(navigator, 'wakeLock', { value: { async request() {
    if (arg.denied) throw new DOMException('low battery', 'NotAllowedError');
    locks.taken++;
    return { async release() { locks.released++; } };
  } } });
  window.leave = new AbortController();
  it.wall({ root: document.querySelector('main'), signal: leave.signal });
"""


def test_stays_on(page: Page, server: Server, errors: list[str]) -> None:
    open_blank(page, server, '<main class="livefeed"></main>')
    page.clock.install()
    run(page, "wall", WALL, {})
    root = page.locator("main")
    page.clock.run_for(3000)
    expect(root).to_have_class("livefeed still")
    page.mouse.move(10, 10)
    expect(root).to_have_class("livefeed")
    page.clock.run_for(3000)
    expect(root).to_have_class("livefeed still")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("locks") == {"taken": 2, "released": 0}
    page.evaluate("leave.abort()")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("locks") == {"taken": 2, "released": 1}
    page.mouse.move(20, 20)
    page.clock.run_for(9000)
    expect(root).to_have_class("livefeed")

    open_blank(page, server, '<main class="livefeed"></main>')
    run(page, "wall", WALL, {"denied": True})
    page.evaluate("leave.abort()")
    assert not errors


def test_shows_the_newest_alone_and_large(page: Page, server: Server) -> None:
    server.publish("Pinned", pinned=True, key=True, tags=["harbour"])
    for number in range(30):
        server.publish(f"Number {number}", title=f"Title {number}")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{server.url}/feeds/news?wall")
    expect(page.get_by_role("status")).to_have_text("Live")
    newest = server.publish("A ferry is adrift", title="Ferry adrift")
    expect(page.locator(".updates > article").first).to_have_id(f"update-{newest['id']}")
    expect(page.locator(".updates > article")).to_have_count(8)
    expect(page.get_by_role("heading", name="Ferry adrift")).to_be_in_viewport(ratio=1)
    expect(
        page.locator(".pinned, .key, .filter, .pages, .tools, .options").locator("visible=true")
    ).to_have_count(0)
    size = "node => parseFloat(getComputedStyle(node).fontSize)"
    assert page.get_by_role("heading", name="Ferry adrift").evaluate(size) > 60
    assert page.get_by_role("heading", name="Title 29").evaluate(size) > 30
    assert page.evaluate("document.documentElement.scrollHeight") == 1080
