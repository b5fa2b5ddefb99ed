"""How items go out: held for a moment, at a time that was set, or at once; each becomes one update, once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from livefeed.core import steps
from livefeed.core.items import Actor, Item, ItemCreate
from livefeed.core.models import Update
from livefeed.core.times import parse_time, to_ms
from livefeed.errors import (
    AlreadyPublished,
    FeedClosed,
    FeedNotFound,
    InvalidInput,
    ItemGone,
    ItemNotFound,
    RevisionConflict,
    TooManyPinned,
    UpdateGone,
)
from livefeed.store.commit import Committer, Idempotency
from livefeed.store.desk import Seen, clock, see
from livefeed.store.items import ItemOutcome
from livefeed.store.itemwriter import ItemCommit, ItemWriter
from livefeed.store.keys import FEEDS, FeedKeys
from livefeed.store.scripts import Scripts
from livefeed.store.translate import translated

__all__ = ["Outgoing"]

_log = logging.getLogger("livefeed.store")

_AT_ONCE = 20
"""Of one feed, so many items are let out before another feed has its turn."""


class Outgoing:
    """Publishes the items of all feeds. Many processes may try to: the script lets one of them do it.

    Unless a method says otherwise, all raise ``FeedNotFound``, ``ItemNotFound``, ``ItemGone``, ``UpdateGone``
    and ``StoreError``.
    """

    def __init__(
        self,
        client: Any,
        scripts: Scripts,
        committer: Committer,
        *,
        on_publish: Callable[[str], None] = lambda feed: None,
    ) -> None:
        self._client, self._scripts, self._committer = client, scripts, committer
        self._writer = ItemWriter(committer)
        self._on_publish = on_publish

    async def publish(
        self,
        feed: str,
        item_id: str,
        patch: Any,
        *,
        actor: Actor,
        if_match: int | None = None,
        idempotency: Idempotency | None = None,
    ) -> ItemOutcome:
        """Send an item on its way, which takes the feed's ``hold_s``; of an id that is not there, a new one.

        Raises:
            FeedClosed, TooManyPinned: nothing has changed; what was new is kept as a draft.
            AlreadyPublished: it is out, and says something else than ``patch``.
            WrongState: likewise of what is going out.
            RevisionConflict, InvalidInput, TooManyItems, IdempotencyMismatch
        """
        recalled = idempotency is not None and await self._committer.recall(feed, idempotency)
        while True:
            try:
                seen = await see(self._scripts, feed, item_id)
                if recalled and seen.item is not None:
                    return ItemOutcome("unchanged", item_id, seen.raw)
                return await self._start(feed, item_id, seen, patch, actor, if_match, idempotency)
            except AlreadyPublished as error:
                if not recalled and not steps.says_the_same(Update.model_validate_json(error.update), patch):
                    raise
                return ItemOutcome("out", item_id, error.update)
            except RevisionConflict:
                if if_match is not None:
                    raise

    async def _start(
        self,
        feed: str,
        item_id: str,
        seen: Seen,
        patch: Any,
        actor: Actor,
        if_match: int | None,
        idempotency: Idempotency | None,
    ) -> ItemOutcome:
        before = seen.item or steps.create(ItemCreate(), item_id=item_id, actor=actor, now=seen.now)
        going = steps.start(before, patch, hold_s=seen.feed.hold_s, actor=actor, now=seen.now)
        if going is before:
            await self._writer.note(feed, before, idempotency)
            return ItemOutcome("unchanged", item_id, seen.raw)
        seen.match(if_match)
        if seen.item is None:
            going = going.model_copy(update={"rev": 1})
        try:
            if seen.feed.hold_s == 0:
                return await self._let_out(feed, seen.item, going, seen.now, idempotency)
            body = await self._writer.put(feed, seen.item, going, idempotency)
        except (FeedClosed, TooManyPinned):
            if seen.item is None:  # no word of it is lost
                draft = going.model_copy(update={"state": "draft", "due": None})
                await self._writer.put(feed, None, draft, None)
            raise
        if body is None:
            body = (await see(self._scripts, feed, item_id)).raw
        return ItemOutcome("changed", item_id, body)

    async def release(
        self, feed: str, item_id: str, *, if_match: int | None = None, idempotency: Idempotency | None = None
    ) -> ItemOutcome:
        """Publish at once what is going out or scheduled.

        Raises:
            WrongState, RevisionConflict, FeedClosed, TooManyPinned, InvalidInput, IdempotencyMismatch
        """
        while True:
            try:
                seen = await see(self._scripts, feed, item_id)
                if seen.item is None:
                    raise ItemNotFound(feed, item_id)
                steps.may_release(seen.item)
                seen.match(if_match)
                return await self._let_out(feed, seen.item, seen.item, seen.now, idempotency)
            except AlreadyPublished as error:
                return ItemOutcome("out", item_id, error.update)
            except RevisionConflict:
                if if_match is not None:
                    raise

    async def _let_out(
        self,
        feed: str,
        before: Item | None,
        item: Item,
        now: datetime,
        idempotency: Idempotency | None = None,
    ) -> ItemOutcome:
        update = steps.publish(item, now=now)
        body = orjson.dumps(update.model_dump())
        rev, ms = before.rev if before else None, to_ms(update.time)
        commit = ItemCommit("publish", item.id, rev, body, ms, only_open=True, idempotency=idempotency)
        try:
            is_new = await self._writer.commit(feed, commit)
        finally:
            self._on_publish(feed)
        if not is_new:
            await see(self._scripts, feed, item.id)  # tells what it became
        return ItemOutcome("published", item.id, body)

    # What goes out by itself --------------------------------------------------------------------

    async def next_due(self, feeds: Sequence[str]) -> tuple[datetime, list[str], dict[str, datetime]]:
        """The time by Redis's clock, all feeds, and of ``feeds`` when each has something due next.

        Raises:
            StoreError
        """
        (time, slugs), rows = await asyncio.gather(
            self._scripts.read(FEEDS, ("TIME",), ("SMEMBERS", FEEDS)), self._earliest(feeds)
        )
        return clock(time), sorted(slug.decode() for slug in slugs), rows

    async def _earliest(self, feeds: Sequence[str]) -> dict[str, datetime]:
        with translated():
            pipeline = self._client.pipeline(transaction=False)
            for feed in feeds:
                pipeline.zrange(FeedKeys(feed).due, 0, 0, withscores=True)
            rows = await pipeline.execute(raise_on_error=False) if feeds else []
        return {feed: _first(row) for feed, row in zip(feeds, rows, strict=True) if row}

    async def let_out_due(self, feed: str) -> None:
        """Publish what is due; what cannot be published becomes a draft again, with a note.

        Raises:
            StoreError
        """
        due = FeedKeys(feed).due
        (ids,) = await self._scripts.read(due, ("ZRANGE", due, 0, _AT_ONCE - 1))
        for item_id in ids:
            try:
                if not await self._let_out_if_due(feed, item_id.decode()):
                    return  # nor are those behind it
            except (AlreadyPublished, FeedNotFound, ItemGone, RevisionConflict, UpdateGone):
                pass  # another process was faster, or an editor

    async def _let_out_if_due(self, feed: str, item_id: str) -> bool:
        seen = await see(self._scripts, feed, item_id)
        item = seen.item
        if item is None or item.due is None:
            return True  # it was stopped meanwhile
        if parse_time(item.due) > seen.now:
            return False
        try:
            await self._let_out(feed, item, item, seen.now)
        except (FeedClosed, InvalidInput, TooManyPinned) as error:
            _log.warning("%s: an item could not be published when it was due: %s", feed, error)
            await self._writer.put(feed, item, steps.turn_back(item, _why(error), now=seen.now), None)
        return True


def _first(row: Any) -> datetime:
    """When the first one is due. Where that cannot be told, now: letting it out says what is wrong."""
    return datetime.fromtimestamp(0 if isinstance(row, Exception) else row[0][1] / 1000, UTC)


def _why(error: FeedClosed | InvalidInput | TooManyPinned) -> str:
    match error:
        case FeedClosed():
            return "Not published: the feed is closed."
        case TooManyPinned():
            return f"Not published: {error.bound} updates are pinned."
    return f"Not published: {error}"
