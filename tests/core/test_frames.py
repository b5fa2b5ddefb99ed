"""Bytes on the wire: readable by decoders that are not ours, and depending on nothing before them."""

from __future__ import annotations

import zlib
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from livefeed.core import frames
from livefeed.core.frames import MAX_FROM_READER_BYTES, whole_frames

LONG = b"a text that is told again, " * 40


def read(data: bytes, *, deflate: bool = False) -> list[Frame]:
    """What a browser makes of it; with ``deflate`` it has agreed on an own context for each message."""
    protocol = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
    if deflate:
        protocol.extensions = [PerMessageDeflate(True, True, 15, 15)]
    protocol.receive_data(data)
    assert protocol.parser_exc is None
    return [event for event in protocol.events_received() if isinstance(event, Frame)]


# What we send -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("deflate", [False, True])
def test_a_text_is_one_frame(size: int, deflate: bool) -> None:
    (frame,) = read(frames.text(b"x" * size, deflate=deflate), deflate=deflate)
    assert (frame.opcode, frame.fin, frame.data) == (Opcode.TEXT, True, b"x" * size)


@given(st.lists(st.binary(max_size=2_000)))
def test_compressed_frames_stand_alone_in_any_order(payloads: list[bytes]) -> None:
    made = {payload: frames.text(payload, deflate=True) for payload in payloads}
    read_again = read(b"".join(made[payload] for payload in payloads), deflate=True)
    assert [bytes(frame.data) for frame in read_again] == payloads


def test_what_would_not_shrink_goes_plain() -> None:
    assert frames.text(b"{}", deflate=True) == frames.text(b"{}")
    small, large = frames.text(LONG, deflate=True), frames.text(LONG)
    assert len(small) < len(large) / 5
    assert (small[0], large[0]) == (0xC1, 0x81)  # RSV1 marks a compressed message


@given(st.binary(max_size=3_000))
def test_compressing_never_makes_a_frame_longer(payload: bytes) -> None:
    assert len(frames.text(payload, deflate=True)) <= len(frames.text(payload))


def test_a_close_says_why() -> None:
    (frame,) = read(frames.close(4001, "too slow"))
    assert (frame.opcode, Close.parse(bytes(frame.data))) == (Opcode.CLOSE, Close(4001, "too slow"))


def test_a_ping_is_empty_and_so_is_its_answer() -> None:
    protocol = Protocol(Side.CLIENT, state=State.OPEN)
    protocol.receive_data(frames.PING)
    (pong,) = protocol.data_to_send()
    assert pong[:2] == frames.EMPTY_PONG
    assert len(pong) == 6


@pytest.mark.parametrize(
    ("body", "made"), [(b"abc", b"3\r\nabc\r\n"), (b"x" * 26, b"1a\r\n" + b"x" * 26 + b"\r\n")]
)
def test_a_chunk(body: bytes, made: bytes) -> None:
    assert frames.chunk(body) == made
    assert frames.chunk(b"") == frames.LAST_CHUNK


@given(st.lists(st.one_of(st.binary(max_size=600), st.just(LONG)), min_size=1), st.data())
def test_a_gzip_stream_may_begin_at_any_block(bodies: list[bytes], data: st.DataObject) -> None:
    """Blocks are made once, whoever reads them: each refers to nothing before it."""
    blocks = [frames.gzip_block(body) for body in bodies]
    told = data.draw(st.lists(st.integers(0, len(bodies) - 1)))  # any sequence of them
    gunzip = zlib.decompressobj(31)
    assert gunzip.decompress(frames.GZIP_HEADER) == b""
    for number in told:
        assert gunzip.decompress(blocks[number]) == bodies[number]  # at once: nothing is held back


def test_a_gzip_block_shrinks_or_costs_a_few_bytes() -> None:
    assert len(frames.gzip_block(LONG)) < len(LONG) / 5
    assert len(frames.gzip_block(b"x")) < 16


# What readers send ------------------------------------------------------------------------------


@st.composite
def frames_of_readers(draw: st.DrawFn) -> bytes:
    is_control = draw(st.booleans())
    opcode = draw(st.sampled_from([Opcode.PING, Opcode.PONG] if is_control else [Opcode.TEXT, Opcode.CONT]))
    size = draw(st.sampled_from([0, 1, 125] if is_control else [0, 125, 126, MAX_FROM_READER_BYTES]))
    fin = is_control or draw(st.booleans())
    return Frame(opcode, b"x" * size, fin).serialize(mask=True)


@given(st.lists(frames_of_readers(), max_size=6), st.data())
def test_whole_frames_end_where_frames_end(made: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(made)
    ends = [0, *accumulate(map(len, made))]
    cut = data.draw(st.integers(0, len(whole)))
    assert whole_frames(whole[:cut]) == max(end for end in ends if end <= cut)


@given(frames_of_readers())
def test_of_one_frame_every_beginning_is_none(made: bytes) -> None:
    assert [whole_frames(made[:cut]) for cut in range(len(made))] == [0] * len(made)
    assert whole_frames(made) == len(made)


@pytest.mark.parametrize("size", [MAX_FROM_READER_BYTES + 1, 65_535, 65_536, 2**40])
def test_what_is_too_large_is_not_waited_for(size: int) -> None:
    mark, width = (126, 2) if size < 65_536 else (127, 8)
    head = bytes([0x82, 0x80 | mark]) + size.to_bytes(width, "big")
    before = Frame(Opcode.PING, b"").serialize(mask=True)
    for cut in range(len(head)):
        assert whole_frames(before + head[:cut]) == len(before)  # it does not say how large it is yet
    assert whole_frames(before + head) == len(before + head)
    assert whole_frames(before + head + b"rest") == len(before + head) + 4


def test_a_length_in_more_bytes_than_needed_is_a_length() -> None:
    made = bytes([0x89, 0x80 | 127]) + (3).to_bytes(8, "big") + bytes(4) + b"abc"
    assert [whole_frames(made[:cut]) for cut in range(len(made) + 1)] == [0] * len(made) + [len(made)]


@pytest.mark.parametrize("junk", [frames.PING, b"GET / HTTP/1.1", b"\x81\x7e", b"\x81\x7f\0"])
def test_what_is_not_masked_is_not_waited_for(junk: bytes) -> None:
    assert whole_frames(junk[:1]) == 0
    assert whole_frames(junk) == len(junk)
