"""People at their desks and a reader, for the test of a whole coverage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Server, violations
from tests.e2e.test_desk import box
from tests.e2e.test_desk_hold import drafts
from tests.e2e.ticker import open_ticker
from tests.e2e.wire import Recording, seconds
from tests.livefeed_process import run_command

__all__ = ["PEOPLE", "Newsroom", "newsroom"]

PEOPLE = {"Iris": "admin", "Otto": "editor", "Pia": "contributor"}


@dataclass
class Newsroom:
    """``typed``: all that anybody wrote, sentence by sentence; ``gone``: what was deleted on purpose;
    ``released``: what readers have seen, and when it was published.
    """

    server: Server
    reader: Page
    wire: Recording
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

    def expect_held_back(self, text: str, item: str = "") -> None:
        """Neither the reader, nor whoever comes now or guesses its address, gets these words."""
        assert self.wire.places(text, item or self.item(text)) == []
        assert self.wire.first(text) is None

    def expect_published(self, text: str) -> None:
        expect(self.reader.locator(".updates > article").filter(has_text=text)).to_have_count(
            1, timeout=60_000
        )
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
        wire = Recording(reader)
        open_ticker(reader, server)
        for desk, (name, role) in zip(desks, PEOPLE.items(), strict=True):
            _join(desk, server, name, role)
            stack.callback(run_command, "token", "revoke", name, "--data-dir", server.data_dir)
        expect(desks[0].locator("#people")).to_have_text(re.compile("Iris, Otto, Pia$"))
        chief, editor, contributor = desks
        yield Newsroom(server, reader, wire, chief, editor, contributor)
    assert not errors, errors
