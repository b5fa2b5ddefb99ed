"""One committed change of an item: what ``item.lua`` is asked, and what its answers mean."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from livefeed.core.ids import new_epoch
from livefeed.core.items import MAX_ITEMS, Item
from livefeed.core.times import to_ms
from livefeed.errors import (
    AlreadyPublished,
    FeedClosed,
    FeedNotFound,
    IdempotencyMismatch,
    ItemNotFound,
    RevisionConflict,
    StoreInconsistent,
    TooManyItems,
    TooManyPinned,
)
from livefeed.store.commit import Commit, Committer, Idempotency, discarded_error, gone_error
from livefeed.store.keys import FeedKeys

__all__ = ["ItemCommit", "ItemWriter"]


@dataclass(frozen=True, slots=True)
class ItemCommit:
    """What is to be written; the fields are those of ``item.lua``.

    ``ms``: when the item goes out by itself, or the shown time of the update that it becomes.
    """

    op: Literal["item", "withdraw", "discard", "publish"]
    id: str
    expected: int | None
    body: bytes = b""
    ms: int | None = None
    only_open: bool = False
    idempotency: Idempotency | None = None
    commit_id: str = field(default_factory=lambda: secrets.token_hex(16))


class ItemWriter:
    """Writes items. Nothing is retried that could happen twice."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    async def commit(self, feed: str, commit: ItemCommit) -> bool:
        """Write one change; False if that was done by an earlier request with the same key.

        Raises:
            FeedNotFound, FeedClosed, ItemNotFound, ItemGone, UpdateGone, AlreadyPublished, RevisionConflict,
            TooManyItems, TooManyPinned, IdempotencyMismatch: refused; nothing was written.
            StoreError: Redis could not.
        """
        keys, committer = FeedKeys(feed), self._committer
        key_hash, request_hash, idempotency_s = committer.identify(commit.idempotency, commit.commit_id)
        names = [
            keys.meta, keys.log(), keys.updates, keys.timeline, keys.offsets(), keys.gone, keys.key_events,
            keys.pinned, keys.tags, keys.log("desklog"), keys.offsets("desklog"), keys.items, keys.due,
            keys.discarded, keys.idem(key_hash),
        ]  # fmt: skip
        args = [
            new_epoch(), commit.op, commit.id, commit.expected or "", commit.body,
            "" if commit.ms is None else commit.ms, request_hash, idempotency_s, committer.log_entries,
            keys.prefix, "open" if commit.only_open else "", MAX_ITEMS,
        ]  # fmt: skip
        if commit.op in (
            "discard",
            "withdraw",
        ):  # no picture comes in, and there may be no memory for a claim
            return _answer(feed, commit, await committer.write("item", names, args))
        async with committer.pictures.held(feed, commit.body):
            return _answer(feed, commit, await committer.write("item", names, args))

    async def put(
        self, feed: str, before: Item | None, item: Item, idempotency: Idempotency | None
    ) -> bytes | None:
        """Write the next revision of an item; its JSON, or None as for :meth:`commit`."""
        body = orjson.dumps(item.model_dump())
        # Whoever stops something must be able to, also when Redis is full.
        stops = (
            before is not None and before.state != item.state == "draft" and before.content == item.content
        )
        goes_out = item.due is not None and (before is None or item.due != before.due)
        commit = ItemCommit(
            "withdraw" if stops else "item",
            item.id,
            before.rev if before else None,
            body,
            to_ms(item.due) if item.due else None,
            only_open=goes_out,
            idempotency=idempotency,
        )
        return body if await self.commit(feed, commit) else None

    async def note(self, feed: str, item: Item, idempotency: Idempotency | None) -> None:
        """Remember that this request found nothing to do: later it would, perhaps."""
        if idempotency is not None:
            found = Commit("note", item.id, "", str(item.rev).encode(), idempotency=idempotency)
            await self._committer.commit(feed, found)


def _answer(feed: str, commit: ItemCommit, got: list[Any]) -> bool:
    match got:
        case [b"done" | b"replay" as how, *_]:
            return bool(how == b"done")
        case [b"mismatch"]:
            raise IdempotencyMismatch
        case [b"missing"]:
            raise FeedNotFound(feed)
        case [b"gone", bytes(tombstone)]:
            raise gone_error(feed, tombstone)
        case [b"published", bytes(update)]:
            raise AlreadyPublished(update)
        case [b"discarded", bytes(tombstone)]:
            raise discarded_error(feed, tombstone)
        case [b"unknown"]:
            raise ItemNotFound(feed, commit.id)
        case [b"conflict", bytes(current)]:
            raise RevisionConflict(current, "item")
        case [b"closed"]:
            raise FeedClosed(feed)
        case [b"crowded", bytes(bound)]:
            raise TooManyItems(feed, int(bound))
        case [b"pinned", bytes(bound)]:
            raise TooManyPinned(feed, int(bound))
        case [b"inconsistent", bytes(reason)]:
            raise StoreInconsistent(reason.decode())
        case _:
            raise StoreInconsistent(f"item.lua answered {got!r}")
