"""Feeds: creating, listing, changing, closing, removing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from livefeed.core import editing, models
from livefeed.core.models import Feed, FeedCreate
from livefeed.errors import FeedNotFound, RevisionConflict
from livefeed.store.commit import Commit, Committer, Idempotency
from livefeed.store.control import Control
from livefeed.store.keys import FEEDS, FeedKeys
from livefeed.store.pictures import Pictures
from livefeed.store.translate import translated

__all__ = ["Feeds"]


class Feeds:
    """All feeds. ``meta`` of each holds the truth; ``livefeed:feeds`` only lists slugs."""

    def __init__(
        self,
        client: Any,
        committer: Committer,
        control: Control,
        pictures: Pictures,
        *,
        on_delete: Callable[[], None] = lambda: None,
    ) -> None:
        self._client, self._committer, self._control = client, committer, control
        self._pictures = pictures
        self._on_delete = on_delete

    async def list(self) -> list[Feed]:
        """All feeds, by title."""
        with translated():
            slugs = sorted(slug.decode() for slug in await self._client.smembers(FEEDS))
            pipeline = self._client.pipeline(transaction=False)
            for slug in slugs:
                pipeline.hget(FeedKeys(slug).meta, "feed")
            rows = await pipeline.execute()
        feeds = [Feed.model_validate_json(row) for row in rows if row is not None]
        return sorted(feeds, key=lambda feed: (feed.title.casefold(), feed.slug))

    async def get(self, slug: str) -> Feed:
        """One feed.

        Raises:
            FeedNotFound, StoreError
        """
        return Feed.model_validate_json(await self._raw(slug))

    async def create(self, wanted: FeedCreate, *, idempotency: Idempotency | None = None) -> Feed:
        """Create a feed.

        Raises:
            FeedExists, IdempotencyMismatch, StoreError
        """
        feed = editing.create_feed(wanted, now=datetime.now(UTC))
        with translated():
            # First the list: a slug without a feed is passed over, a feed without a slug is lost.
            await self._client.sadd(FEEDS, feed.slug)
        body = orjson.dumps(feed.model_dump())
        done = await self._committer.commit(feed.slug, Commit("feed", "", "", body, idempotency=idempotency))
        return await self.get(feed.slug) if done.replayed else feed

    async def patch(self, slug: str, patch: Any, *, idempotency: Idempotency | None = None) -> Feed:
        """Apply a JSON merge patch to a feed.

        Raises:
            FeedNotFound, InvalidInput, IdempotencyMismatch, StoreError
        """
        if idempotency is not None and await self._committer.recall(slug, idempotency):
            return await self.get(slug)
        while True:
            raw = await self._raw(slug)
            current = Feed.model_validate_json(raw)
            feed = editing.edit_feed(current, patch, now=datetime.now(UTC))
            if feed == current:
                if idempotency is not None:
                    await self._committer.commit(slug, Commit("note", body=b"0", idempotency=idempotency))
                return current
            body = orjson.dumps(feed.model_dump())
            try:
                done = await self._committer.commit(
                    slug, Commit("feed", "", raw, body, idempotency=idempotency)
                )
            except RevisionConflict:
                continue
            return await self.get(slug) if done.replayed else feed

    async def remove(self, slug: str, *, idempotency: Idempotency | None = None) -> None:
        """Remove a feed with everything in it, and tell every hub.

        Raises:
            FeedNotFound, IdempotencyMismatch, StoreError
        """
        if idempotency is None or not await self._committer.recall(slug, idempotency):
            await self._commit_removal(slug, idempotency)
        await self._pictures.release(slug)
        with translated():
            await self._client.srem(FEEDS, slug)
            if await self._client.hexists(FeedKeys(slug).meta, "feed"):
                await self._client.sadd(FEEDS, slug)  # somebody has made a new one meanwhile
        await self._control.say({"event": "feed-removed", "feed": slug})
        self._on_delete()

    async def _commit_removal(self, slug: str, idempotency: Idempotency | None) -> None:
        while True:
            raw = await self._raw(slug)
            try:
                await self._committer.commit(slug, Commit("remove", "", raw, idempotency=idempotency))
                return
            except RevisionConflict:
                continue

    async def _raw(self, slug: str) -> bytes:
        if not models.SLUG_PATTERN.fullmatch(slug):
            raise FeedNotFound(slug)
        with translated():
            raw = await self._client.hget(FeedKeys(slug).meta, "feed")
        if raw is None:
            raise FeedNotFound(slug)
        return bytes(raw)
