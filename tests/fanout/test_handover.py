"""A WebSocket begins with the head that uvicorn has parsed; nothing is lost and nothing shows in the log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests.fanout.wire import HANDSHAKE, Wire, frame, wired

pytestmark = pytest.mark.anyio

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\n"


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def wire(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Wire]:
    with caplog.at_level(logging.WARNING):
        async with wired() as wire:
            yield wire
    assert not caplog.get_records("call")


@pytest.mark.parametrize("together", [False, True])
async def test_frames_are_read_and_those_that_come_with_it_are_not_lost(wire: Wire, together: bool) -> None:
    sent = [HANDSHAKE, b"\r\n", frame(9, b"ping"), frame(1, b"one"), frame(1, b"two")]
    answer = await wire.answer(*([b"".join(sent)] if together else sent), until=b"two")
    assert answer.startswith(ACCEPTED)
    assert answer.split(b"\r\n\r\n")[1] == b"\x8a\x04ping\x81\x07/ws one\x81\x07/ws two"


async def test_half_a_frame_that_comes_with_it_is_read_with_the_other_half(wire: Wire) -> None:
    sent = HANDSHAKE + b"\r\n" + frame(1, b"one")
    assert (await wire.answer(sent[:-2], sent[-2:], until=b"one")).endswith(b"\x81\x07/ws one")


async def test_a_close_that_comes_with_it_is_answered(wire: Wire) -> None:
    assert (await wire.answer(HANDSHAKE + b"\r\n" + frame(8, b"\x03\xe8"))).endswith(b"\x88\x02\x03\xe8")


@pytest.mark.parametrize(
    ("rest", "code"), [(b"\xff\xff\xff\xff", 1002), (b"\x81\xff" + b"\x7f" * 8, 1009)], ids=["junk", "huge"]
)
async def test_what_is_no_frame_ends_it(wire: Wire, rest: bytes, code: int) -> None:
    answer = await wire.answer(HANDSHAKE + b"\r\n" + rest)
    assert answer.startswith(ACCEPTED)
    assert code.to_bytes(2, "big") in answer.split(b"\r\n\r\n")[1]


@pytest.mark.parametrize(
    "sent",
    [
        HANDSHAKE.replace(b"Sec-WebSocket-Key", b"X-Key"),
        HANDSHAKE.replace(b": 13", b": 8"),
        HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"),
    ],
)
async def test_a_bad_handshake_is_refused(wire: Wire, sent: bytes) -> None:
    assert (await wire.answer(sent + b"\r\n" + frame(1, b"more"))).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "sent",
    [
        HANDSHAKE.replace(b"GET", b"POST"),
        HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        HANDSHAKE.replace(b"/ws", b"http://x/ws"),
        HANDSHAKE.replace(b"keep-alive, Upgrade", b"keep-alive"),
    ],
)
async def test_what_is_no_handshake_is_an_ordinary_request(wire: Wire, sent: bytes) -> None:
    assert b" /ws HTTP/1." in await wire.answer(sent + b"\r\n", until=b"]")


async def test_the_application_sees_the_whole_request() -> None:
    seen: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send({"type": "websocket.close"})

    async with wired(application) as wire:
        answer = await wire.answer(HANDSHAKE + b"Cookie: \xe9=\xc3\xa9\r\nCookie: b\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")
    (scope,) = seen
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/ws", b"/ws", b"a=b")
    assert [value for name, value in scope["headers"] if name == b"cookie"] == [b"\xe9=\xc3\xa9", b"b"]
    assert (b"host", b"x") in scope["headers"]
