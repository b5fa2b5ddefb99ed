"""What is compared: each system with one of its streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import livefeed_servers, peers
from bench.load import Stream
from bench.server import Server

__all__ = ["DEFLATING", "SYSTEMS", "System"]


@dataclass(frozen=True)
class System:
    key: str
    title: str
    start: Callable[[Path], Server]
    stream: Stream

    @contextmanager
    def running(self) -> Iterator[Server]:
        """A server of its own, in a folder of its own.

        Raises:
            NotInstalled, Failed
        """
        with TemporaryDirectory(prefix="livefeed-bench-") as folder:
            server = self.start(Path(folder))
            try:
                yield server
            finally:
                server.stop()


_CENTRIFUGO = f"/connection/uni_websocket?{peers.CENTRIFUGO_CONNECT}"

SYSTEMS = [
    System("limit", "C loop of send(), WebSocket", peers.limit, Stream("ws", "/")),
    System(
        "livefeed-ws",
        "livefeed, WebSocket",
        livefeed_servers.serve,
        Stream("ws", livefeed_servers.SOCKET, greets=True),
    ),
    System(
        "livefeed-sse",
        "livefeed, SSE",
        livefeed_servers.serve,
        Stream("sse", livefeed_servers.EVENTS, greets=True),
    ),
    System(
        "livefeed-plain",
        "livefeed as plain ASGI, WebSocket",
        livefeed_servers.plain,
        Stream("ws", livefeed_servers.SOCKET, greets=True),
    ),
    System("naive", "naive Starlette, WebSocket", peers.naive, Stream("ws", "/socket")),
    System("nchan-ws", "Nchan, WebSocket", peers.nchan, Stream("ws", "/socket")),
    System("nchan-sse", "Nchan, SSE", peers.nchan, Stream("sse", "/events")),
    System("centrifugo", "Centrifugo, WebSocket", peers.centrifugo, Stream("ws", _CENTRIFUGO, greets=True)),
    System("mercure", "Mercure, SSE", peers.mercure, Stream("sse", "/.well-known/mercure?topic=bench")),
]

DEFLATING = System("nchan-ws", "Nchan, WebSocket", peers.nchan_deflating, Stream("ws", "/socket"))
"""Nchan compresses only if it is told to when it publishes."""
