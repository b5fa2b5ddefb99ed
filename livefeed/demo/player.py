"""Plays the sample coverage into a feed, again and again, so that a newcomer sees a living ticker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import orjson

from livefeed.core.ids import new_id
from livefeed.core.models import Feed, FeedCreate, UpdateCreate
from livefeed.core.paging import Page, PageQuery
from livefeed.core.times import print_time
from livefeed.core.validation import parse
from livefeed.demo.coverage import Coverage, Delete, Edit, Publish, load_coverage
from livefeed.errors import (
    FeedClosed,
    FeedExists,
    FeedNotFound,
    LivefeedError,
    StoreError,
    UpdateExists,
    UpdateGone,
    UpdateNotFound,
)

__all__ = ["DemoStore", "play"]

_log = logging.getLogger(__name__)

_RETRY_S: Final = 2.0
_AGAIN_S: Final = 30.0
_BETWEEN_DELETIONS_S: Final = 0.15
_FRESH_AFTER: Final = timedelta(days=1)


class _Feeds(Protocol):
    async def get(self, slug: str, /) -> Feed: ...
    async def create(self, wanted: FeedCreate, /) -> Feed: ...
    async def remove(self, slug: str, /) -> None: ...


class _Updates(Protocol):
    async def page(self, feed: str, query: PageQuery, /) -> Page: ...
    async def publish(self, feed: str, draft: UpdateCreate, /) -> object: ...
    async def edit(self, feed: str, update_id: str, patch: Any, /) -> object: ...
    async def delete(self, feed: str, update_id: str, /) -> None: ...


class DemoStore(Protocol):
    """What the demo needs of the store."""

    @property
    def feeds(self) -> _Feeds: ...

    @property
    def updates(self) -> _Updates: ...


async def play(
    store: DemoStore,
    feed: str = "demo",
    *,
    coverage: Coverage | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Play until cancelled. While the store is away it waits, then goes on where it was.

    A feed of this name that the demo did not make is left alone, and nothing is played.
    """
    player = _Player(store, feed, coverage or load_coverage(), sleep, now)
    between_deletions_s = 0.0  # whoever has just started the server need not see the old ones go
    while True:
        try:
            if not await player.prepare(between_deletions_s):
                _log.warning("There is a feed “%s” that is not the demo's: the demo is not played.", feed)
                return
            await player.play_once()
        except StoreError as error:
            _log.info("The demo waits: %s", error)
            await sleep(_RETRY_S)
        except LivefeedError as error:  # somebody closed or removed the feed
            _log.info("The demo begins again in %g s: %s", _AGAIN_S, error)
            await sleep(_AGAIN_S)
        else:
            between_deletions_s = _BETWEEN_DELETIONS_S


class _Player:
    def __init__(
        self,
        store: DemoStore,
        feed: str,
        coverage: Coverage,
        sleep: Callable[[float], Awaitable[object]],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._feed, self._coverage = store, feed, coverage
        self._sleep, self._now = sleep, now

    async def prepare(self, between_deletions_s: float) -> bool:
        """See to it that there is an empty feed; False if it is somebody else's.

        Deleting the updates of the last round is what readers see best, but each leaves a
        tombstone for ever. So once a day the feed is made anew.

        Raises:
            FeedClosed, StoreError
        """
        try:
            found = await self._store.feeds.get(self._feed)
        except FeedNotFound:
            await self._create()
            return True
        if found.description != self._coverage.feed["description"]:
            return False
        if found.status == "closed":  # somebody wants to keep it as it is
            raise FeedClosed(self._feed)
        opened = datetime.fromisoformat(found.opened) if found.opened else self._now()
        if self._now() - opened > _FRESH_AFTER:
            await self._store.feeds.remove(self._feed)
            await self._create()
        else:
            await self._empty(between_deletions_s)
        return True

    async def play_once(self) -> None:
        """Take all steps, and the pause after them.

        Raises:
            LivefeedError: the feed does not take updates any more.
        """
        # Of this round only, so that a step can be repeated safely when it is unclear if it was taken.
        prefix = new_id(int(self._now().timestamp() * 1000))
        for step in self._coverage.steps:
            if step.after_s:
                await self._sleep(step.after_s)
            await self._take(step, f"{prefix}-{step.name}")
        await self._sleep(self._coverage.pause_s)

    async def _take(self, step: Publish | Edit | Delete, update_id: str) -> None:
        while True:
            try:
                match step:
                    case Publish():
                        time = print_time(self._now() - timedelta(minutes=step.ago_min))
                        draft = parse(UpdateCreate, step.update | {"id": update_id, "time": time})
                        await self._store.updates.publish(self._feed, draft)
                    case Edit():
                        await self._store.updates.edit(self._feed, update_id, step.patch)
                    case Delete():
                        await self._store.updates.delete(self._feed, update_id)
                return
            except StoreError as error:
                _log.info("The demo waits: %s", error)
                await self._sleep(_RETRY_S)
            except (UpdateExists, UpdateGone, UpdateNotFound):
                return  # taken already, or somebody tries the desk out on the demo

    async def _create(self) -> None:
        with suppress(FeedExists):
            await self._store.feeds.create(parse(FeedCreate, self._coverage.feed | {"slug": self._feed}))

    async def _empty(self, between_deletions_s: float) -> None:
        while updates := (await self._store.updates.page(self._feed, PageQuery(limit=100))).updates:
            for update in updates:
                await self._store.updates.delete(self._feed, orjson.loads(update)["id"])
                if between_deletions_s:
                    await self._sleep(between_deletions_s)
