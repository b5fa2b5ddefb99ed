"""A proxy before Redis: one address, behind which the server changes; and reads that can be held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.redis_servers import RedisServer

__all__ = ["RedisProxy", "redis_proxy"]


class RedisProxy:
    """Hands everything on to ``server``."""

    def __init__(self, server: RedisServer, path: Path) -> None:
        self.server = server
        self._path = path
        self._reads_go_on = asyncio.Event()
        self._reads_go_on.set()
        self._connections: set[asyncio.Task[None]] = set()
        self._reading: set[asyncio.Task[None] | None] = set()

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    def hold_reads(self) -> None:
        """Answers to ``XREAD`` come no more: a process whose hub has fallen behind."""
        self._reads_go_on.clear()

    def release_reads(self) -> None:
        self._reads_go_on.set()

    async def switch(self, server: RedisServer) -> None:
        """From now on another server is behind the address, as after a fail-over."""
        self.server = server
        await self.cut()

    async def cut(self) -> None:
        """Break all connections."""
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(OSError):
                await self._relay(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_unix_connection(self.server.socket)
        answers = asyncio.create_task(self._answers(back_reader, writer))
        try:
            while request := await reader.read(1 << 20):
                if b"XREAD" in request:
                    self._reading.add(answers)
                back_writer.write(request)
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            back_writer.close()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = asyncio.current_task()
        while answer := await reader.read(1 << 20):
            if me in self._reading:
                await self._reads_go_on.wait()
            writer.write(answer)
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
