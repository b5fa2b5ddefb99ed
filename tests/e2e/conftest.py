"""A real server in a process of its own, and a real browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.livefeed_process import Livefeed

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=30_000)


class Server(Livefeed):
    """``livefeed serve`` as an operator starts it, and what an editor does to it."""

    def be_new(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()
        for feed in self.call("GET", "?all=1")["feeds"]:
            self.call("DELETE", f"/{feed['slug']}?confirm={feed['slug']}")
        self.create_feed("news", title="News")
        own = self.ask("GET", "/v1/session")["name"]
        for name in [token["name"] for token in self.ask("GET", "/v1/tokens")["tokens"]]:
            if name != own:
                self.ask("DELETE", f"/v1/tokens/{quote(name)}")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.ask(method, f"/v1/feeds{path}", body)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(content) if content else None

    def create_feed(self, slug: str, **fields: Any) -> None:
        self.call("POST", "", {"slug": slug, **fields})

    def publish(self, text: str, feed: str = "news", **fields: Any) -> dict[str, Any]:
        update: dict[str, Any] = self.call("POST", f"/{feed}/updates", {"text": text, **fields})
        return update

    def edit(self, update_id: str, feed: str = "news", **fields: Any) -> dict[str, Any]:
        update: dict[str, Any] = self.call("PATCH", f"/{feed}/updates/{update_id}", fields)
        return update

    def delete(self, update_id: str, feed: str = "news") -> None:
        self.call("DELETE", f"/{feed}/updates/{update_id}")

    def page(self, feed: str = "news", limit: int = 100) -> dict[str, Any]:
        page: dict[str, Any] = self.call("GET", f"/{feed}/updates?limit={limit}")
        return page


@pytest.fixture(scope="package")
def _started_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("e2e"), drain_s="0")
    try:
        yield server
    finally:
        server.clean_up()


@pytest.fixture
def server(_started_once: Server) -> Server:
    """A server with one empty feed, ``news``, and nobody in but an admin.

    A test may end it: the next one starts it again.
    """
    _started_once.be_new()
    return _started_once


# Of this folder, not of the session: Playwright's loop would be in the way of all asynchronous tests.
@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(timezone_id="Europe/Kyiv", locale="en-GB")
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def errors() -> list[str]:
    """What the page threw, or what its policy forbade; a lost network is no error."""
    return []


def violations(text: str) -> list[str]:
    return [text] if "Content Security Policy" in text or "Trusted" in text else []


@pytest.fixture
def page(context: BrowserContext, errors: list[str]) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.extend(violations(message.text)))
    return page
