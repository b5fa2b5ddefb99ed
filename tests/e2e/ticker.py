"""What the tests of the ticker share: opening it, what it shows, a wire to cut."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.conftest import Server


def status(page: Page) -> Locator:
    return page.get_by_role("status")


def shown(page: Page) -> list[tuple[str, int]]:
    """Id and rev of every update on the page, from the top."""
    rows: list[list[Any]] = page.locator(".updates > article").evaluate_all(
        "nodes => nodes.map(node => [node.id.replace('update-', ''), Number(node.dataset.rev)])"
    )
    return [(row[0], row[1]) for row in rows]


def held(server: Server, limit: int = 100) -> list[tuple[str, int]]:
    return [(update["id"], update["rev"]) for update in server.page(limit=limit)["updates"]]


def open_ticker(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/feeds/news{query}")
    expect(status(page)).to_have_text("Live")


def expect_exact(page: Page, server: Server, limit: int = 100) -> None:
    expect_rows(page, held(server, limit))


def expect_rows(page: Page, rows: list[tuple[str, int]]) -> None:
    page.wait_for_function(
        "wanted => JSON.stringify([...document.querySelectorAll('.updates > article')]"
        ".map(node => [node.id.slice(7), Number(node.dataset.rev)])) === JSON.stringify(wanted)",
        arg=[list(row) for row in rows],
    )


def hide(page: Page, *, hidden: bool = True) -> None:
    """As another tab in front does it."""
    state = "hidden" if hidden else "visible"
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )


def block(page: Page, transports: str) -> None:
    if "ws" in transports:
        page.route_web_socket(re.compile("/socket"), lambda socket: socket.close(code=1000))
    if "sse" in transports:
        page.route(re.compile("/events"), lambda route: route.abort())


class Wire:
    """Stands in the middle of the page's WebSocket: loses what it is told to, says what it is told to."""

    def __init__(self, page: Page) -> None:
        self.losing = False
        self.opened = 0
        self.heard: list[dict[str, Any]] = []
        page.route_web_socket(re.compile("/socket"), self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        self.opened += 1
        self._socket = socket
        socket.connect_to_server().on_message(self._pass)

    def _pass(self, data: str | bytes) -> None:
        self.heard.append(json.loads(data))
        if not self.losing:
            self._socket.send(data)

    def say(self, message: dict[str, Any]) -> None:
        self._socket.send(json.dumps(message))

    def start_over(self, snapshot: dict[str, Any]) -> None:
        """What is said to a reader whose position is of no use any more."""
        self.losing = False
        self.say({"type": "sync", "position": snapshot["position"], "recovered": False, "snapshot": snapshot})


def until(page: Page, happened: Callable[[], bool]) -> None:
    for _ in range(1200):
        if happened():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not happen")
