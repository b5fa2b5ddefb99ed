"""Compression on a real port: who gets it, that each piece can be read as it comes, and how it ends."""

from __future__ import annotations

import asyncio
import shutil
import zlib
from collections.abc import AsyncIterator

import pytest
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate

from tests.clients import SseClient, WebSocketClient
from tests.live import FEED, Serving, serving
from tests.redis_servers import RedisServer
from tests.web.streams.bare import DEADLINE_S, Unpacker, asked, frame, handshake
from tests.web.streams.support import Way, assert_converged, head, socket_url

pytestmark = pytest.mark.anyio

EVENTS = f"/v1/feeds/{FEED}/events"
SOCKET = f"/v1/feeds/{FEED}/socket"
ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
LONG = "The council met again, and the council adjourned again. " * 8


@pytest.fixture
def way() -> Way:
    """Only what is taken over is compressed for all at once."""
    return "takeover"


@pytest.fixture
async def plainly(shared_redis: RedisServer) -> AsyncIterator[Serving]:
    """With the setting off."""
    shared_redis.clear()
    async with serving(shared_redis.url, compress=False) as served:
        await served.open_feed()
        yield served


# WebSocket: who gets it -------------------------------------------------------------------------

OFFERS = {
    "none": (None, None),
    "plain": ("permessage-deflate", ANSWER),
    "browser's": ("permessage-deflate; client_max_window_bits", ANSWER),
    "client's window": (
        "permessage-deflate; client_max_window_bits=10",
        f"{ANSWER}; client_max_window_bits=10",
    ),
    "asked for": ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", ANSWER),
    "15 bits": ("permessage-deflate; server_max_window_bits=15", f"{ANSWER}; server_max_window_bits=15"),
    "10 bits": ("permessage-deflate; server_max_window_bits=10", None),
    "8 bits": ("permessage-deflate; server_max_window_bits=8", None),
    "no bits": ("permessage-deflate; server_max_window_bits", None),
    "16 bits": ("permessage-deflate; server_max_window_bits=16", None),
    "bits twice": ("permessage-deflate; server_max_window_bits=15; server_max_window_bits=15", None),
    "client's bits wrong": ("permessage-deflate; client_max_window_bits=7", None),
    "unknown parameter": ("permessage-deflate; window=large", None),
    "value where none is": ("permessage-deflate; server_no_context_takeover=1", None),
    "unknown extension": ("x-webkit-deflate-frame", None),
    "second of two": ("permessage-deflate; server_max_window_bits=10, permessage-deflate", ANSWER),
    "after an unknown one": ("x-webkit-deflate-frame, permessage-deflate; client_max_window_bits", ANSWER),
    "first of two": ("permessage-deflate, permessage-deflate; server_max_window_bits=15", ANSWER),
    "none of two": ("permessage-deflate; server_max_window_bits=8, permessage-deflate; what", None),
}


@pytest.mark.parametrize(("offer", "agreed"), OFFERS.values(), ids=OFFERS.keys())
async def test_what_is_agreed_with_a_socket(served: Serving, offer: str | None, agreed: str | None) -> None:
    await served.publish(LONG)
    async with asked(served, SOCKET, *handshake(offer)) as answer:
        assert answer.status == 101
        found = answer.headers.get("sec-websocket-extensions")
        assert _parameters(found) == _parameters(agreed)
        (first,) = await answer.exactly(1)
        assert first == (0xC1 if agreed else 0x81), "the snapshot would shrink"


def _parameters(header: str | None) -> set[str] | None:
    return None if header is None else {part.strip() for part in header.split(";")}


@pytest.mark.parametrize(
    "offer", [";", "=", "permessage-deflate;", "permessage-deflate; =", '"', "a b", "ü", "x" * 2000]
)
async def test_an_offer_that_is_none(served: Serving, offer: str, caplog: pytest.LogCaptureFixture) -> None:
    """Refused (RFC 6455, section 9.1), or taken for none; no failure of ours."""
    async with asked(served, SOCKET, *handshake(offer)) as answer:
        assert answer.status in (101, 400)
        assert "sec-websocket-extensions" not in answer.headers
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("offer", ["permessage-deflate", "permessage-deflate; client_max_window_bits"])
async def test_sockets_stay_plain_by_setting(plainly: Serving, offer: str) -> None:
    await plainly.publish(LONG)
    async with asked(plainly, SOCKET, *handshake(offer)) as answer:
        assert answer.status == 101
        assert "sec-websocket-extensions" not in answer.headers
        assert await answer.exactly(1) == b"\x81"


@pytest.mark.parametrize("bits", [15, 10])
async def test_the_library_s_own_offer(served: Serving, bits: int) -> None:
    """A window of 10 bits is not agreed on, and the client goes on without."""
    offer = ClientPerMessageDeflateFactory(server_max_window_bits=bits, client_max_window_bits=True)
    async with websockets.connect(
        socket_url(served), proxy=None, compression=None, extensions=[offer]
    ) as connection:
        agreed = [type(extension) for extension in connection.protocol.extensions]
        assert agreed == ([PerMessageDeflate] if bits == 15 else [])
        await connection.recv()
        await served.publish(LONG)
        assert LONG.strip() in await _change(connection)


async def _change(connection: websockets.ClientConnection) -> str:
    while '"type":"change"' not in (text := str(await asyncio.wait_for(connection.recv(), DEADLINE_S))):
        pass
    return text


# WebSocket: what comes --------------------------------------------------------------------------


async def test_frames_of_a_socket_stand_alone(served: Serving) -> None:
    """Each is unpacked by a new decompressor; what would not shrink goes plain."""
    async with asked(served, SOCKET, *handshake("permessage-deflate")) as answer:
        texts: list[str] = []
        kinds: dict[str, bool] = {}
        for number in range(3):
            await served.publish(f"{number} {LONG}")
        while len(texts) < 3:
            compressed, message = await frame(answer)
            if message is not None:
                kinds.setdefault(message["type"], compressed)
                texts += [
                    update["text"].split()[0]
                    for change in [message.get("change"), *message.get("changes", [])]
                    if change is not None
                    for update in [change["update"]]
                ]
        assert texts == ["0", "1", "2"]
        assert kinds["change"]


async def test_a_small_message_goes_plain(served: Serving) -> None:
    async with asked(served, SOCKET, *handshake("permessage-deflate")) as answer:
        while True:
            compressed, message = await frame(answer)
            if message is not None and message["type"] == "ping":
                assert not compressed
                return


async def test_a_compressed_socket_converges(served: Serving) -> None:
    async with WebSocketClient(served.base, FEED) as client:
        for number in range(10):
            await served.publish(f"{number} {LONG}")
        await assert_converged(served, client)


# Server-sent events: who gets it ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        (None, False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate", True),
        ("br, gzip", True),
        ("gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("br, gzip;q=0, *", False),
        ("*", False),
        ("identity", False),
        ("br", False),
        ("", False),
        (";;,=,q", False),
    ],
)
async def test_which_event_streams_are_packed(served: Serving, accepted: str | None, packed: bool) -> None:
    """ "*" names nothing that the reader is sure to unpack: it gets what everybody can read."""
    lines = [] if accepted is None else [f"Accept-Encoding: {accepted}"]
    async with asked(served, EVENTS, *lines) as answer:
        assert answer.status == 200
        assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        chunk = await answer.chunk()
        assert chunk.startswith(b"\x1f\x8b" if packed else b"event: sync\n")


async def test_event_streams_stay_plain_by_setting(plainly: Serving) -> None:
    async with asked(plainly, EVENTS, "Accept-Encoding: gzip") as answer:
        assert "content-encoding" not in answer.headers
        assert (await answer.chunk()).startswith(b"event: sync\n")


async def test_only_the_headers(served: Serving) -> None:
    lines = ["Accept-Encoding: gzip", "Connection: close"]
    async with asked(served, EVENTS, *lines, method="HEAD") as answer:
        assert answer.status == 200
        assert await answer.rest() == b""


async def test_http_1_0_has_no_chunks(served: Serving) -> None:
    async with asked(served, EVENTS, "Accept-Encoding: gzip", version="1.0") as answer:
        assert not {"content-encoding", "transfer-encoding"} & answer.headers.keys()
        assert await answer.exactly(12) == b"event: sync\n"


# Server-sent events: what comes -----------------------------------------------------------------


async def test_each_block_is_read_as_it_comes(served: Serving) -> None:
    """A change is whole in its own block, before the next one is published."""
    async with asked(served, EVENTS, "Accept-Encoding: gzip") as answer:
        stream = Unpacker(answer)
        first = await stream.message()
        assert first is not None
        assert first["type"] == "sync"
        for number in range(5):
            await served.publish(f"{number} {LONG}")
            message = await stream.message()
            assert message is not None
            assert message["change"]["update"]["text"].startswith(f"{number} ")
            assert zlib.decompressobj(-15).decompress(stream.blocks[-1]), "it leans on nothing before it"
            assert len(stream.blocks[-1]) < len(LONG)


async def test_all_get_the_same_block(served: Serving) -> None:
    async with (
        asked(served, EVENTS, "Accept-Encoding: gzip") as one,
        asked(served, EVENTS, "Accept-Encoding: gzip") as other,
    ):
        streams = [Unpacker(one), Unpacker(other)]
        for stream in streams:
            await stream.message()
        await served.publish(LONG)
        for stream in streams:
            await stream.message()
        assert streams[0].blocks[-1] == streams[1].blocks[-1]


async def test_catching_up_in_pieces(served: Serving) -> None:
    after = await head(served)
    for number in range(12):
        await served.publish(f"{number:02} " + "many words, few of them new, " * 300)
    await served.caught_up()
    async with asked(served, f"{EVENTS}?after={after}", "Accept-Encoding: gzip") as answer:
        stream = Unpacker(answer)
        texts: list[str] = []
        while len(texts) < 12:
            message = await stream.message()
            assert message is not None
            changes = message.get("changes") or [message["change"]]
            texts += [change["update"]["text"][:2] for change in changes]
        assert texts == [f"{number:02}" for number in range(12)]


async def test_heartbeats_are_blocks_too(served: Serving) -> None:
    async with asked(served, EVENTS, "Accept-Encoding: gzip") as answer:
        inflate, text = zlib.decompressobj(31), b""
        while text.count(b"event: ping") < 2:
            text += inflate.decompress(await answer.chunk())


async def test_the_end_is_a_bye_and_the_last_chunk(served: Serving) -> None:
    """No trailer: the gzip stream does not say that it ends, the chunks do."""
    async with asked(served, EVENTS, "Accept-Encoding: gzip") as answer:
        stream = Unpacker(answer)
        await stream.message()
        served.hub.drain()
        bye = await stream.message()
        assert bye is not None
        assert (bye["type"], bye["reason"], bye["retry"] > 0) == ("bye", "drain", True)
        assert await stream.message() is None
        assert await answer.rest() == b""
        assert not stream.ended


async def test_httpx_follows_and_comes_back(served: Serving) -> None:
    """It offers gzip by itself."""
    async with SseClient(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        for number in range(10):
            await served.publish(f"{number} {LONG}")
            if number % 4 == 0:
                await client.drop()
        await assert_converged(served, client)


# curl -------------------------------------------------------------------------------------------


async def test_curl_reads_to_the_end(served: Serving) -> None:
    """It accepts a gzip stream without a trailer, as long as the last chunk has come."""
    if (curl := shutil.which("curl")) is None:
        pytest.skip("curl is not installed")
    command = [curl, "-q", "-sS", "-i", "-N", "--compressed", "--max-time", "30", "--noproxy", "*"]
    process = await asyncio.create_subprocess_exec(
        *command, served.base + EVENTS, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = await asyncio.wait_for(process.stdout.readuntil(b"event: sync"), DEADLINE_S)
        assert b"content-encoding: gzip" in said.lower()
        await served.publish(LONG)
        said = await asyncio.wait_for(process.stdout.readuntil(b"event: change"), DEADLINE_S)
        served.hub.drain()
        said = await asyncio.wait_for(process.stdout.read(), DEADLINE_S)
        assert b"event: bye" in said
        assert said.endswith(b"\n\n")
        assert (await process.stderr.read(), await process.wait()) == (b"", 0)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
