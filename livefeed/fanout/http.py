"""uvicorn's HTTP connection with bounds: on what a client may send, for how long, and what waits for it."""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["BoundedHttp"]

UNSENT_BYTES = 16_384
"""More than this does not wait in the kernel before our own buffer is told that the client is slow."""

STALLED_MS = 45_000
"""A client that acknowledges nothing for so long is dropped by the kernel, event streams included."""

_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25 if sys.platform == "linux" else None)
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


class BoundedHttp(H11Protocol):
    """h11 bounds a request's head and its trailers (16 KiB) and reads no further than the request that is
    being answered; uvicorn's httptools does neither, and keeps whatever one connection sends.

    States: waiting for a head (``head_s`` at most), answering, waiting for the next request (uvicorn's
    keep-alive time), handed over to a WebSocket.
    """

    head_s: ClassVar[float] = 10.0
    """How long a request's head may take to arrive, the handshake of a WebSocket included."""

    _head_due: asyncio.TimerHandle | None = None
    _is_websocket = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_head()
        with suppress(OSError):  # reset already
            _bound(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_websocket:
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.timeout_keep_alive_task is not None:
            self._head_came()
        elif self._head_due is None:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._head_came()
        self._is_websocket = True  # from here on the connection belongs to another protocol
        super().handle_websocket_upgrade(event)

    def _expect_head(self) -> None:
        self._head_due = self.loop.call_later(self.head_s, self._no_head)

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _no_head(self) -> None:
        self._head_due = None
        self.transport.abort()


def _bound(connection: Any) -> None:
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    if _NOTSENT_LOWAT is not None:
        connection.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, UNSENT_BYTES)
    if _USER_TIMEOUT is not None:
        connection.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, STALLED_MS)
