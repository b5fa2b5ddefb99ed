"""Child processes of the bench, and what they use: CPU time and memory, from /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["Child", "Failed", "cpu_ns", "rss_kb", "settle", "tree"]

_QUIET_NS = 1_500_000
_STOP_S = 60


class Failed(Exception):
    """A measurement that cannot be used; the message says why."""


class Child:
    """A process that we started and that we end; Ctrl-C in a terminal reaches only us."""

    def __init__(
        self, command: Sequence[object], *, env: Mapping[str, str] | None = None, log: Path | None = None
    ) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")}
        with contextlib.ExitStack() as stack:
            errors = stack.enter_context(log.open("ab")) if log is not None else None
            self.process = subprocess.Popen(
                [str(part) for part in command],
                env={**environment, **(env or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self.name, self._log = str(command[0]), log

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        """Raise ``Failed`` if it has ended."""
        if (code := self.process.poll()) is not None:
            said = self._log.read_text(errors="replace")[-500:] if self._log is not None else ""
            raise Failed(f"{self.name} ended with {code}. {said}".strip())

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                # What it started would outlive it: workers, its Redis.
                for pid in _descendants(self.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def tree(pid: int) -> list[int]:
    """A process and what it started, without a Redis (it does not serve readers)."""
    return [one for one in _descendants(pid) if not _name(one).startswith(("redis", "valkey"))]


def cpu_ns(pids: Sequence[int]) -> int:
    """CPU time that these processes have used, all threads, in ns (the scheduler's own count)."""
    total = 0
    for pid in pids:
        for task in _tasks(pid):
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total


def rss_kb(pids: Sequence[int]) -> int:
    """Their resident memory in KB; what several of them share is counted once (Linux's PSS)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def settle(pids: Sequence[int], *, at_most_s: float = 8.0) -> None:
    """Wait until they do next to nothing (under 3 % of a core for three looks in a row)."""
    deadline = time.monotonic() + at_most_s
    calm, before = 0, cpu_ns(pids)
    while calm < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
        after = cpu_ns(pids)
        calm = calm + 1 if after - before < _QUIET_NS else 0
        before = after


def _descendants(pid: int) -> list[int]:
    """A process, then what it started and they started."""
    found = [pid]
    for task in _tasks(pid):
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                found += _descendants(int(child))
    return found


def _tasks(pid: int) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from Path(f"/proc/{pid}/task").iterdir()


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""
