"""A reader's connection: a real transport, on both loops; what the far end does, and what it gets."""

from __future__ import annotations

import asyncio
import struct
import sys
from typing import Any

import pytest
from websockets.frames import Opcode

from livefeed.core import frames, messages
from livefeed.core.position import Position
from livefeed.fanout import closes
from livefeed.fanout.framing import EVENTS, SOCKET, SOCKET_DEFLATE, Framing
from livefeed.fanout.http import UNWRITTEN_BYTES
from livefeed.fanout.message import Message, bye
from livefeed.fanout.subscriber import MAX_HEARD_BYTES, State, Subscriber
from tests.fanout.peers import Peer, connected, every_framing, masked, seats
from tests.live import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nobody_left")]

sockets = pytest.mark.parametrize("framing", [SOCKET, SOCKET_DEFLATE], ids=lambda framing: framing.name)

START = Position("e1", 1)


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


class Hall:
    """An audience of one, that notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def park(self, reader: Subscriber) -> None:
        self.asked.append("park")
        reader.set_aside()

    def bring_up(self, reader: Subscriber) -> None:
        self.asked.append("bring up")
        reader.state = State.LIVE

    def part(self, reader: Subscriber, state: State) -> None:
        self.asked.append(state.name)
        reader.state = max(reader.state, state)

    def ping(self, position: Position) -> Message:
        return Message("ping", messages.ping(position, 1))


async def seated(framing: Framing) -> tuple[Peer, Subscriber, Hall]:
    """A live reader."""
    peer, hall = await connected(framing), Hall()
    reader = Subscriber(hall, framing, START, seats().take(None, None))
    peer.take(reader)
    reader.state = State.LIVE
    reader.transport.write(framing.preamble)
    return peer, reader, hall


def ping(framing: Framing) -> bytes:
    return framing.frame(Message("ping", messages.ping(START, 1)))


def large(framing: Framing, count: int = 20) -> bytes:
    """``count`` times 10,000 bytes on the wire."""
    plain = SOCKET if framing.is_socket else EVENTS
    body = b'{"type":"change","x":"%s"}' % (b"x" * 10_000)
    if framing.compressed and not framing.is_socket:
        return b"".join(frames.chunk(_stored(Message("change", body, START).sse())) for _ in range(count))
    return plain.frame(Message("change", body, START)) * count


def _stored(body: bytes) -> bytes:
    """A block of a gzip stream that is not compressed (RFC 1951, section 3.2.4)."""
    return b"\0" + struct.pack("<HH", len(body), len(body) ^ 0xFFFF) + body


async def test_it_is_small() -> None:
    reader = Subscriber(Hall(), SOCKET, START, seats().take(None, None))
    assert not hasattr(reader, "__dict__")
    assert sys.getsizeof(reader) < 250


async def test_it_makes_no_tasks_and_no_timers() -> None:
    before = asyncio.all_tasks()
    peer, reader, _ = await seated(SOCKET)
    peer.send(masked(Opcode.PING, b"x"))
    await peer.until(lambda: peer.read() is not None and reader.heard, "the ping to be heard")
    assert asyncio.all_tasks() == before
    peer.leave()
    await eventually(lambda: reader.state is State.GONE, "it to be gone")


# Hearing ----------------------------------------------------------------------------------------


@sockets
@pytest.mark.parametrize("piece", [1, 3, 1_000])
async def test_pings_are_answered_in_whatever_pieces_they_come(framing: Framing, piece: int) -> None:
    peer, reader, _ = await seated(framing)
    sent = masked(Opcode.PING, b"one") + masked(Opcode.PONG) + masked(Opcode.PING, b"x" * 125)
    sent += masked(Opcode.CLOSE, struct.pack("!H", 1000))
    answers = b"\x8a\x03one" + b"\x8a\x7d" + b"x" * 125 + b"\x88\x02\x03\xe8"
    got = bytearray()
    for begin in range(0, len(sent), piece):
        reader.data_received(sent[begin : begin + piece])
    assert reader.partial == b""
    await eventually(lambda: _receive(peer, got), "the end")
    assert bytes(got) == answers
    assert reader.state is State.GONE


def _receive(peer: Peer, got: bytearray) -> bool:
    try:
        data = peer._end.recv(65_536)
    except BlockingIOError:
        return False
    got += data
    return not data


@sockets
async def test_what_waits_for_its_rest_is_bounded(framing: Framing) -> None:
    _, reader, hall = await seated(framing)
    whole = masked(Opcode.TEXT, b"x" * frames.MAX_FROM_READER_BYTES)
    for byte in whole[:-1]:
        reader.data_received(bytes([byte]))
    assert len(reader.partial) == len(whole) - 1 <= 1_036
    reader.data_received(whole[-1:])
    assert reader.partial == b""
    assert hall.asked == ["LEAVING"]


@sockets
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (masked(Opcode.TEXT, b"hello"), 1008),
        (masked(Opcode.TEXT, b"x" * 2_000), 1009),
        (b"\x82\xff" + (1 << 40).to_bytes(8, "big"), 1009),
        (b"GET / HTTP/1.1\r\n\r\n", 1002),
    ],
    ids=["text", "large", "very large", "junk"],
)
@pytest.mark.parametrize("piece", [1, 5_000])
async def test_who_does_what_readers_do_not_is_closed(
    framing: Framing, sent: bytes, code: int, piece: int
) -> None:
    peer, reader, hall = await seated(framing)
    for begin in range(0, len(sent), piece):
        if reader.state is State.LIVE:
            reader.data_received(sent[begin : begin + piece])
    await peer.gone()
    assert peer.close is not None
    assert peer.close.code == code
    assert hall.asked == ["LEAVING", "GONE"]


@sockets
@pytest.mark.parametrize(
    "flood",
    [masked(Opcode.PONG), masked(Opcode.PONG, b"1"), masked(Opcode.PING, b"1")],
    ids=["empty pongs", "pongs", "pings"],
)
async def test_who_talks_too_much_between_two_beats_is_closed(framing: Framing, flood: bytes) -> None:
    peer, reader, _ = await seated(framing)
    for _ in range(MAX_HEARD_BYTES // len(flood)):
        reader.data_received(flood)
    assert reader.state is State.LIVE
    reader.is_dead()  # a beat
    for _ in range(MAX_HEARD_BYTES // len(flood) + 1):
        reader.data_received(flood)
    await peer.until(lambda: peer.close, "the close")
    assert peer.close is not None
    assert peer.close.code == closes.POLICY.code


async def test_another_request_behind_an_event_stream_is_not_looked_at() -> None:
    peer, reader, hall = await seated(EVENTS)
    peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(lambda: reader.heard, "it to be heard")
    assert (reader.state, reader.partial, hall.asked) == (State.LIVE, b"", [])
    peer.send(b"x" * (MAX_HEARD_BYTES + 1))
    await peer.gone()
    assert peer.said_goodbye
    assert hall.asked == ["LEAVING", "GONE"]


@every_framing
async def test_a_lost_connection_gives_its_seat_back_and_is_counted_no_more(framing: Framing) -> None:
    peer, hall, admission = await connected(framing), Hall(), seats()
    reader = Subscriber(hall, framing, START, admission.take(None, None))
    peer.take(reader)
    assert peer.connections == {reader}
    peer.leave()
    await eventually(lambda: not peer.connections, "it to be gone")
    assert (hall.asked, admission.readers) == (["GONE"], 0)


@every_framing
async def test_who_says_nothing_more_has_gone(framing: Framing) -> None:
    peer, reader, _ = await seated(framing)
    peer.half_close()
    await peer.gone()
    assert reader.state is State.GONE


# Leaving ----------------------------------------------------------------------------------------


@every_framing
async def test_good_bye_is_said_once(framing: Framing) -> None:
    peer, reader, hall = await seated(framing)
    for reason in ("rotate", "drain"):
        reader.leave(bye(reason, 1.0))
    reader.refuse(closes.POLICY)
    await peer.until(lambda: peer.said_goodbye, "the end")
    assert [message["reason"] for message in peer.messages] == ["rotate"]
    assert hall.asked[0] == "LEAVING"
    if framing.is_socket:
        assert (peer.close and peer.close.code) == closes.ROTATE.code
        assert not peer.is_closed  # until the reader agrees
        peer.answer()
    await peer.gone()
    assert hall.asked[-1] == "GONE"


@sockets
async def test_two_who_close_at_once_close_once(framing: Framing) -> None:
    peer, reader, hall = await seated(framing)
    reader.leave(bye("rotate", 1.0))
    peer.send(masked(Opcode.CLOSE, struct.pack("!H", 1001)))  # sent before ours was read
    await peer.gone()
    assert (peer.close and peer.close.code) == closes.ROTATE.code
    assert hall.asked[-1] == "GONE"


@sockets
async def test_who_was_told_good_bye_gets_no_answers(framing: Framing) -> None:
    """A pong behind our close would be against the rules (RFC 6455, section 5.5.1)."""
    peer, reader, _ = await seated(framing)
    reader.leave(bye("rotate", 1.0))
    peer.send(masked(Opcode.PING, b"still there?"))
    await eventually(lambda: reader.heard, "it to be heard")
    peer.read()
    peer.answer()
    await peer.gone()
    assert [message["type"] for message in peer.messages] == ["bye"]


@every_framing
async def test_shutdown_waits_for_nobody_who_takes_nothing(framing: Framing) -> None:
    peer, reader, _ = await seated(framing)
    reader.transport.write(large(framing))
    assert reader.transport.get_write_buffer_size()
    reader.shutdown()
    await eventually(lambda: reader.state is State.GONE, "it to be gone")
    assert peer.connections == set()


@every_framing
async def test_shutdown_closes_who_has_everything(framing: Framing) -> None:
    peer, reader, _ = await seated(framing)
    reader.leave(bye("drain", 1.0))
    await peer.until(lambda: peer.said_goodbye, "the good-bye")
    if reader.state is not State.GONE:
        reader.shutdown()
    await peer.gone()


# Slowness ---------------------------------------------------------------------------------------


@every_framing
async def test_a_full_buffer_parks_from_within_the_write_and_a_drained_one_brings_up(
    framing: Framing,
) -> None:
    peer, reader, hall = await seated(framing)
    states: list[Any] = []
    while reader.state is State.LIVE:
        reader.tell(Position("e1", reader.position.offset + 1), large(framing, 1))
        states.append(reader.position.offset)
        await asyncio.sleep(0)
    assert hall.asked == ["park"]
    assert reader.position.offset == states[-1]  # what was written is its position
    assert reader.unsent > UNWRITTEN_BYTES
    reader.heard = -2
    await eventually(lambda: peer.skim() or reader.state is State.LIVE, "it to be brought up")
    assert (hall.asked, reader.heard) == (["park", "bring up"], 0)


@every_framing
async def test_who_is_leaving_is_neither_parked_nor_brought_up(framing: Framing) -> None:
    peer, reader, hall = await seated(framing)
    reader.state = State.LEAVING
    reader.transport.write(large(framing))
    await eventually(
        lambda: peer.skim() or not reader.transport.get_write_buffer_size(), "all of it to be taken"
    )
    assert hall.asked == []


@every_framing
async def test_a_stuck_reader_is_one_who_takes_nothing(framing: Framing) -> None:
    peer, reader, _ = await seated(framing)
    reader.transport.write(large(framing, 50))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert reader.state is State.PARKED
    parked_at = reader.progress_at
    assert not reader.is_stuck(parked_at + 30, 30)
    before = reader.transport.get_write_buffer_size()
    peer._end.recv(65_536)
    await eventually(lambda: reader.transport.get_write_buffer_size() < before, "some progress")
    assert not reader.is_stuck(parked_at + 31, 30)  # it took something
    assert not reader.is_stuck(parked_at + 61, 30)
    assert reader.is_stuck(parked_at + 62, 30)


@sockets
async def test_silence_is_death_at_the_third_beat(framing: Framing) -> None:
    _, reader, _ = await seated(framing)
    assert [reader.is_dead() for _ in range(3)] == [False, False, True]


@sockets
async def test_any_frame_is_a_sign_of_life(framing: Framing) -> None:
    _, reader, _ = await seated(framing)
    for sign in (frames.EMPTY_PONG + bytes(4), masked(Opcode.PONG, b"x"), masked(Opcode.PING)[:1]):
        reader.heard = -2  # it would be dead now
        reader.data_received(sign)
        assert not reader.is_dead()


async def test_events_have_no_answers() -> None:
    _, reader, _ = await seated(EVENTS)
    assert not any(reader.is_dead() for _ in range(100))


@every_framing
async def test_who_closes_its_half_while_parked_is_let_go_when_it_has_drained(framing: Framing) -> None:
    peer, reader, hall = await seated(framing)
    reader.transport.write(large(framing))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert reader.state is State.PARKED
    peer.half_close()
    await eventually(lambda: reader.transport.is_closing(), "the end to be seen")
    await eventually(lambda: peer.skim() or reader.state is State.GONE, "it to be gone")
    assert hall.asked[-1] == "GONE"


@every_framing
async def test_a_write_to_a_connection_that_is_being_lost_does_no_harm(framing: Framing) -> None:
    """A pass may come between the end of a connection and the word of it."""
    _, reader, hall = await seated(framing)
    reader.transport.abort()
    reader.tell(Position("e1", 2), ping(framing))
    reader.leave(bye("rotate", 1.0))
    await eventually(lambda: reader.state is State.GONE, "it to be gone")
    assert hall.asked[-1] == "GONE"
