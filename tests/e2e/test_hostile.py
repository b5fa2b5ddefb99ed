"""Whatever a field contains: on no page does it become a script, an element or an attribute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server

RUN = "window.hacked=1"
HOSTILE = (
    f"</script><script>{RUN}</script><img src=x onerror={RUN}>\"onfocus='{RUN}' autofocus x='"
    f"--><svg onload={RUN}></title></textarea></template>]]>{{{{7+7}}}}${{7+7}}\u2028&lt;b&gt;"
)
FIELDS: dict[str, Any] = {
    "title": HOSTILE,
    "author": HOSTILE[:190],
    "tags": ["\"'><script>window.hacked=1</script>"[:50], "../../x?y&z#"],
    "link": {"url": "https://x.example/?'&onfocus=1", "label": HOSTILE[:190]},
    "image": {"url": "https://x.example/'.png", "alt": HOSTILE, "caption": HOSTILE, "credit": HOSTILE[:190]},
    "key": True,
    "pinned": True,
    "breaking": True,
}
RAW = (
    f'<p onclick="{RUN}">a</p><a href="javascript:{RUN}">b</a>'
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>'
)

INJECTED = """() => [
  ...[...document.querySelectorAll('script')].filter((one) => !one.src && !one.type.endsWith('json')),
  ...document.querySelectorAll('svg, iframe, object, [autofocus]:not([name=token]), b'),
  ...document.querySelectorAll('[href^="javascript:" i]'),
  ...[...document.querySelectorAll('*')].filter(
    (one) => one.getAttributeNames().some((name) => /^on|^style$/.test(name))),
].filter((one) => !one.closest('[role=toolbar]'))  // whose letters and icons are ours
  .map((one) => one.outerHTML)"""


def check(page: Page) -> None:
    assert page.evaluate("window.hacked") is None
    assert page.evaluate(INJECTED) == []


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    # A policy that had to stop something is a failure too: nothing may get that far.
    assert errors == []


def test_hostile_text_is_harmless_everywhere(page: Page, server: Server) -> None:
    server.call("PATCH", "/news", {"title": HOSTILE[:190], "description": HOSTILE})
    server.create_feed("other", title=HOSTILE[:190], description=HOSTILE)
    update = server.publish(HOSTILE, **FIELDS)
    server.edit(update["id"], correction=HOSTILE)
    raw = server.publish(RAW, format="html")
    page.route("https://x.example/**", lambda route: route.abort())
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for path in (
        "/",
        "/feeds/news",
        "/feeds/news?key=1",
        "/feeds/news?tag=%22%3E%3Cscript%3Ewindow.hacked%3D1%3C/script%3E",
        f"/feeds/news/updates/{update['id']}",
        f"/feeds/news/updates/{raw['id']}",
        "/embed/news",
        "/embed/news.html",
        f"/embed/news?update={update['id']}",
        "/feeds/%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E",
        "/feeds/news?cursor=%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E",
    ):
        page.goto(server.url + path)
        page.wait_for_load_state("networkidle" if path.startswith("/v1") else "load")
        check(page)


def test_hostile_text_that_arrives_live_is_harmless_too(page: Page, server: Server) -> None:
    page.route("https://x.example/**", lambda route: route.abort())
    page.goto(f"{server.url}/feeds/news")
    expect(page.get_by_role("status")).to_have_text("Live")
    update = server.publish(HOSTILE, **FIELDS)
    server.publish(RAW, format="html")
    expect(page.locator(".updates article")).to_have_count(2)
    check(page)
    server.edit(update["id"], correction=HOSTILE)
    server.call("PATCH", "/news", {"title": HOSTILE[:190], "description": HOSTILE})
    expect(page.locator(f"#update-{update['id']} .correction")).to_contain_text("{{7+7}}")
    check(page)


def test_hostile_text_is_harmless_at_the_desk(page: Page, server: Server) -> None:
    server.call("PATCH", "/news", {"title": HOSTILE[:190]})
    update = server.publish(HOSTILE, **FIELDS)
    server.publish(RAW, format="html")
    page.goto(f"{server.url}/desk")
    page.get_by_label("Token").fill(server.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".row")).to_have_count(2)
    page.locator(f"#row-{update['id']} [data-action=edit]").click()
    page.get_by_label("Update", exact=True).fill(HOSTILE + "\n\n" + RAW)
    compose = page.locator("#compose")
    compose.get_by_text("Preview").click()
    expect(compose.locator(".preview .body")).to_contain_text("{{7+7}}")
    check(page)
    page.get_by_role("button", name="Cancel").click()
    page.locator(f"#row-{update['id']} [data-action=delete]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page)
