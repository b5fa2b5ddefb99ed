"""Who finds no place is told so on each transport as it will be understood; every place is given back."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import orjson
import pytest
import websockets

from livefeed.errors import Cap
from livefeed.fanout.audience import Audience
from livefeed.web.streams import polls, sockets
from tests.clients import Client
from tests.live import FEED, Serving, eventually
from tests.plain_http import plain_http
from tests.web.streams.support import Serve, every_stream, every_transport, head, received, socket_url

pytestmark = pytest.mark.anyio

events = import_module("livefeed.web.streams.events")  # in the package its function hides it
SITE = {"Origin": "https://partner.example"}
EMPTY = {"readers": 0, "addresses": 0, "origins": 0}
ONE: dict[Cap, dict[str, float]] = {
    "total": {"max_readers": 1},
    "address": {"max_readers_per_address": 1},
    "origin": {"max_readers_per_origin": 1},
    "rate": {"max_joins_per_s": 0.1},
}
"""Settings that leave a place for one."""
RETRY_S = {"total": 10, "address": 30, "origin": 30, "rate": 10}
PATHS = ("socket", "events", "changes")
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
every_path = pytest.mark.parametrize("path", PATHS)


@pytest.fixture
def counting(serve: Serve) -> Serve:
    """A server that counts by address and origin too."""
    caps = {"max_readers_per_address": 10_000, "max_readers_per_origin": 10_000, "max_joins_per_s": 0}
    return lambda **settings: serve(**caps | settings)


async def all_given_back(served: Serving) -> None:
    await eventually(lambda: served.admission.statistics() == EMPTY, "every place to be free")


def is_about(milliseconds: float, seconds: float) -> bool:
    return 500 * seconds <= milliseconds <= 1500 * seconds


async def occupied(served: Serving) -> websockets.ClientConnection:
    """A reader who stays: with a full queue the client would answer no ping, and be taken for dead."""
    connection = await websockets.connect(
        socket_url(served), additional_headers=SITE, proxy=None, max_queue=None
    )
    assert orjson.loads(await connection.recv())["type"] == "sync"
    return connection


@pytest.mark.parametrize("cap", ONE)
async def test_what_is_seen_of_a_refusal(counting: Serve, cap: Cap) -> None:
    async with counting(**ONE[cap]) as served:
        async with await occupied(served):
            async with websockets.connect(socket_url(served), additional_headers=SITE, proxy=None) as ws:
                (bye,) = [orjson.loads(text) async for text in received(ws)]
            assert ((bye["type"], bye["reason"]), ws.close_code) == (("bye", "overload"), 1013)
            assert is_about(bye["retry"], RETRY_S[cap])

            async with plain_http(served.base, headers=SITE) as http:
                answer = await http.get(f"/v1/feeds/{FEED}/events")
                assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
                assert answer.headers["content-type"].startswith("text/event-stream")
                fields = dict(line.split(": ", 1) for line in answer.text.splitlines() if line)
                bye = orjson.loads(fields["data"])
                assert (fields["event"], bye["reason"]) == ("bye", "overload")
                assert int(fields["retry"]) == bye["retry"]

                answer = await http.get(f"/v1/feeds/{FEED}/changes")
                assert answer.status_code == (503 if cap == "total" else 429)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["access-control-allow-origin"] == "*"
                assert "Retry-After" in answer.headers["access-control-expose-headers"]
                name = "server-full" if cap == "total" else "too-many-readers"
                assert answer.json()["type"] == f"/problems/{name}"
                assert int(answer.headers["retry-after"]) >= 1
                metrics = (await http.get("/metrics")).text
            assert f'livefeed_readers_refused_total{{reason="{cap}"}} 3.0' in metrics
        await all_given_back(served)


@every_stream
@pytest.mark.parametrize("cap", ["total", "address"])
async def test_who_was_refused_gets_in_when_somebody_leaves(
    counting: Serve, transport: type[Client], cap: Cap
) -> None:
    async with counting(**ONE[cap]) as served:
        first = await occupied(served)
        async with transport(served.base, FEED) as client:
            await client.until(lambda: client.of("bye"), "the refusal")
            await first.close()
            await client.until(lambda: client.of("sync"), "a place")
        await all_given_back(served)


async def test_readers_at_another_address_or_site_are_not_in_the_way(counting: Serve) -> None:
    async with counting(**ONE["address"] | ONE["origin"]) as served:
        async with (
            await occupied(served),
            websockets.connect(
                socket_url(served),
                local_addr=("127.0.0.2", 0),
                origin=websockets.Origin(served.base),
                proxy=None,
            ) as other,
        ):
            assert orjson.loads(await other.recv())["type"] == "sync"
            assert served.admission.statistics() == {"readers": 2, "addresses": 2, "origins": 2}
        await all_given_back(served)


@every_path
async def test_a_refusal_reads_no_snapshot(
    counting: Serve, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counting(**ONE["total"]) as served, await occupied(served):
        joined = list[object]()
        monkeypatch.setattr(served.hub, "join", lambda *asked: joined.append(asked))
        await told(served, f"/v1/feeds/{FEED}/{path}?after=never:1")
        assert served.admission.refused["total"] == 1
        assert joined == []


@every_transport
async def test_a_place_is_given_back_when_a_client_leaves(counting: Serve, transport: type[Client]) -> None:
    async with counting() as served:
        async with transport(served.base, FEED) as client:
            await client.until(lambda: client.messages, "the snapshot")
            await eventually(lambda: served.admission.readers == 1, "its place")
            assert served.admission.statistics()["addresses"] == 1
        await all_given_back(served)


@every_transport
async def test_a_place_is_given_back_when_the_server_says_good_bye(
    counting: Serve, transport: type[Client]
) -> None:
    async with counting() as served, transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        await served.store.feeds.remove(FEED)
        await client.until(lambda: client.told_to_stay_away or client.refusal, "the end")
        await all_given_back(served)


@every_stream
async def test_a_drain_gives_all_places_back(counting: Serve, transport: type[Client]) -> None:
    async with counting() as served, transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        served.hub.drain()
        await client.until(lambda: len(client.of("bye")) > 1, "to be refused, too")
        await client.leave()
        await all_given_back(served)


@every_path
async def test_who_is_not_let_in_takes_no_place(
    counting: Serve, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counting() as served:
        taken = counted(served, monkeypatch)
        await served.open_feed("ours", origins=["https://ours.example"])
        for feed in ("nowhere", "NO-SLUG", "ours"):
            await told(served, f"/v1/feeds/{feed}/{path}")
        assert taken() == 0


async def test_answers_without_a_stream_give_their_place_back(counting: Serve) -> None:
    async with counting() as served:
        await served.publish("the last word")
        await served.close_feed()
        await served.caught_up()
        async with plain_http(f"{served.base}/v1/feeds/{FEED}") as http:
            last = {"Last-Event-ID": await head(served)}
            assert (await http.get("/events", headers=last)).status_code == 204
            assert (await http.head("/events")).status_code == 200
            assert (await http.head("/changes")).status_code == 200
            assert (await http.get("/changes?wait=soon")).status_code == 422
            assert (await http.get("/changes?after=what")).status_code == 400
            assert (await http.get("/changes?wait=0")).status_code == 200
        await all_given_back(served)


@pytest.mark.parametrize(
    ("path", "owner", "broken"),
    [
        ("socket", sockets, "position_of"),
        ("socket", sockets, "watching"),
        ("socket", sockets, "takeover_of"),
        ("socket", Audience, "welcome"),
        ("socket", Audience, "admit"),
        ("events", events, "position_of"),
        ("events", events, "watching"),
        ("events", events, "takeover_of"),
        ("events", Audience, "welcome"),
        ("events", Audience, "admit"),
        ("changes", polls, "watching"),
        ("changes", polls, "poll"),
    ],
)
async def test_a_place_is_given_back_after_an_exception(
    counting: Serve, path: str, owner: object, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    async with counting() as served:
        monkeypatch.setattr(owner, broken, fail)
        taken = counted(served, monkeypatch)
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(request(f"/v1/feeds/{FEED}/{path}?wait=0"))
        await eventually(lambda: taken() == 1, "a place to be taken")
        writer.close()
        await all_given_back(served)


def counted(served: Serving, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many places were taken from now on."""
    take, seats = served.admission.take, list[object]()

    def noted(address: str | None, origin: str | None) -> Any:
        seats.append(seat := take(address, origin))
        return seat

    monkeypatch.setattr(served.admission, "take", noted)
    return lambda: len(seats)


async def told(served: Serving, path: str) -> None:
    """Ask as a page of the site does, until the end of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    ends = {} if "/socket" in path else {"Connection": "close"}
    writer.write(request(path, SITE | ends))
    answer = b""
    while (part := await reader.read(4096)) and b"\x88" not in answer + part:  # a frame that closes
        answer += part
    assert answer + part
    writer.close()


def request(path: str, headers: dict[str, str] | None = None) -> bytes:
    said = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    upgrade = UPGRADE if "/socket" in path else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}{upgrade}\r\n".encode()


@every_path
async def test_a_place_is_given_back_after_a_reset(counting: Serve, path: str) -> None:
    async with counting() as served:
        at = f"?after={await head(served)}"
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(request(f"/v1/feeds/{FEED}/{path}{at}", SITE))
            await eventually(lambda: served.admission.readers == 1, "its place")
            reset(writer)
            await all_given_back(served)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with an RST."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


CHURNED, AT_ONCE = 3_000, 60


async def test_thousands_who_come_and_go_at_every_stage_leave_nothing(
    counting: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Cut off in the request, before the answer, in the head, in the stream; with a close or an RST."""
    async with counting(max_readers=40, max_readers_per_address=12) as served:
        staying = [await occupied(served) for _ in range(12)]  # whose address is full all the time
        chance, left, most = random.Random(2026), list(range(CHURNED)), 0

        async def come_and_go() -> None:
            nonlocal most
            while left:
                left.pop()
                await one(served, chance)
                most = max(most, served.admission.readers)

        await asyncio.gather(*(come_and_go() for _ in range(AT_ONCE)))
        await eventually(lambda: served.admission.readers == len(staying), "the others to be gone")
        await asyncio.gather(*(connection.close() for connection in staying))
        await all_given_back(served)
        await eventually(lambda: served.hub.statistics()["readers"] == 0, "nobody to watch")
        assert most > len(staying)
        assert served.admission.refused["address"] > 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def one(served: Serving, chance: random.Random) -> None:
    path = f"/v1/feeds/{FEED}/{chance.choice(PATHS)}?wait=1"
    if chance.random() < 0.5:
        path += f"&after={await head(served)}"
    sent = request(path, SITE if chance.random() < 0.5 else None)
    here = (f"127.0.0.{chance.randrange(1, 5)}", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, local_addr=here)
    cut = len(sent) if chance.random() < 0.8 else chance.randrange(len(sent))
    with suppress(ConnectionError):
        writer.write(sent[:cut])
        if cut == len(sent):
            match chance.randrange(4):
                case 0:
                    await writer.drain()
                case 1:
                    await reader.read(1)
                case 2:
                    await asyncio.wait_for(reader.read(4096), 30)
                case 3:
                    await asyncio.sleep(chance.random() * 0.05)  # wherever that leads
    if chance.random() < 0.5:
        reset(writer)
    else:
        writer.close()
