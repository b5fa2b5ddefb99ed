"""People at their desks, a reader, and all that came over the wire, for the test of a whole coverage."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.conftest import Server, violations
from tests.e2e.test_desk import box
from tests.e2e.test_desk_hold import drafts
from tests.e2e.ticker import open_ticker
from tests.livefeed_process import run_command

__all__ = ["Newsroom", "Wire", "look", "newsroom", "seconds"]

_PUBLIC = (
    "/",
    "/feeds/news",
    "/feeds/news/feed.atom",
    "/feeds/news/feed.json",
    "/embed/news",
    "/v1/feeds",
    "/v1/feeds/news/updates",
)

# What a reader sees of a ticker, but how long ago, which goes on; and that it came while they were there.
_LOOK = """() => {
  const words = (node) => {
    const copy = node.cloneNode(true);
    for (const one of copy.querySelectorAll('.ago, time')) one.textContent = one.dateTime ?? '';
    return copy.textContent.replace(/\\s+/g, '');  // markup's own spaces are the server's only
  };
  const classes = (node) => [...node.classList].filter((name) => name !== 'arrived').join(' ');
  const list = (selector) => [...document.querySelectorAll(selector)].map(
    (node) => [node.id || node.dataset.key, node.dataset.rev ?? '', classes(node), words(node)]);
  return {
    kicker: document.querySelector('.kicker').textContent,
    pinned: list('.pinned > article'), key: list('.key li'), updates: list('.updates > article'),
  };
}"""


def look(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_LOOK)
    return found


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


class Wire:
    """Every message and every body that a reader's browser was sent, and when this was heard of."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._heard: list[tuple[float, str]] = []
        self._finished: list[Request] = []
        self.messages: list[dict[str, Any]] = []
        page.on("requestfinished", lambda request: self._finished.append(request))
        network = page.context.new_cdp_session(page)
        network.on(
            "Network.webSocketFrameReceived", lambda event: self._message(event["response"]["payloadData"])
        )
        network.on("Network.eventSourceMessageReceived", lambda event: self._message(event["data"]))
        network.send("Network.enable")

    def _message(self, data: str) -> None:
        self._heard.append((time.time(), data))
        self.messages.append(json.loads(data))

    def first(self, text: str) -> float | None:
        """When these words were heard for the first time."""
        while self._finished:
            response = self._finished.pop(0).response()
            if response is not None and response.ok:
                self._heard.append((time.time(), response.text()))
        return next((at for at, data in self._heard if text in data), None)

    def expect_nothing_of(self, text: str, item: str) -> None:
        """Neither this reader nor one who asks for it by its address, or comes now, gets these words."""
        updates = ("/feeds/news/updates", "/v1/feeds/news/updates")
        asked = [*_PUBLIC, *(f"{path}/{item}" for path in updates), f"{updates[1]}/{item}/revisions"]
        asked += ["/v1/feeds/news/items", f"/v1/feeds/news/items/{item}", "/v1/feeds/news/desk/events"]
        for path in asked:
            answer = self._page.request.get(path, max_redirects=0)
            assert text not in answer.text(), path
            assert answer.ok == (path in _PUBLIC), f"{path}: {answer.status}"
        assert self.first(text) is None

    def changes(self) -> list[dict[str, Any]]:
        """What was told by and by, after whatever was there at first."""
        return [
            change
            for message in self.messages
            for change in message.get("changes") or [message.get("change")]
            if change
        ]


@dataclass
class Newsroom:
    """``typed``: all that anybody wrote, sentence by sentence; ``gone``: what was deleted on purpose;
    ``released``: what readers have seen, and when it was published.
    """

    server: Server
    reader: Page
    wire: Wire
    chief: Page
    editor: Page
    contributor: Page
    typed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    released: dict[str, float] = field(default_factory=dict)

    @property
    def desks(self) -> tuple[Page, Page, Page]:
        return self.chief, self.editor, self.contributor

    def write(self, desk: Page, text: str) -> None:
        """Key by key, after what is in the box."""
        self.typed.append(text)
        before = box(desk).input_value()
        box(desk).press("Control+End")
        box(desk).press_sequentially(f" {text}" if before else text)

    def publish(self, desk: Page, text: str) -> None:
        self.write(desk, text)
        box(desk).press("Control+Enter")

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.call("GET", "/news/items")["items"]
        return found

    def item(self, text: str) -> str:
        """The id of what is on the desk with these words."""
        (found,) = (one["id"] for one in self.items() if text in one["content"]["text"])
        return str(found)

    def update(self, text: str) -> dict[str, Any]:
        (found,) = (one for one in self.server.page()["updates"] if text in one["text"])
        return dict(found)

    def expect_held_back(self, text: str) -> None:
        self.wire.expect_nothing_of(text, self.item(text))

    def expect_published(self, text: str) -> None:
        expect(self.reader.locator(".updates > article").filter(has_text=text)).to_have_count(1)
        self.released[text] = seconds(self.update(text)["published"])

    def everything(self) -> str:
        """What is published, in all its versions, on the desk, or in somebody's box."""
        paths = [f"/news/updates/{one['id']}/revisions" for one in self.server.page()["updates"]]
        found = [self.server.call("GET", path) for path in paths]
        return json.dumps([found, self.items(), [box(desk).input_value() for desk in self.desks]])

    def expect_all_live(self) -> None:
        for page in (self.reader, *self.desks):
            page.evaluate("dispatchEvent(new Event('online'))")  # no need to wait for the next try
        for page in (self.reader, *self.desks):
            expect(page.get_by_role("status").first).to_have_text("Live", timeout=60_000)

    def expect_drafts(self, desk: Page, *texts: str) -> None:
        expect(drafts(desk)).to_have_count(len(texts))
        for text in texts:
            expect(drafts(desk).filter(has_text=text)).to_have_count(1)


def _join(page: Page, server: Server, name: str, role: str) -> None:
    made = run_command("invite", name, "--role", role, "--data-dir", server.data_dir)
    page.goto(f"{server.url}/desk/join#{made.stdout.strip().partition('#')[2]}")
    page.get_by_role("dialog", name="Join the desk").get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_text(f"{name} ({role})")).to_be_visible()
    expect(page.get_by_role("status").first).to_have_text("Live")


PEOPLE = {"Iris": "admin", "Otto": "editor", "Pia": "contributor"}


@contextmanager
def newsroom(browser: Browser, server: Server) -> Iterator[Newsroom]:
    """Each in a browser of their own. Iris edits as Otto does, and closes the feed too.

    Raises:
        AssertionError: afterwards, if a script of a page failed.
    """
    errors: list[str] = []

    def page() -> Page:
        context = browser.new_context(timezone_id="Europe/Kyiv", locale="en-GB", base_url=server.url)
        context.set_default_timeout(30_000)
        stack.callback(context.close)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.extend(violations(message.text)))
        return page

    with ExitStack() as stack:
        reader, *desks = [page() for _ in range(4)]
        wire = Wire(reader)
        open_ticker(reader, server)
        for desk, (name, role) in zip(desks, PEOPLE.items(), strict=True):
            _join(desk, server, name, role)
            stack.callback(run_command, "token", "revoke", name, "--data-dir", server.data_dir)
        expect(desks[0].locator("#people")).to_have_text(re.compile("Iris, Otto, Pia$"))
        chief, editor, contributor = desks
        yield Newsroom(server, reader, wire, chief, editor, contributor)
    assert not errors, errors
