"""Anything that people do at a desk, in any order, from two processes, with replies lost and Redis restarted.

After each step the desk, the updates and both logs are what a small model of the desk says: no item is lost,
none is published twice or against its word, and of what is not out nothing stands in the public log.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from livefeed.core import steps
from livefeed.core.items import Actor, ItemCreate
from livefeed.core.times import print_time
from livefeed.errors import (
    AlreadyPublished,
    FeedClosed,
    Forbidden,
    ItemExists,
    ItemGone,
    ItemNotFound,
    LivefeedError,
    StoreUnavailable,
    UpdateGone,
    WrongState,
)
from livefeed.settings import Settings
from livefeed.store import desk as desk_module
from livefeed.store.store import Store
from tests.lossy_proxy import lossy_proxy
from tests.redis_servers import RedisServer, newest_binary
from tests.store.support import FEED, open_feed

Refusal = type[LivefeedError] | None

ANN, BEN, CAT = Actor("Ann", True), Actor("Ben", False), Actor("Cat", False)
EVERYBODY = st.sampled_from([ANN, BEN, CAT])
IDS = st.sampled_from([f"i{number}" for number in range(5)])
FROM = st.sampled_from([0, 1])
LOSE = st.sampled_from([0, 0, 0, 1])

_texts = itertools.count()
_real_clock = desk_module.clock


@dataclass(frozen=True)
class Known:
    """What must be there of an item."""

    state: str
    by: str
    text: str
    due_s: float | None = None


class DeskMachine(RuleBasedStateMachine):
    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.server.clear()
        self.items: dict[str, Known] = {}
        self.out: dict[str, str] = {}
        self.thrown: set[str] = set()
        self.deleted: set[str] = set()
        self.closed, self.hold_s, self.now_s = False, 5, 0.0
        desk_module.clock = lambda answer: self.at(self.now_s)
        self._proxying = lossy_proxy(self.server)
        self.proxy = self.run(self._proxying.__aenter__())
        self.stores = [Store(url, Settings()) for url in (self.proxy.url, self.server.url)]
        self.run(open_feed(self.stores[1], hold_s=5))

    def teardown(self) -> None:
        for store in self.stores:
            self.run(store.close())
        self.run(self._proxying.__aexit__(None, None, None))
        self.loop.close()
        desk_module.clock = _real_clock

    def at(self, seconds: float) -> datetime:
        """Time passes when the test says so, however long Redis takes to restart."""
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=seconds)

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    # What people do -----------------------------------------------------------------------------

    def do(self, work: Callable[[Store], Awaitable[Any]], process: int, lose: int, expected: Refusal) -> Any:
        """Do it from a process, whose reply may be lost; what is expected to be refused is."""
        self.proxy.lose = lose if process == 0 else 0
        try:
            got = self.run(work(self.stores[process]))
        except LivefeedError as error:
            if type(error) is not expected:
                raise
            return None
        finally:
            self.proxy.lose = 0
        assert expected is None, f"expected {expected}, got {got}"
        return got

    def absent(self, item_id: str) -> Refusal:
        if item_id in self.out:
            return AlreadyPublished
        if item_id in self.thrown:
            return ItemGone
        return UpdateGone if item_id in self.deleted else ItemNotFound

    def forbidden(self, item: Known, actor: Actor, *states: str) -> bool:
        return not actor.is_editor and (item.by != actor.name or item.state not in states)

    @rule(item_id=IDS, actor=EVERYBODY, process=FROM, lose=LOSE)
    def make(self, item_id: str, actor: Actor, process: int, lose: int) -> None:
        text = f"text-{next(_texts)}."
        refusal = ItemExists if item_id in self.items else self.absent(item_id)
        refusal = None if refusal is ItemNotFound else refusal
        wanted = ItemCreate(id=item_id, text=text)
        self.do(lambda store: store.items.create(FEED, wanted, actor=actor), process, lose, refusal)
        if refusal is None:
            self.items[item_id] = Known("draft", actor.name, text)

    def step(
        self,
        item_id: str,
        name: str,
        *args: Any,
        actor: Actor,
        how: tuple[int, int],
        next_: Callable[[Known], Known | type[LivefeedError]],
    ) -> None:
        known = self.items.get(item_id)
        after = self.absent(item_id) if known is None else next_(known)
        refusal = after if isinstance(after, type) else None

        def work(store: Store) -> Awaitable[Any]:
            step = getattr(steps, name)
            return store.items.change(FEED, item_id, lambda it, now: step(it, *args, actor=actor, now=now))

        self.do(work, *how, refusal)
        if isinstance(after, Known):
            self.items[item_id] = after

    @rule(item_id=IDS, actor=EVERYBODY, how=st.tuples(FROM, LOSE))
    def edit(self, item_id: str, actor: Actor, how: tuple[int, int]) -> None:
        text = f"text-{next(_texts)}."

        def next_(item: Known) -> Known | type[LivefeedError]:
            if self.forbidden(item, actor, "draft", "submitted"):
                return Forbidden
            if item.state == "going":
                return WrongState
            taken_back = item.state == "submitted" and not actor.is_editor
            return replace(item, text=text, state="draft" if taken_back else item.state)

        self.step(item_id, "edit", {"text": text}, actor=actor, how=how, next_=next_)

    @rule(item_id=IDS, actor=EVERYBODY, how=st.tuples(FROM, LOSE))
    def submit(self, item_id: str, actor: Actor, how: tuple[int, int]) -> None:
        def next_(item: Known) -> Known | type[LivefeedError]:
            if self.forbidden(item, actor, "draft", "submitted"):
                return Forbidden
            return WrongState if item.due_s is not None else replace(item, state="submitted")

        self.step(item_id, "submit", actor=actor, how=how, next_=next_)

    @rule(item_id=IDS, how=st.tuples(FROM, LOSE))
    def give_back(self, item_id: str, how: tuple[int, int]) -> None:
        note = f"note {next(_texts)}"
        self.step(
            item_id, "send_back", note, actor=ANN, how=how,
            next_=lambda item: replace(item, state="draft") if item.state == "submitted" else WrongState,
        )  # fmt: skip

    @rule(item_id=IDS, in_s=st.sampled_from([60, 600]), how=st.tuples(FROM, LOSE))
    def schedule(self, item_id: str, in_s: int, how: tuple[int, int]) -> None:
        def next_(item: Known) -> Known | type[LivefeedError]:
            if item.state == "going":
                return WrongState
            return FeedClosed if self.closed else replace(item, state="scheduled", due_s=self.now_s + in_s)

        self.step(
            item_id,
            "schedule",
            print_time(self.at(self.now_s + in_s)),
            actor=ANN,
            how=how,
            next_=next_,
        )

    @rule(item_id=IDS, actor=EVERYBODY, how=st.tuples(FROM, LOSE))
    def cancel(self, item_id: str, actor: Actor, how: tuple[int, int]) -> None:
        def next_(item: Known) -> Known | type[LivefeedError]:
            if self.forbidden(item, actor, "draft", "submitted"):
                return Forbidden
            return replace(item, state="draft", due_s=None)

        self.step(item_id, "cancel", actor=actor, how=how, next_=next_)

    @rule(item_id=IDS, says=st.booleans(), how=st.tuples(FROM, LOSE))
    def press(self, item_id: str, says: bool, how: tuple[int, int]) -> None:
        known = self.items.get(item_id)
        text = f"text-{next(_texts)}." if says or (known is None and item_id not in self.out) else None
        refusal = self.absent(item_id) if known is None else None
        if refusal is ItemNotFound:
            refusal, known = None, Known("draft", "Ann", "")
        if refusal is AlreadyPublished and text is None:
            refusal = None
        if known is not None and known.state == "going":
            refusal = WrongState if text is not None else None
        elif known is not None and self.closed:
            refusal = FeedClosed
        patch = {} if text is None else {"text": text}
        self.do(lambda store: store.outgoing.publish(FEED, item_id, patch, actor=ANN), *how, refusal)
        if known is None or known.state == "going":
            return
        if refusal is FeedClosed:
            if item_id not in self.items and text is not None:
                self.items[item_id] = replace(known, text=text)
        elif self.hold_s:
            self.items[item_id] = replace(
                known, text=text or known.text, state="going", due_s=self.now_s + self.hold_s
            )
        else:
            self.items.pop(item_id, None)
            self.out[item_id] = text or known.text

    @rule(item_id=IDS, how=st.tuples(FROM, LOSE))
    def send_now(self, item_id: str, how: tuple[int, int]) -> None:
        known = self.items.get(item_id)
        refusal = self.absent(item_id) if known is None else None
        refusal = None if refusal is AlreadyPublished else refusal
        if known is not None and known.due_s is None:
            refusal = WrongState
        elif known is not None and self.closed:
            refusal = FeedClosed
        self.do(lambda store: store.outgoing.release(FEED, item_id), *how, refusal)
        if known is not None and refusal is None:
            self.out[item_id] = self.items.pop(item_id).text

    @rule(item_id=IDS, actor=EVERYBODY, how=st.tuples(FROM, LOSE))
    def discard(self, item_id: str, actor: Actor, how: tuple[int, int]) -> None:
        known = self.items.get(item_id)
        refusal = self.absent(item_id) if known is None else None
        if refusal in (ItemGone, UpdateGone):
            refusal = None
        if known is not None and self.forbidden(known, actor, "draft"):
            refusal = Forbidden
        self.do(lambda store: store.items.discard(FEED, item_id, actor=actor), *how, refusal)
        if known is not None and refusal is None:
            del self.items[item_id]
            self.thrown.add(item_id)

    @precondition(lambda self: self.out)
    @rule(item_id=IDS, how=st.tuples(FROM, LOSE))
    def delete_update(self, item_id: str, how: tuple[int, int]) -> None:
        if item_id in self.out:
            self.do(lambda store: store.updates.delete(FEED, item_id), *how, None)
            del self.out[item_id]
            self.deleted.add(item_id)

    # What happens -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 5, 60, 600]), first=FROM)
    def time_passes(self, seconds: int, first: int) -> None:
        """And both processes look what is due, at the same moment."""
        self.now_s += seconds
        both = (self.stores[first], self.stores[1 - first])
        self.run(_together(*(store.outgoing.let_out_due(FEED) for store in both)))
        for item_id in [
            id_ for id_, it in self.items.items() if it.due_s is not None and it.due_s <= self.now_s
        ]:
            item = self.items[item_id]
            if self.closed:
                self.items[item_id] = replace(item, state="draft", due_s=None)
            else:
                self.out[item_id] = self.items.pop(item_id).text

    @precondition(lambda self: not self.closed and any(item.due_s for item in self.items.values()))
    @rule(data=st.data())
    def undo_at_the_last_moment(self, data: st.DataObject) -> None:
        """One process publishes, while somebody cancels at another: one of them is too late, and told so."""
        item_id = data.draw(st.sampled_from([id_ for id_, item in self.items.items() if item.due_s]))
        one, other = self.stores if data.draw(st.booleans()) else self.stores[::-1]
        cancelling = one.items.change(FEED, item_id, lambda it, now: steps.cancel(it, actor=ANN, now=now))
        cancelled, released = self.run(_together(cancelling, other.outgoing.release(FEED, item_id)))
        if isinstance(cancelled, AlreadyPublished):
            assert released.kind == "published"
        else:
            assert isinstance(released, WrongState), released
            assert orjson.loads(self.run(one.items.get(FEED, item_id)))["state"] == "draft"
            self.run(one.outgoing.publish(FEED, item_id, {}, actor=ANN))
            self.run(one.outgoing.release(FEED, item_id))
        # Whoever won, from here on all is the same: hypothesis has to be able to repeat what it saw.
        self.run(one.updates.delete(FEED, item_id))
        del self.items[item_id]
        self.deleted.add(item_id)

    @rule(closed=st.booleans(), hold_s=st.sampled_from([0, 5]))
    def change_feed(self, closed: bool, hold_s: int) -> None:
        patch = {"status": "closed" if closed else "open", "hold_s": hold_s}
        self.run(self.stores[1].feeds.patch(FEED, patch))
        self.closed, self.hold_s = closed, hold_s

    @rule(kill=st.booleans(), chance=st.integers(0, 3))
    def redis_restarts(self, kill: bool, chance: int) -> None:
        if chance:
            return
        (self.server.kill if kill else self.server.stop)()
        self.server.start()
        for store in self.stores:  # connections that ended meanwhile are noticed when they are used
            self.run(_reached(store))

    # What must hold -----------------------------------------------------------------------------

    @invariant()
    def everything_is_where_it_belongs(self) -> None:
        store = self.stores[1]
        assert self.run(store.check(FEED)) == []
        page = orjson.loads(self.run(store.items.newest(FEED)).json())
        there = {item["id"]: (item["state"], item["by"], item["content"]["text"]) for item in page["items"]}
        assert there == {id_: (item.state, item.by, item.text) for id_, item in self.items.items()}
        shown = orjson.loads(self.run(store.updates.newest(FEED)).json())["updates"]
        assert {update["id"]: update["text"] for update in shown} == self.out
        assert all(update["rev"] == 1 for update in shown)
        entries = self.run(store.log(FEED).newest(1_000)).entries
        told = [orjson.loads(entry.change.raw) for entry in entries]
        assert {t["update"]["id"]: t["update"]["text"] for t in told if t["op"] == "put"} == self.out
        assert {t["id"] for t in told if t["op"] == "delete"} == self.deleted
        public = b"".join(entry.change.raw for entry in entries)
        assert not [item for item in self.items.values() if item.text and item.text.encode() in public]


async def _together(*work: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*work, return_exceptions=True)


async def _reached(store: Store) -> None:
    for _ in range(10):
        try:
            await store.items.newest(FEED)
            return
        except StoreUnavailable:
            await asyncio.sleep(0.05)
    await store.items.newest(FEED)


@pytest.fixture
def server() -> Any:
    with RedisServer(newest_binary()) as server:
        yield server


def test_anything_in_any_order(server: RedisServer) -> None:
    class Machine(DeskMachine):
        pass

    Machine.server = server
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None)
    )
