"""The handshake of a WebSocket: what is read, what is agreed, what is answered, who is lent the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn.protocols.utils import ClientDisconnected
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.protocol import State
from websockets.uri import parse_uri

from livefeed.fanout.handshake import MAX_OFFERS, Asked, Lent, agreement, read, response
from livefeed.fanout.tasks import end

pytestmark = pytest.mark.anyio

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
OURS = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
USUAL = [(b"sec-websocket-key", KEY), (b"sec-websocket-version", b"13"), (b"host", b"x")]


def test_the_usual_is_read() -> None:
    offers = b"permessage-deflate; client_max_window_bits"
    asked = read([*USUAL, (b"sec-websocket-extensions", offers)])
    assert asked is not None
    assert (asked.key, asked.offers) == (KEY, offers)


@pytest.mark.parametrize(
    "headers",
    [
        USUAL[1:],
        USUAL[:1],
        [(b"sec-websocket-key", KEY), (b"sec-websocket-version", b"8")],
        [(b"sec-websocket-key", KEY[:-1]), (b"sec-websocket-version", b"13")],
        [(b"sec-websocket-key", KEY + b"="), (b"sec-websocket-version", b"13")],
        [(b"sec-websocket-key", b"?" * 22 + b"=="), (b"sec-websocket-version", b"13")],
        [*USUAL, USUAL[0]],
        [*USUAL, (b"origin", b"http://a"), (b"origin", b"http://b")],
        [*USUAL, (b"sec-websocket-protocol", b"chat")],
        [*USUAL, (b"sec-websocket-extensions", b";")],
        [*USUAL, (b"sec-websocket-extensions", "ü".encode())],
        [*USUAL, (b"sec-websocket-extensions", b"x" * (MAX_OFFERS + 1))],
    ],
)
def test_what_is_odd_is_left_to_others(headers: list[tuple[bytes, bytes]]) -> None:
    assert read(headers) is None


@pytest.mark.parametrize(
    ("offers", "agreed"),
    [
        ("", None),
        ("x-webkit-deflate-frame", None),
        ("permessage-deflate", OURS),
        ("permessage-deflate; client_max_window_bits", OURS),
        ("permessage-deflate; server_max_window_bits=15", f"{OURS}; server_max_window_bits=15"),
        ("permessage-deflate; server_max_window_bits=10", None),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", OURS),
        ("permessage-deflate; what", None),
    ],
)
def test_what_is_agreed(offers: str, agreed: str | None) -> None:
    found = agreement(offers.encode())
    assert _parts(found.decode() if found else None) == _parts(agreed)


def _parts(header: str | None) -> set[str] | None:
    return header and set(header.split("; "))  # type: ignore[return-value]


@pytest.mark.parametrize("deflate", [False, True])
def test_a_client_takes_the_answer_for_one(deflate: bool) -> None:
    extensions = [ClientPerMessageDeflateFactory()] if deflate else None
    client = ClientProtocol(parse_uri("ws://x/"), extensions=extensions)
    request = client.connect()
    client.send_request(request)
    headers = request.headers
    asked = read([(name.lower().encode(), value.encode()) for name, value in headers.raw_items()])
    assert asked is not None
    answer = response(asked, agreement(asked.offers) if deflate else None, [(b"date", b"today")])
    client.receive_data(answer)
    assert client.handshake_exc is None
    assert client.state is State.OPEN
    assert bool(client.extensions) is deflate
    assert b"date: today\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_key_is_answered_as_the_rfc_says() -> None:
    """Section 1.3 has this example."""
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in response(Asked(KEY, b""), None, [])


# Lending ----------------------------------------------------------------------------------------


class Uvicorn:
    """Stands where uvicorn's protocol stands: it runs the application that it is given in a task."""

    def __init__(self, *, gone: bool = False) -> None:
        self.gone = gone
        self.sent: list[Any] = []
        self.received: list[Any] = [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": "hi"},
        ]
        self.task: asyncio.Task[None] | None = None

    def hand_over(self, application: Callable[..., Awaitable[None]]) -> bool:
        if self.gone:
            return False
        self.task = asyncio.ensure_future(application({}, self.receive, self.send))
        return True

    async def receive(self) -> Any:
        return self.received.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def test_nothing_is_asked_of_uvicorn_for_the_connect() -> None:
    uvicorn = Uvicorn()
    lent = Lent(uvicorn.hand_over)
    assert await lent.receive() == {"type": "websocket.connect"}
    assert not lent.is_used
    assert uvicorn.task is None
    lent.give_back()


async def test_what_an_application_sends_and_hears_goes_through_uvicorn() -> None:
    uvicorn = Uvicorn()
    lent = Lent(uvicorn.hand_over)
    await lent.receive()
    await lent.send({"type": "websocket.accept"})
    assert lent.is_used
    assert (await lent.receive())["text"] == "hi"
    assert uvicorn.sent == [{"type": "websocket.accept"}]
    assert uvicorn.task is not None
    assert not uvicorn.task.done()  # uvicorn closes when it is
    lent.give_back()
    lent.give_back()
    await asyncio.wait_for(uvicorn.task, 30)


async def test_who_has_gone_is_told_as_asgi_does() -> None:
    lent = Lent(Uvicorn(gone=True).hand_over)
    await lent.receive()
    assert await lent.receive() == {"type": "websocket.disconnect", "code": 1006}
    with pytest.raises(ClientDisconnected):
        await lent.send({"type": "websocket.accept"})


async def test_an_application_that_is_cancelled_ends_what_it_was_lent() -> None:
    uvicorn = Uvicorn()
    lent = Lent(uvicorn.hand_over)
    await lent.send({"type": "websocket.accept"})
    assert uvicorn.task is not None
    await end([uvicorn.task])
    lent.give_back()
