"""Items of a feed's desk: making, changing, deleting them. :mod:`livefeed.store.outgoing` publishes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from livefeed.core import steps
from livefeed.core.ids import new_id
from livefeed.core.items import Actor, Item, ItemCreate
from livefeed.errors import ItemExists, ItemGone, ItemNotFound, RevisionConflict, UpdateGone
from livefeed.store.commit import Committer, Idempotency
from livefeed.store.desk import DeskPage, Seen, read_desk, see
from livefeed.store.itemwriter import ItemCommit, ItemWriter
from livefeed.store.scripts import Scripts

__all__ = ["ItemOutcome", "Items", "Step"]

Step: TypeAlias = Callable[[Item, datetime], Item]
"""Makes the next revision of an item, done now; the very same item where nothing changes."""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What a request came to. ``body`` is the item's JSON as it stands.

    Where it is ``published`` (now) or ``out`` (by an earlier request), ``body`` is that of the update.
    """

    kind: Literal["created", "changed", "unchanged", "published", "out"]
    id: str
    body: bytes


class Items:
    """The items of all feeds.

    All methods raise ``FeedNotFound`` and ``StoreError``; those about one item also ``ItemNotFound``,
    ``ItemGone``, ``UpdateGone``, ``AlreadyPublished``.
    """

    def __init__(
        self,
        scripts: Scripts,
        committer: Committer,
        *,
        on_delete: Callable[[], None] = lambda: None,
    ) -> None:
        self._scripts, self._committer = scripts, committer
        self._writer = ItemWriter(committer)
        self._on_delete = on_delete

    async def newest(self, feed: str) -> DeskPage:
        """Everything on the desk."""
        return await read_desk(self._scripts, feed)

    async def get(self, feed: str, item_id: str) -> bytes:
        """The JSON of one item."""
        return (await self._there(feed, item_id))[0].raw

    async def create(
        self, feed: str, wanted: ItemCreate, *, actor: Actor, idempotency: Idempotency | None = None
    ) -> ItemOutcome:
        """Make a draft; the same once more is no error.

        Raises:
            InvalidInput, TooManyItems, IdempotencyMismatch
            ItemExists: there is another one with this id.
        """
        if idempotency is not None and (done := await self._committer.recall(feed, idempotency)):
            return await self._as_it_is(feed, done.id)
        item_id = wanted.id or new_id(int(datetime.now(UTC).timestamp() * 1000))
        while True:
            seen = await see(self._scripts, feed, item_id)
            item = steps.create(wanted, item_id=item_id, actor=actor, now=seen.now)
            if seen.item is not None:
                if seen.item.content != item.content:
                    raise ItemExists(feed, item_id)
                await self._writer.note(feed, seen.item, idempotency)
                return ItemOutcome("unchanged", item_id, seen.raw)
            try:
                body = await self._writer.put(feed, None, item, idempotency)
            except RevisionConflict:
                continue
            return ItemOutcome("created", item_id, body) if body else await self._as_it_is(feed, item_id)

    async def change(
        self,
        feed: str,
        item_id: str,
        step: Step,
        *,
        if_match: int | None = None,
        idempotency: Idempotency | None = None,
    ) -> ItemOutcome:
        """Take a step of :mod:`livefeed.core.steps`, at the revision ``if_match`` or at any.

        Raises:
            RevisionConflict: it is not at ``if_match``; carries the item as it stands.
            IdempotencyMismatch, and what the step raises
        """
        if idempotency is not None and await self._committer.recall(feed, idempotency):
            return await self._as_it_is(feed, item_id)
        while True:
            seen, before = await self._there(feed, item_id)
            item = step(before, seen.now)
            if item is before:
                # At whatever revision: a save that is sent again does not conflict with itself.
                await self._writer.note(feed, before, idempotency)
                return ItemOutcome("unchanged", item_id, seen.raw)
            seen.match(if_match)
            try:
                body = await self._writer.put(feed, before, item, idempotency)
            except RevisionConflict:
                continue  # somebody else was faster: take the step from where they are, if that will do
            return ItemOutcome("changed", item_id, body) if body else await self._as_it_is(feed, item_id)

    async def discard(
        self,
        feed: str,
        item_id: str,
        *,
        actor: Actor,
        if_match: int | None = None,
        idempotency: Idempotency | None = None,
    ) -> None:
        """Delete an item for ever; doing so again is no error.

        Raises:
            RevisionConflict: it is not at ``if_match``; carries the item as it stands.
            Forbidden, IdempotencyMismatch
        """
        while True:
            try:
                seen, item = await self._there(feed, item_id)
                steps.may_discard(item, actor)
                seen.match(if_match)
                commit = ItemCommit("discard", item_id, item.rev, idempotency=idempotency)
                await self._writer.commit(feed, commit)
            except (ItemGone, UpdateGone):
                return
            except RevisionConflict:
                if if_match is not None:
                    raise
                continue
            self._on_delete()
            return

    async def _there(self, feed: str, item_id: str) -> tuple[Seen, Item]:
        seen = await see(self._scripts, feed, item_id)
        if seen.item is None:
            raise ItemNotFound(feed, item_id)
        return seen, seen.item

    async def _as_it_is(self, feed: str, item_id: str) -> ItemOutcome:
        """The answer to a request that was done before."""
        return ItemOutcome("unchanged", item_id, await self.get(feed, item_id))
