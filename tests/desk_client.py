"""A desk that follows a feed's items, over WebSocket or server-sent events, as a browser would."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any, Self

import httpx
import orjson
import websockets

from tests.plain_http import plain_http

__all__ = ["DESKS", "DeskClient", "DeskEvents", "DeskSocket"]

DEADLINE_S = 10.0


class DeskClient(ABC):
    """One desk; a context manager: inside it reads, and comes back when it is cut off."""

    def __init__(self, base: str, feed: str, headers: dict[str, str]) -> None:
        self.base, self.feed, self.headers = base, feed, headers
        self.items: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, bool] = {}
        """Id → whether it was published."""
        self.position: str | None = None
        self.messages: list[dict[str, Any]] = []
        self.refusal: int | None = None
        self.stays_away = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def until(self, condition: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            last = str(self.messages[-3:])[:1000]
            raise AssertionError(f"waited {within_s} s in vain for: {what}; last told {last}") from None

    async def comes_to(self, position: str) -> None:
        await self.until(lambda: self.position == position, f"position {position}")

    @abstractmethod
    def _open(self) -> AsyncGenerator[dict[str, Any], None]: ...

    async def _run(self) -> None:
        while self.refusal is None and not self.stays_away:
            with suppress(OSError, httpx.HTTPError, websockets.InvalidHandshake):
                async with aclosing(self._open()) as messages:
                    async for message in messages:
                        self._take(message)
            self._news.set()
            await asyncio.sleep(0.02)

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        match message:
            case {"type": "sync", "recovered": False, "snapshot": snapshot}:
                self.items = {item["id"]: item for item in snapshot["items"]}
                self.deleted = {}
                self.position = message["position"]
            case {"type": "sync", "changes": changes}:
                for change in changes:
                    self._apply(change)
                self.position = message["position"]
            case {"type": "change", "after": after, "change": change}:
                assert self.position is not None
                assert int(self.position.split(":")[1]) >= after, "something is missing"
                self._apply(change)
                self.position = message["position"]
            case {"type": "bye"}:
                self.stays_away = message["retry"] is None
        self._news.set()

    def _apply(self, change: dict[str, Any]) -> None:
        if change["op"] == "item":
            item = change["item"]
            known = self.items.get(item["id"])
            if known is None or known["rev"] < item["rev"]:
                self.items[item["id"]] = item
        else:
            assert change["op"] == "item-delete"
            self.items.pop(change["id"], None)
            self.deleted[change["id"]] = change["published"]


class DeskSocket(DeskClient):
    async def _open(self) -> AsyncGenerator[dict[str, Any], None]:
        url = f"{self.base.replace('http', 'ws', 1)}/v1/feeds/{self.feed}/desk/socket"
        query = f"?after={self.position}" if self.position else ""
        async with websockets.connect(
            url + query, max_size=None, proxy=None, additional_headers=self.headers
        ) as connection:
            with suppress(websockets.ConnectionClosedError):
                async for text in connection:
                    yield orjson.loads(text)
            if (code := connection.close_code) is not None and 4500 <= code <= 4999:
                self.refusal = code


class DeskEvents(DeskClient):
    async def _open(self) -> AsyncGenerator[dict[str, Any], None]:
        headers = self.headers | ({"Last-Event-ID": self.position} if self.position else {})
        async with (
            plain_http(timeout=None) as http,
            http.stream("GET", f"{self.base}/v1/feeds/{self.feed}/desk/events", headers=headers) as response,
        ):
            if response.status_code != 200:
                self.refusal = response.status_code
                return
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield orjson.loads(line[6:])


DESKS: dict[str, type[DeskClient]] = {"websocket": DeskSocket, "sse": DeskEvents}
