"""The four forms in which messages go out, read by decoders that are not ours."""

from __future__ import annotations

import zlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core import messages
from livefeed.core.messages import ByeReason
from livefeed.core.position import Position
from livefeed.fanout import closes
from livefeed.fanout.framing import EVENTS, EVENTS_GZIP, FRAMINGS, SOCKET, SOCKET_DEFLATE, Framing
from livefeed.fanout.message import Message, bye
from tests.fanout.peers import Decoder, every_framing


def change(offset: int, text: str) -> Message:
    data = orjson.dumps({"type": "change", "text": text})
    return Message("change", data, Position("e1", offset))


def ping() -> Message:
    return Message("ping", messages.ping(Position("e1", 7), 3))


told = st.lists(
    st.one_of(
        st.builds(change, st.integers(0, 9), st.text(max_size=300)),
        st.just(ping()),
        st.builds(change, st.just(5), st.just("again and again " * 500)),
    )
)


@every_framing
@given(told, st.data())
def test_any_messages_in_any_order_are_read_as_they_were(
    framing: Framing, told: list[Message], data: st.DataObject
) -> None:
    """The same bytes go to all, so whoever comes at any message can read from there on."""
    made = [framing.frame(message) for message in told]
    begin = data.draw(st.integers(0, len(told)))
    stream = framing.preamble + b"".join(made[begin:])
    cut = data.draw(st.integers(0, len(stream)))
    decoder = Decoder(framing)
    read = decoder.feed(stream[:cut]) + decoder.feed(stream[cut:])
    assert read == [orjson.loads(message.data) for message in told[begin:]]
    assert not decoder.ended


@every_framing
@pytest.mark.parametrize("reason", closes.BYE)
def test_the_last_message_ends_the_stream(framing: Framing, reason: ByeReason) -> None:
    decoder = Decoder(framing)
    (message,) = decoder.feed(framing.preamble + framing.last(bye(reason, 1.0)))
    assert message["reason"] == reason
    assert decoder.ended
    if framing.is_socket:
        assert decoder.close is not None
        assert (decoder.close.code, decoder.close.reason) == (
            closes.BYE[reason].code,
            closes.BYE[reason].reason,
        )


def test_sockets_are_pinged_with_each_heartbeat() -> None:
    for framing in FRAMINGS:
        decoder = Decoder(framing)
        assert decoder.feed(framing.preamble + framing.frame(ping()) + framing.beat) == [
            orjson.loads(ping().data)
        ]
        assert decoder.pings == framing.is_socket


@pytest.mark.parametrize(("plain", "compressed"), [(SOCKET, SOCKET_DEFLATE), (EVENTS, EVENTS_GZIP)])
def test_compression_pays_where_there_is_something_to_say(plain: Framing, compressed: Framing) -> None:
    large = change(1, "the same words over and over " * 20)
    assert len(compressed.frame(large)) < len(plain.frame(large)) / 3
    assert len(compressed.frame(ping())) <= len(plain.frame(ping())) + 10


def test_each_chunk_of_a_gzip_stream_can_be_unpacked_when_it_comes() -> None:
    gunzip = zlib.decompressobj(31)
    gunzip.decompress(EVENTS_GZIP.preamble.split(b"\r\n", 1)[1][:-2])
    for message in (change(1, "one"), ping(), change(2, "two")):
        chunk = EVENTS_GZIP.frame(message).split(b"\r\n", 1)[1][:-2]
        assert gunzip.decompress(chunk) == message.sse()


def test_a_framing_says_its_name() -> None:
    assert [repr(framing) for framing in FRAMINGS][1] == "<Framing socket-deflate>"
    assert len({framing.name for framing in FRAMINGS}) == len(FRAMINGS)
