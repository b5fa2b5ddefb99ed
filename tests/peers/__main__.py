"""Verify streams with other people's programs: ``python -m tests.peers FOLDER``; run it by scripts/peers.

``FOLDER`` has ``node_modules`` with ``ws`` and ``eventsource``; all files made go there. For each way to
livefeed (direct, nginx, Caddy) all readers are connected at once, and 20 updates are published, each when
the one before has reached all. Where the way has a cache, it is seen how long that shows what was deleted.
Prints a line for each check; exits with 1 if one failed.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import httpx

from tests.livefeed_process import Livefeed
from tests.peers.caches import verify_cache
from tests.peers.proxies import CACHE, PROXIES, running
from tests.peers.readers import Curl, CurlPolls, Node, NodeReader, Polls, RawEvents, RawSocket, Reader
from tests.peers.report import Report

UPDATES = 20
PROMPT_S = 1.0
END_S = 20.0
LONG = "The council met again, and the council adjourned again. " * 8
OURS: tuple[type[Reader], ...] = (RawSocket, RawEvents, Polls, Curl, CurlPolls)
BYE = {"websocket": 1012, "sse": "last chunk"}


async def all_of(
    readers: Sequence[Reader], condition: Callable[[Reader], object], within_s: float
) -> dict[Reader, float]:
    """Wait until ``condition`` holds for each; after how many seconds it did, for those where it did."""
    began = time.monotonic()

    async def wait(reader: Reader) -> float:
        while not condition(reader):
            reader.news.clear()
            await reader.news.wait()
        return time.monotonic() - began

    async def bounded(reader: Reader) -> float | None:
        try:
            return await asyncio.wait_for(wait(reader), within_s)
        except TimeoutError:
            return None

    found = zip(readers, await asyncio.gather(*map(bounded, readers)), strict=True)
    return {reader: took for reader, took in found if took is not None}


class Way:
    """All readers on one way to livefeed, and two beside it to compare bytes with."""

    def __init__(self, name: str, url: str, livefeed: Livefeed, script: Path, report: Report) -> None:
        self.name, self.livefeed, self.report = name, livefeed, report
        self.feed = name.replace(" ", "-")
        self.node = Node(script, url, self.feed)
        self.own = [kind(url, self.feed, packed=packed) for kind in OURS for packed in (False, True)]
        self.beside = [kind(livefeed.url, self.feed, packed=True) for kind in OURS[:2]]
        self.readers: list[Reader] = [*self.own, *self.node.readers]
        self.slowest: dict[Reader, float] = {}
        self.problems: dict[Reader, str] = {}

    async def verify(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/v1/feeds", json={"slug": self.feed, "title": self.name})
        answer.raise_for_status()
        works = [*(reader.read() for reader in [*self.own, *self.beside]), self.node.read()]
        reading = [asyncio.create_task(work) for work in works]
        try:
            await self._publish(http)
            self._tell()
            await self._stop()
            if self.name == "direct":
                await self._come_back(http)
        finally:
            for task in reading:
                task.cancel()
            for outcome in await asyncio.gather(*reading, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, httpx.HTTPError):
                    self.report.say(self.name, "a reader failed", repr(outcome))

    async def _publish(self, http: httpx.AsyncClient) -> None:
        everybody = [*self.readers, *self.beside]
        await all_of(everybody, lambda reader: reader.messages, END_S)  # programs take time to start
        for reader in everybody:
            if not reader.messages or reader.messages[0].get("recovered") is not False:
                self.problems[reader] = "no snapshot came at first"
        for number in range(1, UPDATES + 1):
            waiting = asyncio.create_task(
                all_of(everybody, lambda reader, n=number: len(reader.texts) >= n, PROMPT_S)  # type: ignore[misc]
            )
            answer = await http.post(f"/v1/feeds/{self.feed}/updates", json={"text": f"{number} {LONG}"})
            answer.raise_for_status()
            took = await waiting
            for reader in everybody:
                if reader not in took:
                    self.problems.setdefault(reader, f"update {number} did not come within {PROMPT_S} s")
                self.slowest[reader] = max(self.slowest.get(reader, 0.0), took.get(reader, PROMPT_S))

    def _tell(self) -> None:
        wanted = [str(number) for number in range(1, UPDATES + 1)]
        for reader in self.readers:
            if [text.split()[0] for text in reader.texts] != wanted:
                self.problems.setdefault(reader, f"lost or doubled: {len(reader.texts)} updates")
            if reader.transport != "poll" and reader.packed != reader.offers:
                self.problems.setdefault(reader, f"compressed: {reader.packed}")
            good = f"{UPDATES} updates one by one, the slowest in {self.slowest[reader] * 1000:.0f} ms"
            self.report.say(self.name, reader.name, self.problems.get(reader, ""), good)
        for other in self.beside:
            plain, packed = (reader for reader in self.own if type(reader) is type(other))
            sizes = sum(map(len, packed.wire)), sum(map(len, plain.wire))
            problem = "" if packed.wire == other.wire else "not the bytes that livefeed sent"
            if not problem and sizes[0] >= 0.8 * sizes[1]:
                problem = f"{sizes[0]} bytes of {sizes[1]}"
            good = f"{sizes[0]} bytes of {sizes[1]}, as livefeed sent them"
            self.report.say(self.name, f"{packed.transport:9} bytes on the wire", problem, good)

    async def _stop(self) -> None:
        """A graceful stop: each stream ends with a bye, and as its transport ends."""
        stopping = asyncio.create_task(asyncio.to_thread(self.livefeed.stop))
        streams = [reader for reader in self.readers if reader.transport != "poll"]
        await all_of(streams, lambda reader: reader.end is not None, END_S)
        await stopping
        for reader in streams:
            last = reader.messages[-1] if reader.messages else {}
            wanted = BYE[reader.transport]
            if isinstance(reader, Curl):
                wanted = "exit 0"
            elif isinstance(reader, NodeReader) and reader.transport == "sse":
                wanted = "comes back"
            problem = ""
            if last.get("reason") != "drain" or not last.get("retry"):
                problem = f"no bye: {str(last)[:80]}"
            elif reader.end != wanted:
                problem = f"ended with {reader.end}, not {wanted}"
            self.report.say(self.name, reader.name, problem, f"bye, then {reader.end}")

    async def _come_back(self, http: httpx.AsyncClient) -> None:
        """``eventsource`` comes back by itself with its Last-Event-ID."""
        await asyncio.to_thread(self.livefeed.start)
        again = [reader for reader in self.node.readers if reader.transport == "sse"]
        answer = await http.post(f"/v1/feeds/{self.feed}/updates", json={"text": f"{UPDATES + 1} {LONG}"})
        answer.raise_for_status()
        wanted = [str(number) for number in range(1, UPDATES + 2)]
        await all_of(again, lambda reader: len(reader.texts) > UPDATES, END_S)
        for reader in again:
            lost = [text.split()[0] for text in reader.texts] != wanted
            problem = f"lost or doubled: {len(reader.texts)} updates" if lost else ""
            self.report.say(self.name, reader.name, problem, "came back, nothing lost or doubled")


async def verify(folder: Path) -> int:
    report = Report()
    script = folder / "node.mjs"  # beside the packages, where Node looks for them
    shutil.copy(Path(__file__).with_name("node.mjs"), script)
    livefeed = Livefeed(folder, drain_s="1", ping_s="0.5", trusted_proxies="127.0.0.1")
    try:
        for name in ("direct", *PROXIES):
            await asyncio.to_thread(livefeed.start)
            try:
                await _verify_way(name, livefeed, folder, script, report)
            except FileNotFoundError as error:
                report.say(name, "is not installed", str(error))
            await asyncio.to_thread(livefeed.stop)
    finally:
        livefeed.clean_up()
    print(f"peers: {report.checks} checks, {report.failures} failed")
    return 1 if report.failures else 0


async def _verify_way(name: str, livefeed: Livefeed, folder: Path, script: Path, report: Report) -> None:
    headers = {"Authorization": f"Bearer {livefeed.token}"}
    upstream = livefeed.url.removeprefix("http://")
    way = nullcontext(livefeed.url) if name == "direct" else running(name, upstream, folder)
    with way as url:
        async with httpx.AsyncClient(base_url=livefeed.url, headers=headers, trust_env=False) as http:
            if name == CACHE:
                await verify_cache(url, http, report)
            await Way(name, url, livefeed, script, report).verify(http)


async def main() -> int:
    """Ended by SIGTERM too, it stops all that it started."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await verify(Path(sys.argv[1]))
    except asyncio.CancelledError:
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
