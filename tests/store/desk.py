"""What the tests of items share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from livefeed.core import steps
from livefeed.core.items import Actor, ItemCreate
from livefeed.core.times import print_time
from livefeed.store.commit import Idempotency
from livefeed.store.items import ItemOutcome
from livefeed.store.store import Store
from tests.store.support import FEED

__all__ = ["ANN", "BEN", "desk", "discard", "due_in", "item", "make", "press", "schedule", "take"]

ANN, BEN = Actor("Ann", True), Actor("Ben", False)


async def make(
    store: Store, text: str = "Hello", *, by: Actor = ANN, idem: Idempotency | None = None, **fields: Any
) -> ItemOutcome:
    return await store.items.create(
        FEED, ItemCreate.model_validate({"text": text, **fields}), actor=by, idempotency=idem
    )


async def take(store: Store, name: str, item_id: str, *args: Any, by: Actor = ANN, **how: Any) -> ItemOutcome:
    """Take the step of this name."""
    step = getattr(steps, name)
    return await store.items.change(
        FEED, item_id, lambda item, now: step(item, *args, actor=by, now=now), **how
    )


async def press(store: Store, item_id: str, patch: dict[str, Any] | None = None, **how: Any) -> ItemOutcome:
    """Press “Publish”."""
    return await store.outgoing.publish(FEED, item_id, patch or {}, actor=ANN, **how)


async def schedule(store: Store, item_id: str, in_s: float) -> ItemOutcome:
    """To go out so long after the step is taken; by the time that it begins, a busy machine may be later."""
    return await store.items.change(
        FEED,
        item_id,
        lambda item, now: steps.schedule(item, print_time(now + timedelta(seconds=in_s)), actor=ANN, now=now),
    )


async def discard(store: Store, item_id: str, *, by: Actor = ANN, **how: Any) -> None:
    await store.items.discard(FEED, item_id, actor=by, **how)


async def item(store: Store, item_id: str) -> dict[str, Any]:
    parsed: dict[str, Any] = orjson.loads(await store.items.get(FEED, item_id))
    return parsed


async def desk(store: Store) -> dict[str, dict[str, Any]]:
    """What is on the desk, by id."""
    page = orjson.loads((await store.items.newest(FEED)).json())
    return {each["id"]: each for each in page["items"]}


def due_in(seconds: float) -> str:
    return print_time(datetime.now(UTC) + timedelta(seconds=seconds))
