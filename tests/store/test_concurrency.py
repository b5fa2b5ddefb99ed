"""Two hundred at once: log, offsets, hash, sorted sets and head agree afterwards."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from livefeed.core.paging import PageQuery, parse_query
from livefeed.errors import UpdateGone
from livefeed.store.store import Store
from tests.store.support import FEED, assert_sound, ids, open_feed, opened, page, publish

pytestmark = pytest.mark.anyio
TASKS = 200


async def work(store: Store, number: int, shared: list[str]) -> set[str]:
    """Publish, edit and delete, some of it where everybody does; returns what must be there at the end."""
    chance = random.Random(number)
    own = (await publish(store, id=f"own{number}", tags=chance.sample(["x", "y", "z"], 2))).id
    await store.updates.edit(FEED, own, {"text": "Other", "key": chance.random() < 0.5})
    with suppress(UpdateGone):
        await store.updates.edit(FEED, chance.choice(shared), {"text": f"{number}", "tags": ["x"]})
    if number % 3 == 0:
        await store.updates.delete(FEED, own)
        return set()
    if number % 20 == 1:
        await store.updates.delete(FEED, chance.choice(shared[5:]))
    return {own}


async def everything(store: Store) -> set[str]:
    got = await page(store, PageQuery(100))
    there = set(ids(got))
    while got["next"]:
        got = await page(store, parse_query({"cursor": got["next"], "limit": "100"}))
        there.update(ids(got))
    return there


async def test_two_hundred_at_once(store: Store) -> None:
    await open_feed(store)
    shared = [(await publish(store, id=f"shared{number}")).id for number in range(20)]
    async with opened(store.connector.url, log_entries=150) as busy:  # so that it trims, too
        kept = await asyncio.gather(*(work(busy, number, shared) for number in range(TASKS)))
    await assert_sound(store)
    there = await everything(store)
    assert there - set(shared) == set[str]().union(*kept)
    assert set(shared[:5]) <= there
