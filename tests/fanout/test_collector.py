"""The collector of a process that serves is told what stays; what comes later is freed as ever."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from livefeed.fanout import collector
from tests.livefeed_process import environment

SERVE = """
import gc
import os
import signal

from livefeed import serving
from livefeed.settings import load_settings


def say(line):
    print(gc.get_freeze_count(), *gc.get_threshold(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    serving.serve(load_settings(), demo=False, say=say)
"""


class Knot:
    """A cycle of itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def _settled() -> Iterator[None]:
    before = gc.get_threshold()
    collector.settle()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_a_process_that_serves_has_settled(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE],
        env=environment(port="0", data_dir=str(tmp_path / "data"), drain_s="0"),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    frozen, *thresholds = map(int, done.stdout.split())
    assert frozen > 20_000  # the modules and the routes
    assert tuple(thresholds) == collector.THRESHOLDS


@pytest.mark.usefixtures("_settled")
def test_cycles_are_still_freed() -> None:
    knots = [weakref.ref(Knot()) for _ in range(1000)]
    gc.collect()
    assert not any(knot() for knot in knots)


@pytest.mark.usefixtures("_settled")
def test_cycles_are_freed_without_asking() -> None:
    """Of many that come and go, no more are there than the young generation holds."""
    knots = [weakref.ref(Knot()) for _ in range(5 * collector.THRESHOLDS[0])]
    assert sum(knot() is not None for knot in knots) <= collector.THRESHOLDS[0]


@pytest.mark.usefixtures("_settled")
def test_cycles_that_have_come_of_age_are_freed_too() -> None:
    old = [Knot() for _ in range(2 * collector.THRESHOLDS[0])]
    gc.collect(1)
    watched = weakref.ref(old[0])
    del old
    gc.collect()
    assert watched() is None
