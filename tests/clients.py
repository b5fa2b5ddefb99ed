"""Readers of a feed over WebSocket, server-sent events and long poll, each as one small client.

Every client does what the contract asks of one: it folds what it is told with the reference
:class:`~livefeed.core.reader.Reader`, comes back with its position when the connection ends, and
stays away when it is told to. Beside that it counts what a test wants to know.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Self

import httpx
import orjson
import websockets

from livefeed.core.position import Position
from livefeed.core.reader import Next, Reader, place
from tests.plain_http import plain_http

__all__ = ["TRANSPORTS", "Client", "PollClient", "SseClient", "WebSocketClient", "fresh_page"]

Json = dict[str, Any]

DEADLINE_S = 30.0
PAUSE_S = 0.02
"""The wait before coming back: a browser would take longer."""


class Client(ABC):
    """One reader; a context manager: inside it reads, and comes back when it is cut off."""

    def __init__(self, base: str, feed: str, *, after: str | None = None) -> None:
        self.base, self.feed = base, feed
        self.reader = Reader()
        self.first_after = after
        self.messages: list[Json] = []
        self.connections = 0
        self.gaps = 0
        """How often something before a message was missing."""
        self.refetches = 0
        self.duplicates = 0
        """Changes that it had already."""
        self.told_to_stay_away = False
        self.refusal: int | None = None
        """The HTTP status, or the WebSocket close code, that ended it for good."""
        self._revisions: dict[str, float] = {}
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._session: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.come()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    def come(self) -> None:
        """Begin to read, or go on where it stood."""
        self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        """Go away; what was folded stays."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def drop(self) -> None:
        """Lose the connection; it comes back by itself."""
        if self._session is not None:
            self._session.cancel()
            await asyncio.gather(self._session, return_exceptions=True)

    async def until(self, condition: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> None:
        """Wait until ``condition`` holds, looking after each message."""
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self!r} waited {within_s} s in vain for: {what}") from None

    async def comes_to(self, position: Position) -> None:
        """Wait until it stands at ``position``."""
        await self.until(lambda: self.reader.position == position, f"position {position}")

    @property
    def texts(self) -> list[str]:
        """The texts as a page shows them, newest first."""
        return [update["text"] for update in self.reader.page()["updates"]]

    @property
    def reconnects(self) -> int:
        return max(0, self.connections - 1)

    def of(self, *types: str) -> list[Json]:
        """The messages of these types."""
        return [message for message in self.messages if message["type"] in types]

    def __repr__(self) -> str:
        last = str(self.messages[-1])[:200] if self.messages else None
        return f"<{type(self).__name__} at {self.reader.position}, last told {last}>"

    @abstractmethod
    def _open(self) -> AsyncGenerator[Json, None]:
        """Connect from the own position and yield the messages; set :attr:`refusal` where it is one."""

    @property
    def _after(self) -> str | None:
        return str(self.reader.position) if self.reader.position else self.first_after

    async def _run(self) -> None:
        while not self.told_to_stay_away and self.refusal is None:
            self.connections += 1
            self._session = asyncio.create_task(self._read())
            try:
                await asyncio.wait([self._session])
            finally:
                self._session.cancel()
                await asyncio.gather(self._session, return_exceptions=True)
            if not self._session.cancelled():
                self._session.result()
            self._news.set()
            await asyncio.sleep(PAUSE_S)

    async def _read(self) -> None:
        try:
            async with aclosing(self._open()) as messages:
                async for message in messages:
                    if not self._take(message):
                        return
        except (OSError, httpx.HTTPError, websockets.InvalidHandshake):
            pass  # away: come back

    def _take(self, message: Json) -> bool:
        """Fold a message; whether to go on reading here."""
        self.messages.append(message)
        self._count_duplicates(message)
        if message["type"] == "bye":
            self.told_to_stay_away = message["retry"] is None
        step = self.reader.apply(message)
        self.gaps += step is Next.RECONNECT
        if step is Next.REFETCH:
            self.refetches += 1
            self.reader, self.first_after = Reader(), None
        self._news.set()
        return step is Next.GO_ON

    def _count_duplicates(self, message: Json) -> None:
        if "snapshot" in message:
            page = message["snapshot"]
            self._revisions = {update["id"]: update["rev"] for update in page["updates"] + page["pinned"]}
        changes = [message["change"]] if message["type"] == "change" else message.get("changes", [])
        for change in changes:
            if change["op"] == "feed":
                continue
            key = change["update"]["id"] if change["op"] == "put" else change["id"]
            rev = change["update"]["rev"] if change["op"] == "put" else float("inf")
            self.duplicates += rev <= self._revisions.get(key, 0)
            self._revisions[key] = rev


class WebSocketClient(Client):
    async def _open(self) -> AsyncGenerator[Json, None]:
        url = f"{self.base.replace('http', 'ws', 1)}/v1/feeds/{self.feed}/socket"
        query = f"?after={self._after}" if self._after else ""
        async with websockets.connect(url + query, max_size=None, proxy=None) as connection:
            try:
                async for text in connection:
                    yield orjson.loads(text)
            except websockets.ConnectionClosedError:
                pass
            if (code := connection.close_code) is not None and 4500 <= code <= 4999:
                self.refusal = code


class SseClient(Client):
    async def _open(self) -> AsyncGenerator[Json, None]:
        headers = {"Last-Event-ID": str(self.reader.position)} if self.reader.position else {}
        params = {"after": self.first_after} if self.first_after else {}
        url = f"{self.base}/v1/feeds/{self.feed}/events"
        async with (
            plain_http(timeout=None) as http,
            http.stream("GET", url, headers=headers, params=params) as response,
        ):
            if response.status_code != 200:  # 204 too is for good
                self.refusal = response.status_code
                return
            async with aclosing(_events(response)) as events:
                async for fields in events:
                    message = orjson.loads(fields["data"])
                    assert fields["event"] == message["type"]
                    has_position = message["type"] in ("sync", "change")
                    assert fields.get("id") == (message["position"] if has_position else None)
                    retry = fields.get("retry")
                    assert retry is None or int(retry) == message["retry"]
                    yield message


async def _events(response: httpx.Response) -> AsyncGenerator[dict[str, str], None]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields
            fields = {}


class PollClient(Client):
    """One connection here is one run of polls that nothing interrupted."""

    wait_s = 25

    async def _open(self) -> AsyncGenerator[Json, None]:
        url = f"{self.base}/v1/feeds/{self.feed}/changes"
        async with plain_http(timeout=None) as http:
            while True:
                params: dict[str, str | int] = {"wait": self.wait_s}
                if self._after:
                    params["after"] = self._after
                response = await http.get(url, params=params)
                if response.status_code in (403, 404):
                    self.refusal = response.status_code
                if response.status_code != 200:
                    return
                yield response.json()


TRANSPORTS: dict[str, type[Client]] = {"websocket": WebSocketClient, "sse": SseClient, "poll": PollClient}


async def fresh_page(base: str, feed: str, oldest: tuple[int, str] | None) -> Json:
    """What a fresh load of the range from the place ``oldest`` on gives; see ``Reader.page``."""
    async with plain_http(base) as http:
        reader, cursor = Reader(), None
        while True:
            params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = (await http.get(f"/v1/feeds/{feed}/updates", params=params)).raise_for_status().json()
            if cursor is None:
                reader.load(page)
            else:
                reader.extend(page)
            cursor = page["next"]
            if reader.oldest is None or (oldest is not None and reader.oldest <= oldest):
                break
        shown = reader.page()
        if oldest is not None:
            shown["updates"] = [update for update in shown["updates"] if place(update) >= oldest]
        return shown
