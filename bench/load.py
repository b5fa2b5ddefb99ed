"""Drives the load client ``load.c``: many readers in one process, each of which counts every delivery."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from bench.building import build
from bench.processes import Child, Failed

__all__ = ["Load", "Report", "Stream"]

DEADLINE_S = 60.0


@dataclass(frozen=True)
class Stream:
    """What a reader asks for. ``greets``: the server's first message is not an update."""

    kind: str  # ws or sse
    path: str
    greets: bool = False
    headers: tuple[str, ...] = ()

    def compressed(self) -> Stream:
        offer = (
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
            if self.kind == "ws"
            else "Accept-Encoding: gzip"
        )
        return Stream(self.kind, self.path, self.greets, (*self.headers, offer))


@dataclass(frozen=True)
class Report:
    """What came of some updates. Times are from publishing, in ms.

    ``first_ms`` and ``last_ms``: when the first and the last reader had each update. ``fan_s``: the time
    between the two, in sum; ``fan_cpu_s``: the load client's own CPU time in it.
    """

    readers: int
    deliveries: int
    missing: int
    doubled: int
    misordered: int
    compressed: int
    bytes: int
    reads: int
    segments: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    fan_s: float
    fan_cpu_s: float
    first_ms: list[float]
    last_ms: list[float]

    def check(self, *, in_order: bool = True) -> None:
        """Raise ``Failed`` unless each reader had each update exactly once."""
        wrong = [
            f"{number} deliveries {word}"
            for number, word in (
                (self.missing, "lost"),
                (self.doubled, "doubled"),
                (self.misordered if in_order else 0, "out of order"),
            )
            if number
        ]
        if wrong:
            raise Failed(", ".join(wrong))


class Load:
    """One load client, as a context manager; it ends with us."""

    def __init__(self, port: int, stream: Stream, *, source: str = "127.0.0.1", in_flight: int = 256) -> None:
        command = [build("load"), "127.0.0.1", str(port), stream.kind, stream.path, source]
        for header in stream.headers:
            command += ["--header", header]
        command += ["--in-flight", str(in_flight), *(["--skip-first"] if stream.greets else [])]
        self._child = Child(command)
        self._said = b""

    def __enter__(self) -> Load:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.stop()

    def open(self, readers: int, *, timeout_s: float = 120.0) -> float:
        """Connect so many more readers; the seconds until all have joined."""
        self.begin_to_open(readers)
        return self.joined(timeout_s=timeout_s)

    def begin_to_open(self, readers: int) -> None:
        self._tell(f"open {readers}")

    def joined(self, *, timeout_s: float = 120.0) -> float:
        return float(self._wait("joined", timeout_s)[1])

    def expect(self, first: int, count: int) -> None:
        self._tell(f"expect {first} {count}")
        self._wait("ready", DEADLINE_S)

    def everywhere(self, *numbers: int, timeout_s: float = DEADLINE_S) -> bool:
        """Wait until every reader has these updates; False if that does not happen in time."""
        missing = set(numbers)
        deadline = time.monotonic() + timeout_s
        try:
            while missing:
                missing.discard(int(self._wait("all", deadline - time.monotonic())[0]))
        except TimeoutError:
            return False
        return True

    def report(self, published: Sequence[int]) -> Report:
        """What came of the expected updates, which were ``published`` at these times (monotonic, ns)."""
        self._tell("report " + " ".join(map(str, published)))
        found: dict[str, Any] = json.loads(self._wait("{", DEADLINE_S)[0])
        updates = [update for update in found.pop("updates") if update]
        for name in ("first_ms", "last_ms"):
            found[name] = [update[name] for update in updates]
        return Report(**found)

    def stall(self, readers: int) -> None:
        self._tell(f"stall {readers}")
        self._wait("stalled", DEADLINE_S)

    def close(self) -> None:
        self._tell("close")
        self._wait("closed", DEADLINE_S)

    def _tell(self, line: str) -> None:
        stdin = self._child.process.stdin
        assert stdin is not None
        try:
            stdin.write(line.encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            self._wait("", DEADLINE_S)  # says why it ended

    def _wait(self, word: str, timeout_s: float) -> list[str]:
        """The words after ``word`` in the next line that begins with it."""
        deadline = time.monotonic() + timeout_s
        while True:
            line = self._line(deadline)
            if line.startswith("error "):
                raise Failed(line.removeprefix("error "))
            if word == "{" and line.startswith("{"):
                return [line]
            if line.split(" ")[0] == word:
                return line.split(" ")[1:]

    def _line(self, deadline: float) -> str:
        stdout = self._child.process.stdout
        assert stdout is not None
        while b"\n" not in self._said:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise TimeoutError("the readers have not got it all in time")
            data = os.read(stdout.fileno(), 65536)
            if not data:
                raise Failed("the load client ended")
            self._said += data
        line, _, self._said = self._said.partition(b"\n")
        return line.decode(errors="replace")
