"""What a reader who comes back is told, and what their browser keeps for it: everything but text."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.blank import WORDS, open_blank, run
from tests.e2e.conftest import Server

BODY = """<main class="livefeed"><section class="pinned"></section>
<section class="updates" tabindex="-1"></section></main>"""

# A feed as the server gives it, and a view that shows it; how much of it, the test says.
VISIT = """
  const url = `${location.origin}/v1/feeds/news`;
  const page = await (await fetch(`${url}/updates`)).json();
  const part = (name) => document.querySelector(`.${name}`);
  const parts = { pinned: part('pinned'), updates: part('updates') };
  window.show = ({ id, rev }) => {
    const article = document.createElement('article');
    article.id = article.textContent = `update-${id}`;
    article.dataset.rev = rev;
    parts.updates.append(article);
    return article;
  };
  window.updates = page.updates;
  window.view = {
    parts, feed: page.feed, origin: '', seenUntil: null, refreshed: 0,
    keep: (change) => change(),
    refresh() { this.refreshed++; },
  };
  const state = { updates, pinned: page.pinned, matches: () => true, covers: () => true };
  window.feed = { url, connection: { position: page.position }, state };
  updates.slice(0, arg.shown).forEach(show);
  window.leave = new AbortController();
  const { words, storage } = arg;
  await it.remember({ view, feed, slug: 'news', words, storage, signal: leave.signal });
"""
KEY = "livefeed:seen:news"
CLOCK = """(time) => new Date(time)
  .toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })"""


def visit(page: Page, server: Server, *, shown: int = 100, **more: Any) -> None:
    open_blank(page, server, BODY)
    run(page, "returning", VISIT, {"words": WORDS, "shown": shown, **more})


def kept(page: Page) -> Any:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "null")


def leave(page: Page, *ids: str) -> Any:
    """Go, once all that is named was on the screen. What is kept."""
    page.wait_for_function(
        """([key, ids]) => {
          dispatchEvent(new Event('pagehide'));
          const { seen = {} } = JSON.parse(localStorage.getItem(key)) ?? {};
          return ids.every((id) => id in seen);
        }""",
        arg=[KEY, ids],
    )
    return kept(page)


def test_tells_what_happened_since(page: Page, server: Server, errors: list[str]) -> None:
    made = [server.publish(f"Words {name}", title=f"Title {name}") for name in "ABCD"]
    a, b, c, d = (update["id"] for update in made)
    since = page.locator(".since")

    visit(page, server)
    left = leave(page, a, b, c, d)
    expect(since).to_have_count(0)
    assert left["newest"] == made[3]["published"]
    assert left["seen"][b][:1] == [1]
    assert "Words" not in json.dumps(left)
    assert "Title" not in json.dumps(left)

    visit(page, server)
    leave(page, a, b, c, d)
    expect(since).to_have_count(0)

    server.edit(a, text="Words a", minor=True)
    server.edit(b, text="Words b", title="Title <b>", correction="Not B, but b.")
    server.delete(c)
    for name in "EF":
        server.publish(f"Words {name}")
    visit(page, server)
    expect(page.get_by_role("region", name="Since you left")).to_be_visible()
    assert since.locator("> *").all_inner_texts()[1:-2] == [
        "Corrected since you read it",
        "Title <b>\n\nCorrection: Not B, but b.",
        "Withdrawn since you read it",
        f"An update of {page.evaluate(CLOCK, made[2]['time'])}",
    ]
    expect(since.locator("> p").last).to_contain_text("2 new updates since")
    expect(since.get_by_role("link", name="Title <b>")).to_have_attribute(
        "href", f"/feeds/news?around={b}#update-{b}"
    )
    jump = since.get_by_role("link", name="Go to where you left off")
    expect(jump).to_have_attribute("href", f"/feeds/news?around={d}#update-{d}")
    assert since.evaluate("node => node.nextElementSibling.className") == "pinned"
    assert page.evaluate("[view.seenUntil, view.refreshed]") == [made[3]["published"], 1]
    since.get_by_role("button", name="Close").click()
    expect(since).to_have_count(0)
    expect(page.locator(".updates")).to_be_focused()
    left = leave(page, a, b, d)
    assert left["seen"][b][:1] == [2]
    assert c not in left["seen"]

    visit(page, server)
    expect(since).to_have_count(0)
    assert page.evaluate("view.refreshed") == 0
    server.edit(a, title="Title a")
    visit(page, server)
    assert " ".join(since.inner_text().split()) == "Since you left Corrected since you read it Title a Close"
    assert page.evaluate("view.refreshed") == 0
    assert not errors


def test_on_the_page(page: Page, server: Server, errors: list[str]) -> None:
    *_, last = (server.publish(f"Words {number}", title=f"Title {number}")["id"] for number in range(12))
    page.goto(f"{server.url}/feeds/news")
    leave(page, last)
    page.goto("about:blank")
    server.edit(last, text="Words, corrected")
    for number in range(25):
        server.publish(f"News {number}")
    page.goto(f"{server.url}/feeds/news")
    since = page.get_by_role("region", name="Since you left")
    expect(since).to_contain_text("25 new updates")
    since.get_by_role("link", name="Go to where you left off").click()
    expect(page.locator(f"#update-{last}")).to_be_focused()
    expect(page.locator(".since-line")).to_have_text("You have read from here on")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    since.get_by_role("link", name="Title 11").click()
    expect(page.locator(f"#update-{last}")).to_be_in_viewport()
    assert not errors


def put(page: Page, text: str) -> None:
    """What the visit that ends here leaves, instead of what it would."""
    page.evaluate("kept => { leave.abort(); localStorage.setItem(...kept); }", [KEY, text])


def test_judges_by_what_is_there_when_the_log_does_not_reach_back(
    page: Page, server: Server, errors: list[str]
) -> None:
    a, b, c = (server.publish(f"Words {name}", title=f"Title {name}")["id"] for name in "ABC")
    since = page.locator(".since")
    visit(page, server)
    left = json.dumps(leave(page, a, b, c) | {"position": "no:1"})
    server.edit(a, text="Words a")
    server.delete(b)
    server.publish("Words D")
    for changes in ("a snapshot", "nothing"):
        put(page, left)
        if changes == "nothing":
            page.route("**/changes?*", lambda route: route.abort())
        visit(page, server)
        expect(since.get_by_role("link", name="Title A")).to_be_visible()
        expect(since).to_contain_text("Withdrawn since you read it")
        expect(since).to_contain_text("1 new update since")
    assert leave(page)["position"] != "no:1"
    visit(page, server, shown=0)
    expect(since).to_have_count(0)
    assert not errors


def test_only_what_was_on_the_screen_is_seen(page: Page, server: Server, errors: list[str]) -> None:
    a, b, c = (server.publish(f"Words {name}")["id"] for name in "ABC")
    visit(page, server, shown=1)
    assert list(leave(page, c)["seen"]) == [c]
    # What comes later is watched, too.
    page.evaluate("show(updates[1])")
    page.evaluate("show(updates[2]).hidden = true")
    assert a not in leave(page, b)["seen"]
    # An edit while it is on the screen, once it is shown.
    page.evaluate("updates[1].rev = 2")
    assert leave(page)["seen"][b][0] == 1
    page.evaluate("document.querySelectorAll('article')[1].dataset.rev = 2")
    assert leave(page)["seen"][b][0] == 2
    # What is there and was not looked at is news the next time.
    stood = kept(page)["position"]
    page.evaluate(
        "feed.connection.position = 'later:9'; updates.unshift({ ...updates[0], id: 'new', published: '9' })"
    )
    assert leave(page)["position"] == stood
    page.evaluate("show(updates[0])")
    assert leave(page, "new")["position"] == "later:9"
    # Of two tabs each keeps what the other saw.
    other = leave(page) | {"seen": {"other": [1, 1, 0], b: [1, 1, 0]}}
    page.evaluate("kept => localStorage.setItem(...kept)", [KEY, json.dumps(other)])
    seen = leave(page)["seen"]
    assert seen["other"] == [1, 1, 0]
    assert seen[b][0] == 2
    # What nobody looks at.
    page.evaluate(
        """() => {
          Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
          localStorage.clear();
        }"""
    )
    assert leave(page) is None
    assert not errors


def test_storage_may_be_spoilt_denied_or_full(page: Page, server: Server, errors: list[str]) -> None:
    update = server.publish("Words")["id"]
    visit(page, server)
    for spoilt in ("true", "{", '{"at":1,"seen":{"x":null}}', '{"at":"x","seen":{}}', "null"):
        put(page, spoilt)
        visit(page, server)
        assert update in leave(page, update)["seen"]
    visit(page, server, storage={})
    leave(page)
    denied = "{ get() { throw new DOMException('no', 'SecurityError'); } }"
    page.add_init_script(f"Object.defineProperty(window, 'localStorage', {denied})")
    visit(page, server)
    assert not errors
