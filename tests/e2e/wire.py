"""All that came over a reader's wire, and what a reader's page shows of it."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

from playwright.sync_api import Page, Request

__all__ = ["Recording", "look", "seconds"]

_PUBLIC = (
    "/",
    "/feeds/news",
    "/feeds/news/feed.atom",
    "/feeds/news/feed.json",
    "/embed/news",
    "/v1/feeds",
    "/v1/feeds/news/updates",
)
_OF_AN_UPDATE = ("/feeds/news/updates/{id}", "/v1/feeds/news/updates/{id}")
_OF_THE_DESK = (
    "/v1/feeds/news/updates/{id}/revisions",
    "/v1/feeds/news/items",
    "/v1/feeds/news/items/{id}",
    "/v1/feeds/news/desk/events",
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


class Recording:
    """Every message and every body that a page was sent, and when this was heard of; from before it opens."""

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

    def changes(self) -> list[dict[str, Any]]:
        """What was told by and by, after whatever was there at first."""
        return [
            change
            for message in self.messages
            for change in message.get("changes") or [message.get("change")]
            if change
        ]

    def places(self, text: str, update_id: str) -> list[str]:
        """The addresses at which a reader who asks now gets these words.

        Raises:
            AssertionError: if a page is missing that is there for everybody, or the desk's is not refused.
        """
        found = []
        for pattern in (*_PUBLIC, *_OF_AN_UPDATE, *_OF_THE_DESK):
            answer = self._page.request.get(pattern.format(id=update_id), max_redirects=0)
            if pattern in _PUBLIC:
                assert answer.ok, pattern
            if pattern in _OF_THE_DESK:
                assert answer.status == 401, pattern
            if text in answer.text():
                found.append(pattern)
        return found
