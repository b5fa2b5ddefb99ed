from __future__ import annotations

from typing import Any

import pytest

from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.core.paging import PageQuery
from livefeed.errors import FeedClosed, FeedNotFound, InvalidInput, LivefeedError, TooManyPinned, UpdateGone
from livefeed.store import foresight
from livefeed.store.foresight import MAX_PINNED, Foreseen
from livefeed.store.store import Store
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio

FEED = "news"


@pytest.fixture(autouse=True)
async def news(store: Store) -> None:
    await store.feeds.create(FeedCreate(slug=FEED))


def draft(source: str, text: str = "Hello", **fields: Any) -> UpdateCreate:
    return UpdateCreate.model_validate({"source": source, "text": text, **fields})


async def foreseen_and_done(store: Store, drafts: list[UpdateCreate]) -> list[str]:
    """What each draft comes to; that it was foreseen, and that foreseeing it wrote nothing."""
    before = str((await store.updates.page(FEED, PageQuery(limit=1))).position)
    foreseen = await store.updates.foresee(FEED, drafts)
    assert str((await store.updates.page(FEED, PageQuery(limit=1))).position) == before
    expected = [each.kind if isinstance(each, Foreseen) else str(each) for each in foreseen]
    done: list[str] = []
    for each in drafts:
        try:
            done.append((await store.updates.publish(FEED, each)).kind)
        except LivefeedError as error:
            done.append(str(error))
    assert done == expected
    return [kind if kind in ("created", "edited", "unchanged") else "refused" for kind in expected]


async def test_new_known_and_changed(store: Store) -> None:
    assert await foreseen_and_done(store, [draft("a"), draft("b")]) == ["created"] * 2
    again = [draft("a"), draft("b", "Other"), draft("c")]
    assert await foreseen_and_done(store, again) == ["unchanged", "edited", "created"]


async def test_what_was_edited_here(store: Store) -> None:
    made = await store.updates.publish(FEED, draft("a", tags=["x"]))
    await store.updates.edit(FEED, made.id, {"text": "Edited here", "pinned": True})
    assert await foreseen_and_done(store, [draft("a", tags=["x"])]) == ["unchanged"]
    assert await foreseen_and_done(store, [draft("a", "Edited here", tags=["x"])]) == ["unchanged"]
    (outcome,) = await store.updates.foresee(FEED, [draft("a", "News there", tags=["x"])])
    assert isinstance(outcome, Foreseen)
    assert (outcome.kind, outcome.id, outcome.update.pinned) == ("edited", made.id, True)


async def test_what_was_deleted_here(store: Store) -> None:
    one = await store.updates.publish(FEED, draft("a"))
    plain = await store.updates.publish(FEED, UpdateCreate(text="No source"))
    await store.updates.delete(FEED, one.id)
    (refused,) = await store.updates.foresee(FEED, [draft("a")])
    assert isinstance(refused, UpdateGone)
    # An export of this feed names updates by their own ids.
    assert await foreseen_and_done(store, [draft(one.id), draft(plain.id, "Other")]) == ["refused", "edited"]


async def test_what_breaks_a_rule(store: Store) -> None:
    await store.updates.publish(FEED, draft("known"))
    nothing = {"text": "<b> </b>", "format": "html"}
    drafts = [draft("a", **nothing), draft("known", **nothing), draft("b")]
    assert await foreseen_and_done(store, drafts) == ["refused", "refused", "created"]
    assert isinstance((await store.updates.foresee(FEED, drafts))[0], InvalidInput)


async def test_a_picture_of_ours_that_is_not_there(store: Store) -> None:
    """What is exported from another server may name some."""
    picture = {"url": f"/media/{'0a' * 16}.png", "alt": "A map"}
    await store.updates.publish(FEED, draft("known"))
    drafts = [draft("a", image=picture), draft("known", image=picture), draft("b")]
    assert await foreseen_and_done(store, drafts) == ["refused", "refused", "created"]


async def test_pins_are_counted_as_they_come(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foresight, "_AT_ONCE", 7)
    await store.updates.publish(FEED, draft("unpinned"))
    await store.updates.publish(FEED, draft("pinned", pinned=True))
    drafts = [draft("pinned", "Off", pinned=False)]
    drafts += [draft(str(at), pinned=True) for at in range(MAX_PINNED + 1)]
    drafts += [draft("unpinned", "On", pinned=True), draft("last")]
    kinds = await foreseen_and_done(store, drafts)
    assert kinds == ["edited", *["created"] * MAX_PINNED, "refused", "refused", "created"]
    assert isinstance((await store.updates.foresee(FEED, [draft("x", pinned=True)]))[0], TooManyPinned)


async def test_a_closed_feed_takes_edits_only(store: Store) -> None:
    await store.updates.publish(FEED, draft("a"))
    await store.feeds.patch(FEED, {"status": "closed"})
    assert await foreseen_and_done(store, [draft("a", "Other")]) == ["edited"]
    with pytest.raises(FeedClosed):
        await store.updates.foresee(FEED, [draft("a"), draft("b")])


async def test_no_feed(store: Store) -> None:
    for drafts in ([], [draft("a")]):
        with pytest.raises(FeedNotFound):
            await store.updates.foresee("nowhere", drafts)


async def test_the_bound_is_the_script_s(store: Store, redis_server: RedisServer) -> None:
    assert f"MAX_PINNED = {MAX_PINNED}" in store._scripts._writers["commit"].text
