"""Reading what is on a feed's desk: all of it, or one item with all that decides what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from livefeed.core.ids import ID_PATTERN, new_epoch
from livefeed.core.items import Item
from livefeed.core.models import Feed
from livefeed.core.position import Position
from livefeed.errors import AlreadyPublished, FeedNotFound, ItemNotFound, RevisionConflict
from livefeed.store.commit import discarded_error, gone_error
from livefeed.store.keys import FeedKeys
from livefeed.store.log import parse_reigns
from livefeed.store.scripts import Scripts

__all__ = ["DeskPage", "Seen", "clock", "read_desk", "see"]


@dataclass(frozen=True, slots=True)
class DeskPage:
    """All items of a feed, the oldest first, with the position in the desk's log that they were read at."""

    position: Position
    feed: bytes
    items: tuple[bytes, ...]

    def json(self) -> bytes:
        return b'{"feed":%s,"position":"%s","items":[%s]}' % (
            self.feed,
            str(self.position).encode(),
            b",".join(self.items),
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A feed and an item of it at one moment, by the clock of Redis, which all processes share."""

    feed: Feed
    now: datetime
    item: Item | None
    raw: bytes
    """The item's JSON."""

    def match(self, rev: int | None) -> None:
        """Let pass what is at the revision ``rev``, or whatever there is for None.

        Raises:
            RevisionConflict: carries the item as it stands.
        """
        if rev is not None and self.item is not None and self.item.rev != rev:
            raise RevisionConflict(self.raw, "item")


async def read_desk(scripts: Scripts, feed: str) -> DeskPage:
    """Everything on the desk of a feed.

    Raises:
        FeedNotFound, StoreError
    """
    keys = FeedKeys(feed)
    got = await scripts.items([keys.meta, keys.log("desklog"), keys.items], [new_epoch()])
    if got[0] == b"missing":
        raise FeedNotFound(feed)
    epochs, head, floor, described, items = got
    return DeskPage(parse_reigns(epochs, head, floor).position, described, tuple(sorted(items, key=_age)))


async def see(scripts: Scripts, feed: str, item_id: str) -> Seen:
    """One item as it stands; without ``item`` where none of this id has ever been.

    Raises:
        ItemNotFound: this can be no id of one.
        FeedNotFound, ItemGone, UpdateGone, AlreadyPublished, StoreError
    """
    if not ID_PATTERN.fullmatch(item_id):
        raise ItemNotFound(feed, item_id)
    keys = FeedKeys(feed)
    # At one moment: between two of them it could be published, and be neither there nor there.
    described, tombstone, update, discarded, raw, time = await scripts.read(
        keys.meta,
        ("HGET", keys.meta, "feed"),
        ("HGET", keys.gone, item_id),
        ("HGET", keys.updates, item_id),
        ("HGET", keys.discarded, item_id),
        ("HGET", keys.items, item_id),
        ("TIME",),
    )
    if described is None:
        raise FeedNotFound(feed)
    if tombstone is not None:
        raise gone_error(feed, tombstone)
    if update is not None:
        raise AlreadyPublished(update)
    if discarded is not None:
        raise discarded_error(feed, discarded)
    item = None if raw is None else Item.model_validate_json(raw)
    return Seen(Feed.model_validate_json(described), clock(time), item, raw or b"")


def clock(answer: Sequence[bytes]) -> datetime:
    """What ``TIME`` answered."""
    seconds, microseconds = map(int, answer)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)


def _age(item: bytes) -> tuple[str, str]:
    fields = orjson.loads(item)
    return fields["created"], fields["id"]
