"""``livefeed serve`` as a process of its own, with its workers; ended by their pids."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.live import eventually
from tests.plain_http import plain_http
from tests.redis_servers import free_port

__all__ = ["ServeProcess", "serve_process"]


class ServeProcess:
    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self._log = process, port, log

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def workers(self) -> list[int]:
        """The pids of the processes that serve, beside the first one."""
        server = [pid for pid in _children(self.process.pid) if "multiprocessing.forkserver" in _command(pid)]
        return [pid for each in server for pid in _children(each)]

    async def up(self) -> None:
        """Wait until it serves."""
        await self._until_it_says("alive", "/healthz")

    async def draining(self) -> None:
        """Wait until the process that answers now sends its readers away."""
        await self._until_it_says("Draining", "/readyz")

    async def _until_it_says(self, word: str, path: str) -> None:
        deadline = time.monotonic() + 30
        async with plain_http(self.base, timeout=5) as http:
            while True:
                assert self.process.poll() is None, self.log
                with suppress(httpx.HTTPError):
                    if word in (await http.get(path)).text:
                        return
                assert time.monotonic() < deadline, self.log
                await asyncio.sleep(0.02)

    async def ended(self, within_s: float = 30.0) -> float:
        """Wait for its end; how many seconds that took."""
        began = time.monotonic()
        await eventually(lambda: self.process.poll() is not None, f"the end; its log: {self.log}", within_s)
        return time.monotonic() - began

    def kill(self) -> None:
        for pid in [*self.workers, self.process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


@asynccontextmanager
async def serve_process(
    redis_url: str, folder: Path, *arguments: str, **settings: Any
) -> AsyncIterator[ServeProcess]:
    port = free_port()
    command = [sys.executable, "-m", "livefeed", "serve", "--port", str(port), "--redis-url", redis_url]
    named = {f"LIVEFEED_{name.upper()}": str(value) for name, value in settings.items()}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *arguments],
            env=os.environ | named,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    served = ServeProcess(process, port, log)
    try:
        await served.up()
        yield served
    finally:
        served.kill()
