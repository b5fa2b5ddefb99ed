"""What children use, and that nothing of them stays."""

from __future__ import annotations

import sys
import time

import pytest

from bench import processes
from bench.processes import Child, Failed, cpu_ns, rss_kb, settle, tree

STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = subprocess.Popen([sys.executable, "-c", "while True: input()"], stdin=subprocess.PIPE)
print(inner.pid, flush=True)
signal.pause()
"""


def test_a_child_that_will_not_end_is_killed_with_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_STOP_S", 0.2)
    child = Child([sys.executable, "-c", STUBBORN])
    assert child.process.stdout is not None
    inner = int(child.process.stdout.readline())
    assert tree(child.pid) == [child.pid, inner]
    child.stop()
    assert child.process.returncode == -9
    while is_alive(inner):
        time.sleep(0.01)  # until its new parent has taken note


def is_alive(pid: int) -> bool:
    try:
        return rss_kb([pid]) > 0
    except OSError:
        return False


def test_cpu_time_and_memory_of_a_child() -> None:
    child = Child([sys.executable, "-c", "for i in range(3_000_000): pass\ninput()"])
    try:
        settle([child.pid])
        assert 1_000_000 < cpu_ns([child.pid]) < 10_000_000_000
        assert 2_000 < rss_kb([child.pid]) < 100_000
    finally:
        child.stop()


def test_a_child_that_has_ended_is_told() -> None:
    child = Child([sys.executable, "-c", "raise SystemExit(3)"])
    child.process.wait()
    with pytest.raises(Failed, match="ended with 3"):
        child.check()
    child.stop()
