"""What the attributes of ``<live-feed>`` do, and what its page hears of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.host import Host, element, host

__all__ = ["host"]  # a fixture


def ticker(page: Page) -> Locator:
    return page.locator("live-feed")


def rows(page: Page) -> Locator:
    return ticker(page).locator(".updates > article")


def live(page: Page) -> None:
    expect(ticker(page).locator(".status")).to_have_text("Live")


def publish(server: Server, count: int, **fields: Any) -> list[str]:
    """Their ids, oldest first."""
    return [server.publish(f"Update {number}", **fields)["id"] for number in range(count)]


def show(page: Page, host: Host, server: Server, attributes: str = "", inside: str = "") -> None:
    host.html = f"<h1>Host</h1>{element(server, f'feed=news {attributes}', inside)}"
    page.goto(host.url)


def put(page: Page, name: str, value: str | None) -> None:
    ticker(page).evaluate(
        "(node, [name, value]) => node[value === null ? 'removeAttribute' : 'setAttribute'](name, value)",
        [name, value],
    )


@pytest.fixture(autouse=True)
def _nothing_was_thrown(page: Page, errors: list[str]) -> Any:
    yield
    assert not errors


def test_attributes_react(server: Server, host: Host, page: Page) -> None:
    ids = publish(server, 8)
    server.edit(ids[0], key=True)
    server.create_feed("sport")
    server.publish("A goal", feed="sport")
    show(page, host, server)
    expect(rows(page)).to_have_count(8)
    put(page, "limit", "3")
    expect(rows(page)).to_have_count(3)
    put(page, "order", "oldest")
    expect(rows(page).first).to_contain_text("Update 0")
    put(page, "filter", "key")
    expect(rows(page)).to_have_count(1)
    for name in ("filter", "order", "limit"):
        put(page, name, None)
    put(page, "layout", "compact")
    expect(rows(page)).to_have_count(5)
    put(page, "limit", "7")
    expect(rows(page)).to_have_count(7)
    put(page, "feed", "sport")
    expect(rows(page)).to_have_text([re.compile("A goal")])
    live(page)


def test_the_theme_is_the_reader_s_unless_one_is_named(server: Server, host: Host, page: Page) -> None:
    publish(server, 1)
    show(page, host, server)
    live(page)
    back = "node => getComputedStyle(node).backgroundColor"
    light, dark = "rgb(255, 254, 251)", "rgb(25, 25, 23)"
    shown = ticker(page).locator("div.livefeed")
    assert shown.evaluate(back) == light
    page.emulate_media(color_scheme="dark")
    assert shown.evaluate(back) == dark
    put(page, "theme", "light")
    assert shown.evaluate(back) == light
    page.emulate_media(color_scheme="light")
    put(page, "theme", "dark")
    assert shown.evaluate(back) == dark


def test_it_scrolls_inside_its_height_or_grows(server: Server, host: Host, page: Page) -> None:
    publish(server, 20)
    show(page, host, server)
    expect(rows(page)).to_have_count(20)
    height = "node => node.getBoundingClientRect().height"
    assert ticker(page).evaluate(height) == 480
    put(page, "height", "300")
    expect(rows(page)).to_have_count(20)
    assert ticker(page).evaluate(height) == 300
    put(page, "height", "many")
    expect(rows(page)).to_have_count(20)
    assert ticker(page).evaluate(height) == 480
    page.add_style_tag(content="live-feed { --livefeed-height: 20em }")
    assert ticker(page).evaluate(height) == 320
    put(page, "grow", "")
    expect(rows(page)).to_have_count(20)
    assert ticker(page).evaluate(height) > 1000


def test_news_move_neither_what_is_read_nor_the_page_around(server: Server, host: Host, page: Page) -> None:
    publish(server, 20)
    show(page, host, server)
    page.locator("h1").evaluate("node => { node.style.height = '900px'; }")
    live(page)
    page.evaluate("scrollTo(0, 800)")
    around = page.evaluate("scrollY")
    box = ticker(page).locator(".box")
    box.evaluate("node => node.scrollTo(0, 500)")
    read = rows(page).filter(has_text="Update 12")
    before = read.bounding_box()
    update = server.publish("Meanwhile")
    button = ticker(page).get_by_role("button", name="1 new update")
    expect(button).to_be_visible()
    assert read.bounding_box() == before
    button.click()
    expect(ticker(page).locator(f"#update-{update['id']}")).to_be_in_viewport()
    assert box.evaluate("node => node.scrollTop") == 0
    assert page.evaluate("scrollY") == around
    server.publish("At the top it flows in")
    expect(rows(page)).to_have_count(22)
    assert page.evaluate("scrollY") == around


def test_more_loads_here_or_leads_to_the_whole_page(server: Server, host: Host, page: Page) -> None:
    publish(server, 8)
    show(page, host, server, "limit=3")
    more = ticker(page).get_by_role("link", name="More news")
    more.click()
    expect(rows(page)).to_have_count(6)
    for name, value in (("more", "link"), ("layout", "compact")):
        put(page, name, value)
        expect(more).to_have_attribute("href", f"{server.url}/feeds/news")
    more.click()
    page.wait_for_url(f"{server.url}/feeds/news")


def test_a_single_update(server: Server, host: Host, page: Page) -> None:
    update = server.publish("As it was", title="Alone", id="alone", tags=["one"])
    publish(server, 3)
    show(page, host, server, "update=alone")
    article = ticker(page).locator("article")
    expect(article).to_have_count(1)
    expect(article).to_contain_text("As it was")
    expect(ticker(page).get_by_role("link", name="News", exact=True)).to_have_attribute(
        "href", f"{server.url}/feeds/news"
    )
    server.publish("Another")
    server.edit("alone", text="As it is")
    expect(article).to_contain_text("As it is")
    expect(article).not_to_contain_text("Another")
    server.delete("alone")
    expect(article).not_to_contain_text("As it is")
    expect(article).to_contain_text("Withdrawn")
    assert update["id"] == "alone"
    put(page, "update", "nothing")
    expect(ticker(page).get_by_role("status")).to_contain_text("no update “nothing”")


def test_what_the_host_puts_between_the_updates(server: Server, host: Host, page: Page) -> None:
    ids = publish(server, 3)
    show(page, host, server, inside="<p slot=after-1>Subscribe</p><p slot=nowhere>Unseen</p>")
    expect(page.get_by_text("Subscribe")).to_be_visible()
    expect(page.get_by_text("Unseen")).to_be_hidden()
    page.locator("live-feed").evaluate(
        "node => node.insertAdjacentHTML('beforeend', '<p slot=end>Imprint</p>')"
    )
    expect(page.get_by_text("Imprint")).to_be_visible()
    order = """() => [...document.querySelector('live-feed').shadowRoot.querySelector('.updates').children]
        .map((node) => node.dataset.place ?? node.id).filter(Boolean)"""
    server.publish("On top", id="top")
    expect(rows(page)).to_have_count(4)
    assert page.evaluate(order) == [
        *("update-top", "after-1"),
        *(f"update-{each}" for each in reversed(ids)),
        "end",
    ]


HEARING = """
window.heard = [];
for (const name of ['update', 'state']) {
  addEventListener(`livefeed:${name}`, ({ target, detail }) => {
    heard.push([target.localName, name, detail]);
    if (name === 'update') throw new Error('theirs');
  });
}
"""


def test_its_page_hears_of_updates_and_states(server: Server, host: Host, page: Page) -> None:
    page.add_init_script(HEARING)
    show(page, host, server)
    live(page)
    update = server.publish("Heard", tags=["a"])
    server.delete(update["id"])
    page.wait_for_function("heard.at(-1)?.[2].op === 'delete'")
    heard = page.evaluate("heard")
    assert {target for target, _, _ in heard} == {"live-feed"}
    states = [detail["state"] for _, name, detail in heard if name == "state"]
    assert states[0] == "connecting"
    assert states[-1] == "live"
    put_, gone = (detail for _, name, detail in heard if name == "update")
    assert (put_["op"], put_["id"], put_["update"]["text"]) == ("put", update["id"], "Heard")
    assert gone == {"op": "delete", "id": update["id"], "update": None}
    expect(rows(page)).to_have_count(0)


@pytest.fixture
def errors() -> list[str]:
    """But for what a test throws itself."""

    class Errors(list[str]):
        def append(self, text: str) -> None:
            if text != "theirs":
                super().append(text)

    return Errors()


def test_what_is_new_is_told_where_that_is_asked_for(server: Server, host: Host, page: Page) -> None:
    show(page, host, server)
    live(page)
    said = page.locator("live-feed > [slot=livefeed-told]")
    expect(said).to_have_count(0)
    put(page, "announce", "")
    live(page)
    server.publish("Told")
    expect(said.locator("[aria-live=polite]")).to_have_text("1 new update")
    expect(said).to_have_count(1)
    put(page, "announce", None)
    expect(said).to_have_count(0)


def test_it_speaks_the_language_that_is_asked_for(server: Server, host: Host, page: Page) -> None:
    publish(server, 3)
    show(page, host, server, "lang=uk limit=2")
    expect(ticker(page).get_by_role("link", name="Більше новин")).to_be_visible()
    expect(ticker(page).locator(".day").first).to_have_text(re.compile("[а-яі]"))
    assert ticker(page).locator("div.livefeed").get_attribute("lang") == "uk"
    assert ticker(page).locator(".updates").get_attribute("lang") == "en"
    put(page, "lang", "ar")
    expect(ticker(page).locator("div.livefeed")).to_have_attribute("dir", "rtl")
    assert ticker(page).locator(".updates").get_attribute("dir") == "ltr"
    put(page, "lang", "xx-XX")
    expect(ticker(page).get_by_role("link", name="More news")).to_be_visible()


def test_its_own_deep_links(server: Server, host: Host, page: Page) -> None:
    ids = publish(server, 30)
    host.html = f"<h1>Host</h1>{element(server, 'feed=news limit=5')}"
    page.goto(f"{host.url}#update-{ids[3]}")
    found = ticker(page).locator(f"#update-{ids[3]}")
    expect(found).to_be_in_viewport()
    assert found.evaluate("node => node.getRootNode().activeElement === node")
    page.evaluate("id => { location.hash = `#update-${id}`; }", ids[29])
    expect(ticker(page).locator(f"#update-{ids[29]}")).to_be_in_viewport()
    for hash_ in ("#update-nothing", "#update-%22%3E%3Cimg%20src=x%3E", "#elsewhere"):
        page.evaluate("hash => { location.hash = hash; }", hash_)
    expect(ticker(page).locator(f"#update-{ids[29]}")).to_be_in_viewport()


def test_parts_and_variables_style_it(server: Server, host: Host, page: Page) -> None:
    server.publish("Text", title="Title")
    server.publish("Text")
    show(page, host, server, "limit=1")
    page.add_style_tag(
        content="live-feed { --livefeed-back: rgb(1, 2, 3) }"
        + "".join(
            f"live-feed::part({part}) {{ outline: {width}px solid red }}"
            for width, part in enumerate(("update", "time", "title", "more", "status"), 1)
        )
    )
    live(page)
    outline = "node => getComputedStyle(node).outlineWidth"
    for width, selector in enumerate(("article", "article time", ".title", ".more", ".status"), 1):
        assert ticker(page).locator(selector).first.evaluate(outline) == f"{width}px", selector
    back = ticker(page).locator("div.livefeed").evaluate("node => getComputedStyle(node).backgroundColor")
    assert back == "rgb(1, 2, 3)"


STORED = """async () => ({
    local: Object.keys(localStorage), session: Object.keys(sessionStorage), cookie: document.cookie,
    databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""
NOTHING = {"local": [], "session": [], "cookie": "", "databases": 0, "caches": 0}


def test_it_keeps_the_reading_position_and_nothing_else(server: Server, host: Host, page: Page) -> None:
    publish(server, 3)
    show(page, host, server)
    live(page)
    page.wait_for_function("localStorage.length")
    assert page.evaluate(STORED) == NOTHING | {"local": [f"livefeed:seen:{server.url} news"]}
    page.goto("about:blank")
    server.publish("While away")
    page.goto(host.url)
    expect(ticker(page).get_by_role("heading", name="Since you left")).to_be_visible()


def test_it_keeps_nothing_where_that_is_asked_for(server: Server, host: Host, page: Page) -> None:
    publish(server, 3)
    show(page, host, server, "storage=off")
    live(page)
    page.clock.install()
    page.reload()
    live(page)
    page.clock.run_for(20_000)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert page.evaluate(STORED) == NOTHING
    assert page.context.cookies() == []


HOSTILE = [
    ("src", "javascript:window.hacked=1"),
    ("src", "data:text/html,<script>window.hacked=1</script>"),
    ("src", "http://["),
    ("src", "file:///etc/passwd"),
    ("feed", "../../desk"),
    ("feed", '"><img src=x onerror=window.hacked=1>'),
    ("update", "../../../desk"),
    ("height", "100;}*{display:none"),
    ("limit", "1e9"),
    ("lang", "../../desk/desk"),
    ("layout", "wall"),
    ("order", "__proto__"),
    ("theme", "'><script>"),
]


@pytest.mark.parametrize(("name", "value"), HOSTILE)
def test_hostile_attributes_are_harmless(
    server: Server, host: Host, page: Page, name: str, value: str
) -> None:
    publish(server, 1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    show(page, host, server)
    live(page)
    asked.clear()
    put(page, name, value)
    if name in ("src", "feed"):
        expect(ticker(page).get_by_role("status")).to_contain_text("has no feed")
        assert [url for url in asked if "/static/" not in url] == []
    else:
        expect(rows(page)).to_have_count(1)
        live(page)
        assert all(url.startswith((f"{server.url}/v1/feeds/news", f"{server.url}/static/")) for url in asked)
    assert page.evaluate("window.hacked") is None
    assert page.locator("h1").is_visible()
