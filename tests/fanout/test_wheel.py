"""One clock for all: heartbeats, the dead, the stuck, the renewal, and who takes too long to leave."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from livefeed.core import messages
from livefeed.core.position import Position
from livefeed.fanout import closes, wheel
from livefeed.fanout.framing import EVENTS, FRAMINGS, SOCKET, SOCKET_DEFLATE, Framing
from livefeed.fanout.message import Message
from livefeed.fanout.subscriber import State, Subscriber
from livefeed.fanout.tasks import end
from livefeed.fanout.wheel import LINGER_S, Wheel, lifetime
from tests.fanout.peers import Peer, connected, every_framing, seats
from tests.live import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nobody_left")]

PING_S, PATIENCE_S = 15.0, 30.0


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


class Hall:
    """An audience that does nothing of its own, and counts the heartbeats made."""

    def __init__(self, turning: Wheel) -> None:
        self.turning = turning
        self.pings = 0

    def park(self, reader: Subscriber) -> None:
        reader.set_aside()

    def bring_up(self, reader: Subscriber) -> None:
        reader.state = State.LIVE

    def part(self, reader: Subscriber, state: State) -> None:
        if reader.state in (State.LEAVING, State.GONE):
            reader.state = max(reader.state, state)
            return
        reader.state = state
        self.turning.release(reader)

    def ping(self, position: Position) -> Message:
        self.pings += 1
        return Message("ping", messages.ping(position, 7))


def turning(rotate_s: float = 0.0, ping_s: float = PING_S) -> Wheel:
    return Wheel(ping_s=ping_s, rotate_s=rotate_s, patience_s=PATIENCE_S)


async def seated(hall: Hall, framing: Framing, offset: int = 1) -> Peer:
    """A live reader on the wheel."""
    peer = await connected(framing)
    reader = Subscriber(hall, framing, Position("e1", offset), seats().take(None, None))
    peer.take(reader)
    reader.state = State.LIVE
    hall.turning.put(reader)
    reader.transport.write(framing.preamble)
    return peer


def now() -> float:
    return asyncio.get_running_loop().time()


# Beats ------------------------------------------------------------------------------------------


@every_framing
async def test_a_beat_tells_the_own_position_and_the_readers(framing: Framing) -> None:
    hall = Hall(turning())
    peer = await seated(hall, framing, 5)
    hall.turning._beat(list(hall.turning), now())
    await peer.until(lambda: peer.messages, "the heartbeat")
    assert peer.messages == [{"type": "ping", "position": "e1:5", "readers": 7}]
    assert peer.pings == framing.is_socket


async def test_a_heartbeat_is_made_once_for_all_who_stand_together() -> None:
    hall = Hall(turning())
    peers = [
        await seated(hall, framing, offset) for framing in FRAMINGS for offset in (1, 2) for _ in range(5)
    ]
    hall.turning._beat(list(hall.turning), now())
    assert hall.pings == len(FRAMINGS) * 2
    assert all(len(peer.writes) == 2 for peer in peers)  # the preamble, the heartbeat


async def test_only_the_live_get_one() -> None:
    hall = Hall(turning())
    for state in (State.BEHIND, State.PARKED, State.LEAVING):
        (await seated(hall, SOCKET)).subscriber.state = state
    hall.turning._beat(list(hall.turning), now())
    assert hall.pings == 0


@pytest.mark.parametrize("framing", [SOCKET, SOCKET_DEFLATE])
async def test_who_answers_lives_and_who_does_not_is_gone_within_a_minute(framing: Framing) -> None:
    hall = Hall(turning())
    answering, silent = await seated(hall, framing), await seated(hall, framing)
    beats = 0
    while silent.subscriber.state is not State.GONE:
        beats += 1
        hall.turning._beat(list(hall.turning), now())
        pings = answering.pings
        await answering.until(lambda pings=pings: answering.pings > pings, "a ping")  # type: ignore[misc]
        answering.answer()
        await eventually(lambda: answering.subscriber.heard > 0, "the answer")
        if silent.transport.is_closing():
            await eventually(lambda: silent.subscriber.state is State.GONE, "it to be gone")
    # It may have answered just after a beat: four turns at most from its last sign of life.
    assert (beats + 1) * PING_S <= 60
    assert answering.subscriber.state is State.LIVE
    assert list(hall.turning) == [answering.subscriber]


@every_framing
async def test_who_is_parked_and_takes_nothing_is_told_so_and_cut_off(framing: Framing) -> None:
    hall = Hall(turning())
    peer = await seated(hall, framing)
    reader = peer.subscriber
    peer.transport.write(b"\0" * 400_000)  # not a message: it will never read it
    await eventually(lambda: reader.state is State.PARKED, "it to be parked")
    begin = reader.progress_at
    hall.turning._beat([reader], begin + PATIENCE_S)
    assert reader.state is State.PARKED
    hall.turning._beat([reader], begin + PATIENCE_S + 1)
    assert list(hall.turning) == []
    assert [message["reason"] for message in peer.writes[-1]] == ["slow"]
    left_at = now()
    hall.turning._cut_off(left_at)
    assert peer.connections  # it has a moment to hear it
    hall.turning._cut_off(left_at + LINGER_S)
    await eventually(lambda: reader.state is State.GONE, "it to be gone")
    assert (list(hall.turning), peer.connections) == ([], set())


@every_framing
async def test_who_takes_something_between_two_beats_may_stay(framing: Framing) -> None:
    hall = Hall(turning())
    peer = await seated(hall, framing)
    reader = peer.subscriber
    peer.transport.write(b"\0" * 2_000_000)
    await eventually(lambda: reader.state is State.PARKED, "it to be parked")
    at = reader.progress_at
    for _ in range(5):
        peer._end.recv(65_536)
        await eventually(lambda: reader.transport.get_write_buffer_size() < reader.unsent, "progress")
        at += PATIENCE_S * 2
        hall.turning._beat([reader], at)
        assert reader.state is State.PARKED


# Renewal ----------------------------------------------------------------------------------------


@every_framing
async def test_a_stream_is_renewed_when_its_time_has_come(framing: Framing) -> None:
    hall = Hall(turning(rotate_s=100))
    peer = await seated(hall, framing)
    began = now()
    hall.turning._beat(list(hall.turning), began + 79)
    assert peer.subscriber.state is State.LIVE
    hall.turning._beat(list(hall.turning), began + 101)
    await peer.until(lambda: peer.said_goodbye, "the end")
    assert peer.bye == "rotate"
    if framing.is_socket:
        assert (peer.close and peer.close.code) == closes.ROTATE.code


async def test_lifetimes_are_spread_over_the_last_fifth() -> None:
    lives = [lifetime(100.0) for _ in range(2_000)]
    assert 80 <= min(lives) < 81
    assert 99 < max(lives) <= 100
    counts = Counter(int(life // 5) for life in lives)
    assert all(400 < counts[fifth] < 600 for fifth in (16, 17, 18, 19))
    assert lifetime(0) == float("inf")


# Steps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ping_s", [0.05, 0.5, 15.0])
async def test_no_step_does_much(ping_s: float) -> None:
    hall = Hall(turning(ping_s=ping_s))
    for _ in range(640):
        hall.turning.put(Subscriber(hall, EVENTS, Position("e1", 1), seats().take(None, None)))
    sizes = [len(slot) for slot in hall.turning._slots]
    assert sum(sizes) == 640
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == min(64, int(ping_s / 0.01))
    assert hall.turning._step_s * len(sizes) == pytest.approx(ping_s)


async def test_a_turn_meets_everybody_once() -> None:
    hall = Hall(turning(ping_s=0.05))
    peers = [await seated(hall, SOCKET) for _ in range(20)]
    running = asyncio.create_task(hall.turning.run())
    for peer in peers:
        await peer.until(lambda peer=peer: peer.pings == 1, "a heartbeat")  # type: ignore[misc]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    counts = [sum(len(write) for write in peer.writes) for peer in peers]
    assert max(counts) - min(counts) <= 1


async def test_who_is_gone_is_not_kept() -> None:
    hall = Hall(turning())
    peer = await seated(hall, SOCKET)
    peer.leave()
    await eventually(lambda: not peer.connections, "it to be gone")
    assert list(hall.turning) == []
    assert not hall.turning._leaving


# Drain ------------------------------------------------------------------------------------------


@asynccontextmanager
async def draining(wheel: Wheel, within_s: float) -> AsyncIterator[None]:
    """It goes on until it is cancelled, for those who are on their way in."""
    task = asyncio.create_task(wheel.send_away(within_s))
    try:
        yield
    finally:
        await end([task])


@pytest.mark.parametrize("within_s", [0.0, 0.1])
async def test_a_drain_tells_everybody_once(within_s: float) -> None:
    hall = Hall(turning())
    peers = [await seated(hall, framing) for framing in FRAMINGS for _ in range(10)]
    async with draining(hall.turning, within_s):
        await eventually(lambda: list(hall.turning) == [], "everybody to be told")
        for peer in peers:
            await peer.until(lambda peer=peer: peer.said_goodbye, "the end")  # type: ignore[misc]
            assert (peer.bye, len(peer.messages)) == ("drain", 1)


async def test_a_drain_finds_those_who_came_while_it_went_on() -> None:
    """They were let in just before it began, and greeted just after, or much later."""
    hall = Hall(turning())
    await seated(hall, SOCKET)
    async with draining(hall.turning, 0.05):
        for _ in range(2):
            late = await seated(hall, SOCKET)
            await late.until(lambda late=late: late.said_goodbye, "the end")  # type: ignore[misc]
            assert late.bye == "drain"


async def test_a_drain_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "_DRAIN_STEP_S", 0.0)
    hall = Hall(turning())
    for _ in range(50):
        await seated(hall, EVENTS)
    left = set()
    async with draining(hall.turning, 1.0):
        while list(hall.turning):
            left.add(len(list(hall.turning)))
            await asyncio.sleep(0)
    assert len(left) > 10  # not all at once
