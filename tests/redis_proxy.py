"""A proxy before Redis: one address, behind which the server changes; and reads that can be held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.redis_servers import RedisServer

__all__ = ["RedisProxy", "redis_proxy"]

Connection = asyncio.Task[None] | None


class RedisProxy:
    """Hands everything on to ``server``."""

    def __init__(self, server: RedisServer, path: Path) -> None:
        self.server = server
        self._path = path
        self._reads_go_on = asyncio.Event()
        self._reads_go_on.set()
        self._connections: set[asyncio.Task[None]] = set()
        self._reading: set[Connection] = set()

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    def hold_reads(self) -> None:
        """Answers to ``XREAD`` come no more: a process whose hub has fallen behind."""
        self._reads_go_on.clear()

    def release_reads(self) -> None:
        self._reads_go_on.set()

    async def switch(self, server: RedisServer, *, reads_too: bool = True) -> None:
        """From now on another server is behind the address, as after a fail-over."""
        self.server = server
        await self.cut(reads_too=reads_too)

    async def cut(self, *, reads_too: bool = True) -> None:
        """Break all connections, or all but the ones that read."""
        tasks = [task for task in self._connections if reads_too or task not in self._reading]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):  # asyncio logs a handler that was cancelled
                await self._relay(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_unix_connection(self.server.socket)
        me = asyncio.current_task()
        answers = asyncio.create_task(self._answers(me, back_reader, writer))
        try:
            while request := await reader.read(1 << 20):
                if b"XREAD" in request:
                    self._reading.add(me)
                back_writer.write(request)
        finally:
            back_writer.close()
            self._reading.discard(me)
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)

    async def _answers(
        self, owner: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while answer := await reader.read(1 << 20):
                if owner in self._reading:
                    await self._reads_go_on.wait()
                writer.write(answer)
        finally:
            writer.close()


@asynccontextmanager
async def redis_proxy(server: RedisServer) -> AsyncIterator[RedisProxy]:
    path = server.folder / "proxy.sock"
    proxy = RedisProxy(server, path)
    listener = await asyncio.start_unix_server(proxy.serve, path)
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.cut()
        path.unlink(missing_ok=True)
