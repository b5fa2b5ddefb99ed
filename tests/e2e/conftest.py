"""A real server in a process of its own, and a real browser."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """``livefeed serve`` as an operator starts it, and what an editor does to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self._log = folder / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = os.environ.get("LIVEFEED_TEST_COMMAND", f"{sys.executable} -m livefeed").split()
        arguments = f"serve --host 127.0.0.1 --port {self.port} --data-dir".split()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *arguments, self.folder / "data"], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)
        if not self.token:
            self.token = self._printed_token()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v1/feeds/news/access", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _printed_token(self) -> str:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if found := re.search(r"^ *Token +(\S+)$", self._log.read_text(), re.MULTILINE):
                return found[1]
            time.sleep(0.05)
        raise AssertionError("no token was printed:\n" + self._log.read_text())

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1/feeds{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(timezone_id="Europe/Kyiv", locale="en-GB")
    context.set_default_timeout(10_000)
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
