"""What importing drafts would do to a feed. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import orjson

from livefeed.core import editing
from livefeed.core.ids import ID_PATTERN
from livefeed.core.models import Update, UpdateCreate
from livefeed.errors import FeedClosed, FeedNotFound, InvalidInput, TooManyPinned, UpdateGone
from livefeed.store.commit import gone_error
from livefeed.store.keys import FeedKeys
from livefeed.store.pictures import Pictures
from livefeed.store.scripts import Scripts
from livefeed.store.sources import source_of, taken_over

__all__ = ["MAX_PINNED", "Foreseen", "Refused", "foresee"]

MAX_PINNED = 100
"""As ``update.lua`` has it."""

_AT_ONCE = 200

Refused: TypeAlias = InvalidInput | TooManyPinned | UpdateGone
"""Why a draft would be left out."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What publishing a draft would come to. ``id`` None: a new one."""

    kind: Literal["created", "edited", "unchanged"]
    id: str | None
    update: Update


@dataclass(slots=True)
class _State:
    """What is there of a feed, as far as some drafts are concerned; it changes as they are gone through."""

    feed: str
    is_closed: bool
    pinned: int
    made: dict[str, str] = field(default_factory=dict)
    """Source → id of the update that it made, be that there or gone."""
    said: dict[str, str] = field(default_factory=dict)
    updates: dict[str, bytes] = field(default_factory=dict)
    gone: dict[str, bytes] = field(default_factory=dict)


async def foresee(
    scripts: Scripts, pictures: Pictures, feed: str, drafts: Sequence[UpdateCreate]
) -> list[Foreseen | Refused]:
    """What publishing these drafts one after the other would come to; each has a source, all are different.

    Raises:
        FeedNotFound, StoreError
        FeedClosed: there is a new one, and the feed takes none.
    """
    foreseen: list[Foreseen | Refused] = []
    pinned = 0
    for at in range(0, len(drafts), _AT_ONCE):
        some = drafts[at : at + _AT_ONCE]
        state = await _read(scripts, feed, some)
        before = state.pinned
        state.pinned += pinned
        for draft in some:
            foreseen.append(await _outcome(state, pictures, draft))
            await asyncio.sleep(0)  # each text is rendered: readers are served in between
        pinned = state.pinned - before
    if not drafts:
        await _read(scripts, feed, drafts)
    return foreseen


async def _outcome(state: _State, pictures: Pictures, draft: UpdateCreate) -> Foreseen | Refused:
    try:
        return await _publish(state, pictures, draft)
    except (InvalidInput, TooManyPinned, UpdateGone) as error:
        return error


async def _publish(state: _State, pictures: Pictures, draft: UpdateCreate) -> Foreseen:
    """As ``Updates.publish`` and ``commit.lua`` do, in their order."""
    assert draft.source is not None
    now = datetime.now(UTC)
    update = editing.publish(draft, update_id="", now=now)
    await pictures.check(state.feed, orjson.dumps(update.model_dump()))
    update_id = state.made.get(draft.source)
    if update_id in state.gone:
        raise gone_error(state.feed, state.gone[update_id])
    if update_id is not None:
        current = Update.model_validate(orjson.loads(state.updates[update_id]))
        revised = editing.edit(current, taken_over(draft, state.said.get(draft.source, "")), now=now)
        if revised is not current:
            await pictures.check(state.feed, orjson.dumps(revised.model_dump()))
        _count_pin(state, current, revised)
        return Foreseen("unchanged" if revised is current else "edited", update_id, revised)
    if state.is_closed:
        raise FeedClosed(state.feed)
    _count_pin(state, None, update)
    return Foreseen("created", None, update)


def _count_pin(state: _State, before: Update | None, after: Update) -> None:
    was_pinned = before is not None and before.pinned
    if after.pinned and not was_pinned and state.pinned >= MAX_PINNED:
        raise TooManyPinned(state.feed, MAX_PINNED)
    state.pinned += after.pinned - was_pinned


async def _read(scripts: Scripts, feed: str, drafts: Sequence[UpdateCreate]) -> _State:
    keys = FeedKeys(feed)
    sources = [draft.source or "" for draft in drafts]
    hashes = [source.key_hash for draft in drafts if (source := source_of(draft)) is not None]
    raw, pinned, made, said = await scripts.read(
        keys.meta,
        ("HGET", keys.meta, "feed"),
        ("ZCARD", keys.pinned),
        ("HMGET", keys.sources, "-", *hashes),
        ("HMGET", keys.said, "-", *hashes),
    )
    if raw is None:
        raise FeedNotFound(feed)
    state = _State(feed, orjson.loads(raw)["status"] == "closed", int(pinned))
    state.made = _known(sources, made[1:])
    state.said = _known(sources, said[1:])
    # An update's own id counts as its source too: that is what stands in an export of this feed.
    own = [source for source in sources if source not in state.made and ID_PATTERN.fullmatch(source)]
    ids = [*state.made.values(), *own]
    updates, gone = await scripts.read(
        keys.meta, ("HMGET", keys.updates, "-", *ids), ("HMGET", keys.gone, "-", *ids)
    )
    state.updates = dict(_there(ids, updates[1:]))
    state.gone = dict(_there(ids, gone[1:]))
    state.made |= {source: source for source in own if source in state.updates or source in state.gone}
    return state


def _known(names: Sequence[str], values: Sequence[bytes | None]) -> dict[str, str]:
    return {name: value.decode() for name, value in _there(names, values)}


def _there(names: Sequence[str], values: Sequence[Any]) -> list[tuple[str, bytes]]:
    return [(name, value) for name, value in zip(names, values, strict=True) if value]
