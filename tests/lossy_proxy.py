"""A proxy before Redis that loses the reply to a commit after it ran, or holds one back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.redis_servers import RedisServer

__all__ = ["LossyProxy", "lossy_proxy"]


class LossyProxy:
    """Hands everything on, but the next ``lose`` replies to commits: it breaks the connection instead."""

    def __init__(self, server: RedisServer) -> None:
        self._target = server.socket
        self._socket = server.folder / "proxy.sock"
        self._connections: set[asyncio.Task[None]] = set()
        self.lose = 0
        self.hold: asyncio.Event | None = None
        """If set, the next reply to a script waits for it."""

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def socket(self) -> Path:
        return self._socket

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        back_reader, back_writer = await asyncio.open_unix_connection(self._target)
        scripts = asyncio.Event()
        ways = [
            asyncio.create_task(self._there(reader, back_writer, scripts)),
            asyncio.create_task(self._back(back_reader, writer, scripts)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()
            back_writer.close()
            self._connections.discard(task)

    async def _there(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scripts: asyncio.Event
    ) -> None:
        while request := await reader.read(1 << 20):
            if b"EVAL" in request and (b":idem:" in request or not self.lose):
                scripts.set()
            writer.write(request)

    async def _back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scripts: asyncio.Event
    ) -> None:
        while reply := await reader.read(1 << 20):
            if self.lose and scripts.is_set() and not reply.startswith(b"-NOSCRIPT"):
                self.lose -= 1
                return
            if self.hold and scripts.is_set():
                released, self.hold = self.hold, None
                await released.wait()
            scripts.clear()
            writer.write(reply)

    async def close(self) -> None:
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


@asynccontextmanager
async def lossy_proxy(server: RedisServer) -> AsyncIterator[LossyProxy]:
    proxy = LossyProxy(server)
    listener = await asyncio.start_unix_server(proxy.serve, proxy.socket)
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.close()
        proxy.socket.unlink(missing_ok=True)
