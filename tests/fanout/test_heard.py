"""What a reader sends gets what RFC 6455 asks, and a text is one too many."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from livefeed.core.frames import MAX_FROM_READER_BYTES, whole_frames
from livefeed.fanout import closes
from livefeed.fanout.heard import answer
from tests.fanout.peers import masked

POLICY = closes.POLICY.code
PROTOCOL_ERROR, INVALID_DATA, TOO_BIG = 1002, 1007, 1009


def replies(data: bytes, *, compressed: bool = False) -> tuple[list[bytes], int | None]:
    """The payloads of the pongs, and the code of the close; both come unmasked."""
    heard = answer(data, compressed=compressed)
    client = Protocol(Side.CLIENT, state=State.OPEN)
    client.receive_data(heard.reply)
    assert client.parser_exc is None
    frames = [frame for frame in client.events_received() if isinstance(frame, Frame)]
    pongs = [bytes(frame.data) for frame in frames if frame.opcode is Opcode.PONG]
    assert heard.closes == (client.close_rcvd is not None)
    assert len(frames) == len(pongs) + heard.closes
    return pongs, client.close_rcvd.code if client.close_rcvd else None


def closing(code: int, reason: bytes = b"") -> bytes:
    return masked(Opcode.CLOSE, struct.pack("!H", code) + reason)


def head(first: int, size: int) -> bytes:
    """The beginning of a masked frame, with its length in eight bytes."""
    return bytes([first, 0xFF]) + size.to_bytes(8, "big")


LEGAL = {
    "nothing": (b"", [], None),
    "ping": (masked(Opcode.PING, b"hello"), [b"hello"], None),
    "empty ping": (masked(Opcode.PING), [b""], None),
    "largest ping": (masked(Opcode.PING, b"x" * 125), [b"x" * 125], None),
    "many pings": (masked(Opcode.PING, b"1") + masked(Opcode.PING, b"2"), [b"1", b"2"], None),
    "pong": (masked(Opcode.PONG, b"unasked"), [], None),
    "close": (closing(1000, b"bye"), [], 1000),
    "going away": (closing(1001), [], 1001),
    "close of theirs": (closing(4999), [], 4999),
    "close without a code": (masked(Opcode.CLOSE), [], 1005),
    "ping, then close": (masked(Opcode.PING, b"1") + closing(1000), [b"1"], 1000),
    "nothing counts after a close": (closing(1000) + masked(Opcode.PING), [], 1000),
}

SAYS_SOMETHING = {
    "text": (masked(Opcode.TEXT, b"hello"), POLICY),
    "empty text": (masked(Opcode.TEXT), POLICY),
    "binary": (masked(Opcode.BINARY, b"\xff\xfe"), POLICY),
    "the first of several": (masked(Opcode.TEXT, b"he", fin=False), POLICY),
    "as much as may be": (masked(Opcode.TEXT, b"x" * MAX_FROM_READER_BYTES), POLICY),
    "too large": (masked(Opcode.TEXT, b"x" * (MAX_FROM_READER_BYTES + 1)), TOO_BIG),
    "very large": (head(0x81, 2**62), TOO_BIG),
    "wrong UTF-8": (masked(Opcode.TEXT, b"\xc3\x28"), INVALID_DATA),
    "a part of a character": (masked(Opcode.TEXT, "ä".encode()[:1]), INVALID_DATA),
    "the first of several ends in a character": (masked(Opcode.TEXT, "ä".encode()[:1], fin=False), POLICY),
}

ILLEGAL = {
    "not masked": Frame(Opcode.PING, b"").serialize(mask=False),
    "reserved bit 1": masked(Opcode.PING, reserved=0x40),
    "reserved bit 1 of a text": masked(Opcode.TEXT, b"x", reserved=0x40),
    "reserved bit 2": masked(Opcode.TEXT, b"x", reserved=0x20),
    "reserved bit 3": masked(Opcode.TEXT, b"x", reserved=0x10),
    **{f"opcode {opcode:x}": bytes([0x80 | opcode, 0x80, 0, 0, 0, 0]) for opcode in (3, 7, 11, 15)},
    "a part of a ping": bytes([0x09, 0x80, 0, 0, 0, 0]),
    "a part of a close": bytes([0x08, 0x80, 0, 0, 0, 0]),
    "a long ping": bytes([0x89, 0xFE, 0, 126, 0, 0, 0, 0]) + b"x" * 126,
    "going on with nothing": masked(Opcode.CONT, b"x"),
    "a text in a text": masked(Opcode.TEXT, b"x", fin=False) + masked(Opcode.TEXT, b"y"),
    "half a code": masked(Opcode.CLOSE, b"\x03"),
    **{f"close {code}": closing(code) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)},
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(("data", "pongs", "code"), LEGAL.values(), ids=LEGAL)
def test_control_frames(data: bytes, pongs: list[bytes], code: int | None, compressed: bool) -> None:
    assert replies(data, compressed=compressed) == (pongs, code)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(("data", "code"), SAYS_SOMETHING.values(), ids=SAYS_SOMETHING)
def test_readers_do_not_send(data: bytes, code: int, compressed: bool) -> None:
    assert replies(data, compressed=compressed) == ([], code)


@pytest.mark.parametrize("data", ILLEGAL.values(), ids=ILLEGAL)
def test_what_breaks_the_rules(data: bytes) -> None:
    assert replies(data) == ([], PROTOCOL_ERROR)


def test_a_reason_in_wrong_utf_8() -> None:
    assert replies(closing(1000, b"\xc3\x28")) == ([], INVALID_DATA)


def test_the_policy_is_said() -> None:
    heard = answer(masked(Opcode.TEXT, b"hello"), compressed=False)
    assert Close.parse(heard.reply[2:]) == Close(POLICY, "readers do not send")


def deflated(data: bytes) -> bytes:
    deflate = PerMessageDeflate(True, True, 15, 15)
    return Frame(Opcode.TEXT, data).serialize(mask=True, extensions=[deflate])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (deflated(b"hello"), POLICY),
        (deflated(b"\xc3\x28"), INVALID_DATA),
        (deflated(b"x" * 1_000_000), TOO_BIG),
        (masked(Opcode.TEXT, b"\xff" * 20, reserved=0x40), PROTOCOL_ERROR),
        (masked(Opcode.PING, reserved=0x40), PROTOCOL_ERROR),
    ],
    ids=["text", "wrong UTF-8", "a bomb", "junk", "ping"],
)
def test_compressed(data: bytes, code: int) -> None:
    assert len(data) < 1_500
    assert replies(data, compressed=True) == ([], code)


@given(st.binary(max_size=3_000), st.booleans())
def test_junk_is_answered_or_waited_for_within_bounds(data: bytes, compressed: bool) -> None:
    size = whole_frames(data)
    assert len(data) - size < MAX_FROM_READER_BYTES + 14
    replies(data[:size], compressed=compressed)


EVERYTHING = {
    **{name: data for name, (data, _, _) in LEGAL.items()},
    **{name: data for name, (data, _) in SAYS_SOMETHING.items()},
    **ILLEGAL,
}


@pytest.mark.parametrize("data", EVERYTHING.values(), ids=EVERYTHING)
def test_byte_by_byte_it_gets_the_same(data: bytes) -> None:
    """As a subscriber hands it on; what was to be closed is closed by the first frame that asks for it."""
    pongs: list[bytes] = []
    code, partial = None, b""
    for byte in data:
        partial += bytes([byte])
        size = whole_frames(partial)
        more, code = replies(partial[:size])
        pongs += more
        partial = partial[size:]
        if code is not None:
            break
    expected = replies(data)
    if data is ILLEGAL["a text in a text"]:
        expected = ([], POLICY)  # the first one is enough
    assert (pongs, code) == expected
