"""The supervisor: several serving processes, each with its own listening socket."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from livefeed.errors import StartupError

__all__ = ["supervise"]

_log = logging.getLogger("livefeed.supervisor")

LOOK_S = 0.5
RESTART_S = 1.0
"""A worker that keeps dying is not started more often than this."""

Job = tuple[Callable[..., None], tuple[Any, ...]]


class _Worker:
    def __init__(self, job: Job) -> None:
        self._job = job
        self.started_at = 0.0
        self.process: SpawnProcess
        self.start()

    def start(self) -> None:
        target, args = self._job
        self.process = multiprocessing.get_context("spawn").Process(target=target, args=args)
        self.process.start()
        self.started_at = time.monotonic()


def supervise(jobs: Sequence[Job], watch: Callable[[], bool] | None) -> None:
    """Run each job in a process of its own until SIGTERM or Ctrl-C, and start again what dies.

    The first signal is passed on, for the workers to drain; the second one ends them at once.
    ``watch`` is called now and then (the embedded Redis is looked after there).
    """
    stops = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal stops
        stops += 1
        for worker in workers:
            if worker.process.is_alive():
                worker.process.terminate()

    workers: list[_Worker] = []
    # Set before the first worker starts, so that none is left behind.
    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        workers.extend(_Worker(job) for job in jobs)
        while not stops:
            _look_after(workers, watch)
            time.sleep(LOOK_S)
        for worker in workers:
            worker.process.join()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _look_after(workers: list[_Worker], watch: Callable[[], bool] | None) -> None:
    for worker in workers:
        if not worker.process.is_alive() and time.monotonic() - worker.started_at > RESTART_S:
            _log.error("worker %s died (exit code %s); starting another", worker.process.pid, worker.process.exitcode)
            worker.start()
    if watch is not None:
        try:
            watch()
        except StartupError as error:
            _log.error("%s", error)
