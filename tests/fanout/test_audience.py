"""The readers of a channel: everything once and in order, whoever parks, drains, joins or leaves."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import orjson
import pytest
import uvloop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from livefeed.core import frames
from livefeed.core.changes import Change, delete_change, parse_change
from livefeed.core.messages import PIECE_BYTES
from livefeed.core.paging import PageQuery
from livefeed.core.position import Position
from livefeed.core.reader import Reader, place
from livefeed.errors import FeedNotFound
from livefeed.fanout import audience as audience_module
from livefeed.fanout.audience import Audience
from livefeed.fanout.channel import Channel
from livefeed.fanout.framing import EVENTS, FRAMINGS, SOCKET, Framing
from livefeed.fanout.http import UNWRITTEN_BYTES
from livefeed.fanout.subscriber import State
from livefeed.store.log import LogEntry
from tests.fanout.peers import Peer, connected, disconnect_all, every_framing, seats
from tests.live import FEED, Live, eventually, live_hub
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
_T = TypeVar("_T")

LARGE = "x" * 9_000


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


class Hall:
    """A channel, its audience, and peers who sit in it."""

    def __init__(self, live: Live, channel: Channel) -> None:
        self.live, self.channel = live, channel
        self.audience: Audience = live.hub.audience(channel)
        self.admission = seats()

    async def seat(self, framing: Framing, position: Position | None = None) -> Peer:
        peer = await connected(framing)
        await peer.join(self.audience, position, self.admission)
        return peer

    async def all_told(self, *peers: Peer) -> None:
        """Until the hub has read what there is, and each of these what there is for it."""
        await self.live.caught_up()
        for peer in peers:
            await peer.comes_to(self.channel.reigns.position)

    async def converged(self, *peers: Peer) -> None:
        await self.all_told(*peers)
        for peer in peers:
            assert peer.reader.page() == await fresh(self.live, peer.reader)
            assert (peer.gaps, peer.duplicates) == (0, 0)

    async def stall(self, peer: Peer, count: int = 40) -> None:
        """Publish until this peer, who reads nothing, is parked."""
        for _ in range(count):
            await self.live.publish(noise())
            await self.live.caught_up()
            if peer.subscriber.state is State.PARKED:
                return
        await eventually(lambda: peer.subscriber.state is State.PARKED, "it to be parked")

    async def emptied(self) -> None:
        await eventually(lambda: self.admission.readers == 0, "all seats to be given back")
        assert self.channel.readers == 0
        assert not any(self.audience._live.values())


_noise = iter(range(1 << 30))


def noise() -> str:
    """A text that does not shrink."""
    return random.Random(next(_noise)).randbytes(4_500).hex()


async def fresh(live: Live, reader: Reader) -> Json:
    """What a fresh load of the range that ``reader`` holds gives."""
    page = orjson.loads((await live.store.updates.page(FEED, PageQuery(limit=100))).json())
    loaded = Reader()
    loaded.load(page)
    shown = loaded.page()
    oldest = reader.oldest
    shown["updates"] = [one for one in shown["updates"] if oldest is None or place(one) >= oldest]
    return shown


@pytest.fixture
async def hall(live: Live, nobody_left: None) -> Hall:
    return Hall(live, await live.hub.channel(FEED))


@asynccontextmanager
async def hall_of(url: str, **settings: Any) -> AsyncIterator[Hall]:
    async with live_hub(url, **settings) as live:
        await live.open_feed()
        yield Hall(live, await live.hub.channel(FEED))


# Coming -----------------------------------------------------------------------------------------


@every_framing
async def test_a_reader_is_greeted_and_told_what_comes(hall: Hall, framing: Framing) -> None:
    await hall.live.publish("before")
    await hall.live.caught_up()
    peer = await hall.seat(framing)
    await hall.live.publish("after")
    await hall.converged(peer)
    assert peer.types() == ["sync", "change"]
    assert peer.texts == ["after", "before"]
    assert hall.channel.readers == hall.admission.readers == 1
    peer.leave()
    await hall.emptied()


@every_framing
async def test_a_reader_with_a_position_is_told_what_it_missed(hall: Hall, framing: Framing) -> None:
    position = hall.channel.reigns.position
    for _ in range(20):
        await hall.live.publish(LARGE)
    await hall.live.caught_up()
    peer = await hall.seat(framing, position)
    await hall.all_told(peer)
    assert all(message["recovered"] for message in peer.messages if message["type"] == "sync")
    assert len(peer.texts) == 20
    assert (peer.gaps, peer.duplicates) == (0, 0)


async def test_all_who_come_alike_get_the_same_bytes_until_something_changes(hall: Hall) -> None:
    first, other = await hall.live.publish("first"), await hall.live.publish("secret")
    await hall.live.caught_up()
    for framing in FRAMINGS:
        made = await hall.audience.welcome(None, framing)
        assert await hall.audience.welcome(None, framing) is made
        assert (await hall.audience.welcome(Position("e0", 1), framing)) is not made
    await hall.live.delete(other)
    await hall.live.caught_up()
    for framing in FRAMINGS:
        peer = await hall.seat(framing)
        await hall.converged(peer)
        assert "secret" not in str(peer.messages)
    assert first in str(peer.messages)


async def test_welcomes_are_bounded(hall: Hall) -> None:
    for number in range(audience_module.MAX_WELCOMES * 2):
        await hall.audience.welcome(Position("e0", number), SOCKET)
    assert len(hall.audience._welcomes) <= audience_module.MAX_WELCOMES


async def test_a_feed_that_became_a_draft_greets_nobody(hall: Hall) -> None:
    await hall.audience.welcome(None, SOCKET)
    await hall.live.store.feeds.patch(FEED, {"status": "draft"})
    await hall.live.caught_up()
    with pytest.raises(FeedNotFound):
        await hall.audience.welcome(None, SOCKET)


async def test_a_connection_that_cannot_be_taken_takes_no_place(hall: Hall) -> None:
    seat = hall.admission.take(None, None)
    welcome = await hall.audience.welcome(None, SOCKET)
    assert not hall.audience.admit(lambda reader, first: False, welcome, seat)
    assert hall.channel.readers == 0
    seat.give_back()
    await hall.emptied()


# Passes -----------------------------------------------------------------------------------------


@pytest.fixture
def framed(monkeypatch: pytest.MonkeyPatch) -> Counter[bytes]:
    """How often each message was made a plain WebSocket frame."""
    counts: Counter[bytes] = Counter()
    text = frames.text

    def counting(payload: bytes, *, deflate: bool = False) -> bytes:
        counts[payload] += not deflate
        return text(payload, deflate=deflate)

    monkeypatch.setattr(frames, "text", counting)
    return counts


async def test_a_change_is_framed_once_for_all(hall: Hall, framed: Counter[bytes]) -> None:
    peers = [await hall.seat(framing) for framing in FRAMINGS for _ in range(5)]
    for number in range(10):
        await hall.live.publish(f"number {number}")
    await hall.converged(*peers)
    assert hall.live.hub.statistics()["frames_total"] == 10 * len(FRAMINGS)
    changes = [count for payload, count in framed.items() if b'"change"' in payload]
    assert changes == [1] * 10


async def test_also_for_those_who_are_brought_up_later(hall: Hall, framed: Counter[bytes]) -> None:
    slow = [await hall.seat(SOCKET) for _ in range(3)]
    before = hall.channel.head
    for peer in slow:
        await hall.stall(peer)
    await hall.converged(*slow)
    changes = [count for payload, count in framed.items() if payload.startswith(b'{"type":"change"')]
    assert changes == [1] * (hall.channel.head - before)


async def test_what_comes_at_once_is_told_at_once(hall: Hall) -> None:
    """Fifty changes that were read together: one write for each reader."""
    peers = [await hall.seat(framing) for framing in FRAMINGS for _ in range(3)]
    before = [len(peer.writes) for peer in peers]
    dispatch = hall.channel.dispatch
    held: list[LogEntry] = []
    hall.channel.dispatch = held.extend  # type: ignore[method-assign,assignment]
    for number in range(50):
        await hall.live.publish(f"number {number}")
    head = (await hall.live.store.log(FEED).attach()).reigns.head
    await eventually(lambda: held and held[-1].offset == head, "the hub to read them")
    hall.channel.dispatch = dispatch  # type: ignore[method-assign]
    dispatch(held)
    await hall.converged(*peers)
    for peer, was in zip(peers, before, strict=True):
        told = [{message["type"] for message in write} for write in peer.writes[was:]]
        assert len([types for types in told if types != {"ping"}]) == 1


async def test_two_who_stand_apart_are_each_told_what_they_missed(hall: Hall) -> None:
    """A change and a sync may lead to the same offset; they are not the same bytes."""
    update = await hall.live.publish("first")
    await hall.live.caught_up()
    behind, ahead = await hall.seat(SOCKET), await hall.seat(SOCKET)
    await hall.all_told(behind, ahead)
    live = hall.audience._live[SOCKET]
    live.clear()  # nobody is told of the first edit
    await hall.live.edit(update, "second")
    await hall.live.caught_up()
    hall.audience.bring_up(ahead.subscriber)
    live.clear()
    await hall.live.edit(update, "third")
    await hall.live.caught_up()
    live |= dict.fromkeys([ahead.subscriber, behind.subscriber])
    hall.channel.wake()
    await hall.converged(ahead, behind)
    assert behind.types()[-1] == "sync"
    assert ahead.types()[-1] == "change"


async def test_many_come_and_go_during_a_sliced_pass(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience_module, "SLICE", 1)
    peers = [await hall.seat(framing) for framing in FRAMINGS for _ in range(5)]
    position = hall.channel.reigns.position
    for number in range(12):
        await hall.live.publish(f"number {number}")
        late = await hall.seat(FRAMINGS[number % 4], [None, position][number % 2])
        peers.pop(number).leave()
        peers.append(late)
    await hall.live.caught_up()
    for peer in peers:
        await peer.comes_to(hall.channel.reigns.position)
        assert (peer.gaps, peer.duplicates) == (0, 0)
    assert hall.channel.readers == hall.admission.readers == len(peers)
    for peer in peers:
        peer.leave()
    await hall.emptied()


async def test_a_pass_tells_nobody_what_was_deleted_since_it_began(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_module, "SLICE", 1)
    peers = [await hall.seat(SOCKET) for _ in range(6)]
    update = "01kdeleted0000000000000000"
    position = hall.channel.position
    time = "2026-01-01T00:00:00Z"

    def entry(offset: int, change: Change) -> LogEntry:
        return LogEntry(position.offset + offset, position.epoch, change)

    put = orjson.dumps({"op": "put", "update": {"id": update, "rev": 1, "text": "secret"}})

    def delete(messages: list[Json]) -> None:
        if hall.channel.head == position.offset + 1:
            hall.channel.dispatch([entry(2, delete_change(update, time))])

    for peer in peers:
        peer.look = delete  # the first one who is told brings the deletion about
    hall.channel.dispatch([entry(1, parse_change(put))])
    head = Position(position.epoch, position.offset + 2)
    await eventually(lambda: all(peer.subscriber.position == head for peer in peers), "all to be told")
    told = [[str(message) for messages in peer.writes for message in messages] for peer in peers]
    assert sum("secret" in " ".join(messages) for messages in told) == 1
    assert all("'delete'" in messages[-1] for messages in told)


# Parking ----------------------------------------------------------------------------------------


@every_framing
async def test_who_cannot_take_it_is_parked_and_slows_nobody(hall: Hall, framing: Framing) -> None:
    slow, quick = await hall.seat(framing), await hall.seat(framing)
    for _ in range(40):
        await hall.live.publish(noise())
        await hall.all_told(quick)
    assert slow.subscriber.state is State.PARKED
    # The high-water mark, and the one piece that went over it.
    assert slow.transport.get_write_buffer_size() <= UNWRITTEN_BYTES + PIECE_BYTES + 1_024
    assert slow.subscriber.position.offset < hall.channel.head
    assert hall.live.hub.statistics()["parked_total"] == 1
    await hall.converged(slow, quick)
    assert set(hall.audience._live[framing]) == {slow.subscriber, quick.subscriber}


@every_framing
async def test_a_parked_reader_is_not_sent_what_was_deleted_meanwhile(hall: Hall, framing: Framing) -> None:
    slow = await hall.seat(framing)
    await hall.stall(slow)
    secret = await hall.live.publish("the secret")
    await hall.live.delete(secret)
    await hall.converged(slow)
    assert "the secret" not in str(slow.messages)


@every_framing
async def test_parking_in_the_middle_of_a_pass(
    hall: Hall, framing: Framing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some read and some do not, slice by slice; in the end all have all of it."""
    monkeypatch.setattr(audience_module, "SLICE", 2)
    peers = [await hall.seat(framing) for _ in range(9)]
    for number in range(25):
        await hall.live.publish(noise())
        for peer in peers[number % 3 :: 3]:
            peer.read(20_000 * (number % 5))
    await hall.converged(*peers)


# The end, and another history -------------------------------------------------------------------


@pytest.mark.parametrize("end", ["closed", "removed", "draft"])
@every_framing
async def test_the_end_comes_to_the_live_and_to_the_parked(hall: Hall, framing: Framing, end: str) -> None:
    parked, live = await hall.seat(framing), await hall.seat(framing)
    await eventually(lambda: live.read() is not None and live.messages, "the greeting")
    while parked.subscriber.state is not State.PARKED:
        await hall.live.publish(noise())
        await hall.all_told(live)
    match end:
        case "closed":
            await hall.live.close_feed()
        case "removed":
            await hall.live.store.feeds.remove(FEED)
        case _:
            await hall.live.store.feeds.patch(FEED, {"status": "draft"})
    for peer in (live, parked):
        await peer.until(lambda peer=peer: peer.said_goodbye, "the end")  # type: ignore[misc]
        assert (peer.bye, peer.gaps, peer.duplicates) == ("closed", 0, 0)
        peer.leave()
    await hall.emptied()


@every_framing
async def test_another_history_is_told_as_a_snapshot(hall: Hall, framing: Framing) -> None:
    await hall.live.publish("old")
    await hall.live.caught_up()
    live, parked = await hall.seat(framing), await hall.seat(framing)
    await eventually(lambda: live.read() is not None and live.messages, "the greeting")
    while parked.subscriber.state is not State.PARKED:
        await hall.live.publish(noise())
        await hall.all_told(live)
    await hall.live.store.feeds._commit_removal(FEED, None)
    await hall.live.open_feed(title="Anew")
    await hall.live.publish("new")
    await hall.live.hub.refresh(hall.channel)
    for peer in (live, parked):
        await peer.until(lambda peer=peer: peer.texts == ["new"], "the new feed")  # type: ignore[misc]
    await hall.converged(live, parked)


async def test_redis_is_away_when_it_is_needed(redis_server: RedisServer) -> None:
    async with hall_of(redis_server.url) as hall:
        peers = [await hall.seat(framing) for framing in FRAMINGS]
        redis_server.kill()
        try:
            for peer in peers:
                hall.audience._live[peer.framing].clear()
                peer.subscriber.position = Position("e0", 1)  # it leads nowhere
                hall.audience.bring_up(peer.subscriber)
            for peer in peers:
                await peer.until(lambda peer=peer: peer.said_goodbye, "the end")  # type: ignore[misc]
                assert peer.bye == "overload"
                peer.leave()
            await hall.emptied()
        finally:
            redis_server.restart()


async def test_no_task_is_left_when_a_feed_ended_while_somebody_was_parked(redis_server: RedisServer) -> None:
    before = asyncio.all_tasks()
    async with hall_of(redis_server.url) as hall:
        peer = await hall.seat(EVENTS)
        await hall.stall(peer)
        await hall.live.store.feeds.remove(FEED)
        await eventually(lambda: hall.channel.ended, "the end")
        peer.leave()
        await hall.emptied()
    assert asyncio.all_tasks() == before


# Anything, in any order -------------------------------------------------------------------------


class Anything(RuleBasedStateMachine):
    """Readers of all framings who read, stall, leave and come back, while everything happens to a feed."""

    url: str
    loop_factory: Any

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=self.loop_factory)
        self._context = hall_of(self.url)
        self.hall = self.run(self._context.__aenter__())
        self.peers: list[Peer] = []
        self.away: list[Peer] = []
        self.ids: dict[str, set[str]] = {}
        """The updates there are, with all their texts."""
        self.deleted: set[str] = set()
        self.dead: set[str] = set()
        """Texts whose deletion was told to all who were live."""
        self.resurrected: list[str] = []
        self._number = 0

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._runner.run(work)

    def text(self, size: int) -> str:
        self._number += 1
        return f"<{self._number}>" + noise()[:size]

    def looking(self, messages: list[Json]) -> None:
        told = str(messages)
        self.resurrected += [text for text in self.dead if text in told]

    @initialize()
    def somebody(self) -> None:
        for framing in FRAMINGS:
            self.join(framing)

    @rule(size=st.sampled_from([0, 9_000]), count=st.integers(1, 8))
    def publish(self, size: int, count: int) -> None:
        for _ in range(count if len(self.ids) < 80 else 0):
            text = self.text(size)
            self.ids[self.run(self.hall.live.publish(text))] = {text.split(">")[0] + ">"}

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), size=st.sampled_from([0, 9_000]))
    def edit(self, data: st.DataObject, size: int) -> None:
        id_, text = data.draw(st.sampled_from(list(self.ids))), self.text(size)
        self.ids[id_].add(text.split(">")[0] + ">")
        self.run(self.hall.live.edit(id_, text))

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(list(self.ids)))
        self.deleted |= self.ids.pop(id_)
        self.run(self.hall.live.delete(id_))

    @rule()
    def the_pass_is_over(self) -> None:
        self.run(self._passed())
        self.dead |= self.deleted

    async def _passed(self) -> None:
        await self.hall.live.caught_up()
        head = self.hall.channel.head
        live = self.hall.audience._live
        await eventually(
            lambda: all(one.position.offset >= head for some in live.values() for one in some), "the pass"
        )

    @rule(framing=st.sampled_from(FRAMINGS))
    def join(self, framing: Framing) -> None:
        peer = self.run(connected(framing))
        self._sit(peer)

    @precondition(lambda self: self.away)
    @rule(framing=st.sampled_from(FRAMINGS))
    def come_back(self, framing: Framing) -> None:
        peer = self.run(connected(framing))
        peer.goes_on_as(self.away.pop())
        self._sit(peer)

    def _sit(self, peer: Peer) -> None:
        peer.look = self.looking
        self.run(peer.join(self.hall.audience, peer.reader.position, self.hall.admission))
        self.peers.append(peer)

    @precondition(lambda self: self.peers)
    @rule(data=st.data(), size=st.sampled_from([5_000, 100_000, 1 << 30]))
    def read(self, data: st.DataObject, size: int) -> None:
        peer = data.draw(st.sampled_from(self.peers))
        peer.read(size)
        self.run(asyncio.sleep(0))

    @precondition(lambda self: len(self.peers) > 1)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        peer = self.peers.pop(data.draw(st.integers(0, len(self.peers) - 1)))
        peer.leave()
        self.away.append(peer)

    @rule()
    def rebuild(self) -> None:
        self.run(self.hall.live.hub._rebuild(self.hall.channel))

    @invariant()
    def in_order_and_once(self) -> None:
        assert [(peer.gaps, peer.duplicates) for peer in self.peers if peer.gaps or peer.duplicates] == []
        assert self.resurrected == []

    def teardown(self) -> None:
        try:
            self.run(self.hall.converged(*self.peers))
            for peer in self.peers:
                peer.leave()
            self.run(self.hall.emptied())
            self.in_order_and_once()
        finally:
            self.run(disconnect_all())
            self.run(self._context.__aexit__(None, None, None))
            assert self.run(_others()) == set()
            self._runner.close()


async def _others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
@pytest.mark.parametrize("size", [1, 256])
def test_anything_in_any_order(
    shared_redis: RedisServer, monkeypatch: pytest.MonkeyPatch, loop_factory: Any, size: int
) -> None:
    monkeypatch.setattr(audience_module, "SLICE", size)

    class Here(Anything):
        url = shared_redis.url

        def __init__(self) -> None:
            shared_redis.clear()
            super().__init__()

    Here.loop_factory = staticmethod(loop_factory)
    run_state_machine_as_test(Here, settings=settings(max_examples=8, stateful_step_count=25))
