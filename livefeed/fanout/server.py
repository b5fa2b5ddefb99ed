"""Serving: the listening socket, uvicorn, and a drain before the end."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any

import uvicorn

from livefeed.core.frames import MAX_FROM_READER_BYTES
from livefeed.errors import StartupError
from livefeed.fanout.hub import Hub
from livefeed.fanout.subscriber import Subscriber
from livefeed.fanout.takeover import Http
from livefeed.settings import Settings

__all__ = ["Server", "bind", "is_listening", "run"]

BACKLOG = 4096

UNSENT_BYTES = 16_384
"""More than this does not wait in the kernel before our own buffer is told that the client is slow."""

STALLED_MS = 40_000
"""A client that acknowledges nothing, or takes nothing in, for so long is dropped by the kernel."""

_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25 if sys.platform == "linux" else None)
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


def bind(host: str, port: int, *, count: int = 1) -> list[socket.socket]:
    """Bind ``count`` sockets to one address; they do not listen yet.

    Several share the port (``SO_REUSEPORT``), so that the kernel spreads connections over them. The
    first attempt is without: a port that somebody else shares would be taken without a word.

    Raises:
        StartupError: the port is taken, or the address is not ours.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        first = _bound(family, address)
        if count == 1:
            return [first]
        with first:
            address = first.getsockname()
        return [_bound(family, address, shared=True) for _ in range(count)]
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartupError(
            f"Cannot listen on {host} port {port} ({reason}): choose another with --host or --port."
        ) from error


def is_listening(host: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    with suppress(OSError), socket.create_connection((here, port), timeout=1.0):
        return True
    return False


def _bound(family: int, address: Any, *, shared: bool = False) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _set_bounds(listener)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _set_bounds(listener: socket.socket) -> None:
    """Bounds for the connections that come, which inherit them: cheaper than setting them on each."""
    if _NOTSENT_LOWAT is not None:
        listener.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, UNSENT_BYTES)
    if _USER_TIMEOUT is not None:
        listener.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, STALLED_MS)


def _own(listener: socket.socket) -> socket.socket:
    """A socket of this process alone, in the place of one that the supervisor has too.

    That one would go on listening after this process has gone, and take connections that nobody accepts.
    """
    if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT):
        return listener
    with listener:
        return _bound(listener.family, listener.getsockname(), shared=True)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on uvloop where it is installed, else on asyncio's own loop."""
    found = importlib.util.find_spec("uvloop")
    factory = importlib.import_module("uvloop").new_event_loop if found else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


class Server(uvicorn.Server):
    """uvicorn, except that the first SIGTERM or Ctrl-C drains; the second one ends it at once.

    uvicorn by itself closes WebSockets without a word and waits for event streams for ever.
    """

    def __init__(
        self, app: Any, hub: Hub, settings: Settings, *, on_started: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=settings.access_log,
                http=Http,
                ws="websockets-sansio",
                ws_max_size=MAX_FROM_READER_BYTES,
                ws_per_message_deflate=settings.compress,
                ssl_certfile=settings.tls_certificate,
                ssl_keyfile=settings.tls_key,
                backlog=BACKLOG,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,  # after our own drain: for readers that take nothing
                lifespan="on",
            )
        )
        self._hub, self._drain_s, self._on_started = hub, settings.drain_s, on_started
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_told = False
        self._draining: asyncio.Task[None] | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve([_own(listener) for listener in sockets] if sockets else None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """uvicorn's own signal handler calls this."""
        assert self._loop is not None
        is_first, self._is_told = not self._is_told, True
        if is_first and not self.should_exit and self.started:
            self._loop.call_soon_threadsafe(self._begin_to_drain)
            return
        self.should_exit = True
        self.force_exit = not is_first or sig == signal.SIGINT

    def _begin_to_drain(self) -> None:
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        self._hub.drain()
        deadline = asyncio.get_running_loop().time() + self._drain_s + 0.3
        # Looked at, since every reader leaves by itself, and it takes seconds at most.
        while self._somebody_is_here() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.should_exit = True

    def _somebody_is_here(self) -> bool:
        """Readers, or some who have been told good-bye and may not have heard it yet."""
        left = self.server_state.connections
        return bool(self._hub.statistics()["readers"]) or any(isinstance(each, Subscriber) for each in left)
