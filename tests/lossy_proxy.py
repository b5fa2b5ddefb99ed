"""A proxy before Redis that loses the reply to a script after it ran."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.redis_servers import RedisServer

__all__ = ["LossyProxy", "lossy_proxy"]


class LossyProxy:
    """Hands everything on, but the next ``lose`` replies to scripts: it breaks the connection instead."""

    def __init__(self, server: RedisServer) -> None:
        self._target = server.socket
        self._socket = server.folder / "proxy.sock"
        self._connections: set[asyncio.Task[None]] = set()
        self.lose = 0

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
        try:
            with suppress(ConnectionError):
                await self._relay(reader, writer, back_reader, back_writer)
        finally:
            writer.close()
            back_writer.close()
            self._connections.discard(task)

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back_reader: asyncio.StreamReader,
        back_writer: asyncio.StreamWriter,
    ) -> None:
        """One request at a time, as redis-py sends them."""
        while request := await reader.read(1 << 20):
            back_writer.write(request)
            reply = await back_reader.read(1 << 20)
            if self.lose and b"EVAL" in request and not reply.startswith(b"-NOSCRIPT"):
                self.lose -= 1
                return
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
