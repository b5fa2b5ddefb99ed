"""A WebSocket's handshake (RFC 6455, section 4.2) on a connection that may be taken over.

uvicorn and websockets make some forty objects for a WebSocket, most of which a reader never needs. So a
handshake that is as it should be is answered here, when the endpoint takes the connection over; only where
it does not, or something is odd, is it given to uvicorn's own protocol.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from websockets.exceptions import InvalidHeader, NegotiationError
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension
from websockets.typing import ExtensionHeader
from websockets.utils import accept_key

__all__ = ["Asked", "Lent", "agreement", "read", "response"]

MAX_OFFERS = 1_024

_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_ONCE = {
    b"connection",
    b"origin",
    b"upgrade",
    b"sec-websocket-key",
    b"sec-websocket-version",
    b"sec-websocket-extensions",
    b"sec-websocket-protocol",
}


class Asked:
    """What a handshake asks for: ``key``, and the extensions that it offers."""

    __slots__ = ("key", "offers")

    def __init__(self, key: bytes, offers: bytes) -> None:
        self.key, self.offers = key, offers


def read(headers: Iterable[tuple[bytes, bytes]]) -> Asked | None:
    """The handshake of a request with ``Upgrade: websocket``; None if something about it is odd.

    Odd is also what is in order, but no reader does: subprotocols, a header in several lines.
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _ONCE:
            if name in found:
                return None
            found[name] = value
    key, offers = found.get(b"sec-websocket-key", b""), found.get(b"sec-websocket-extensions", b"")
    usual = found.get(b"sec-websocket-version") == b"13" and b"sec-websocket-protocol" not in found
    usual = usual and len(offers) <= MAX_OFFERS and _offered(offers) is not None
    return Asked(key, offers) if usual and _KEY.fullmatch(key) else None


@lru_cache(maxsize=64)
def _offered(offers: bytes) -> list[ExtensionHeader] | None:
    """The extensions that are offered; None if they cannot be read."""
    try:
        return parse_extension(offers.decode("ascii")) if offers else []
    except (InvalidHeader, UnicodeDecodeError):
        return None


@lru_cache(maxsize=64)
def agreement(offers: bytes) -> bytes | None:
    """The first offer of ``permessage-deflate`` that we can agree to, as the answer says it (RFC 7692).

    No context is kept on either side, so that the same frame is good for all. None if there is no such
    offer.
    """
    ours = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)
    for name, parameters in _offered(offers) or []:
        if name != ours.name:
            continue
        try:
            answer, extension = ours.process_request_params(parameters, [])
        except NegotiationError:
            continue
        if isinstance(extension, PerMessageDeflate) and extension.local_max_window_bits == 15:
            return build_extension([(name, answer)]).encode()
    return None


def response(asked: Asked, extensions: bytes | None, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The answer, 101."""
    lines = [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        b"Sec-WebSocket-Accept: %s\r\n" % accept_key(asked.key.decode()).encode(),
        *(b"%s: %s\r\n" % header for header in headers),
    ]
    if extensions is not None:
        lines.append(b"Sec-WebSocket-Extensions: %s\r\n" % extensions)
    return b"".join([*lines, b"\r\n"])


class Lent:
    """ASGI's ``receive`` and ``send`` for a handshake, which are uvicorn's from their first real use on.

    ``hand_over`` gives the connection to uvicorn's protocol, and that calls what it gets for its
    application; False if there is nobody at the other end any more.
    """

    def __init__(self, hand_over: Callable[[Callable[..., Awaitable[None]]], bool]) -> None:
        self._hand_over = hand_over
        self._connected = False
        self._uvicorns: asyncio.Future[tuple[Any, Any]] | None = None
        self._returned: asyncio.Future[None] | None = None

    @property
    def is_used(self) -> bool:
        return self._uvicorns is not None

    async def receive(self) -> Any:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        return await (await self._use())[0]()

    async def send(self, message: Any) -> None:
        await (await self._use())[1](message)

    def give_back(self) -> None:
        """Our application has returned, or failed: then uvicorn closes the connection."""
        if self._returned is not None and not self._returned.done():
            self._returned.set_result(None)

    async def _use(self) -> tuple[Any, Any]:
        if self._uvicorns is None:
            loop = asyncio.get_running_loop()
            self._uvicorns, self._returned = loop.create_future(), loop.create_future()
            if not self._hand_over(self._application):
                self._uvicorns.set_result((_gone, _gone))
        return await asyncio.shield(self._uvicorns)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        assert self._uvicorns is not None
        assert self._returned is not None
        await receive()  # the connect that ours has had
        self._uvicorns.set_result((receive, send))
        await self._returned


async def _gone(message: Any = None) -> Any:
    if message is not None:
        raise ClientDisconnected
    return {"type": "websocket.disconnect", "code": 1006}
