"""The supervisor: several serving processes, each with its own listening socket."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerProcess
from types import FrameType
from typing import Any

from livefeed.errors import StartupError

__all__ = ["supervise"]

_log = logging.getLogger("livefeed.supervisor")

LOOK_S = 0.1
RESTART_S = 1.0
"""A worker that keeps dying is not started more often than this."""

# Workers are forked from a process that has done nothing but load the code: what does not change, they share.
_processes = multiprocessing.get_context("forkserver")

Job = tuple[Callable[..., None], tuple[Any, ...]]


class _Worker:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._told = 0
        self._started_at = 0.0
        self._process: ForkServerProcess
        self._start()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def _start(self) -> None:
        self._process = _processes.Process(target=_work, args=self._job)
        self._process.start()
        self._started_at = time.monotonic()

    def start_again_if_dead(self) -> None:
        if not self.is_alive and time.monotonic() - self._started_at > RESTART_S:
            _log.error(
                "worker %s died (exit code %s); starting another", self._process.pid, self._process.exitcode
            )
            self._start()

    def tell(self, stops: int) -> None:
        """Pass on that we were told to stop ``stops`` times by now."""
        if self._told < stops and self.is_alive:  # one at a look: two at once would arrive as one
            self._process.terminate()
            self._told += 1


def _work(target: Callable[..., None], args: tuple[Any, ...]) -> None:
    # A terminal sends Ctrl-C to the whole process group. The supervisor passes it on: with the
    # terminal's own it would be the second signal, which ends a worker without a drain.
    os.setpgid(0, 0)
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    target(*args)


def _outlive_nobody() -> None:
    """Drain when the supervisor has gone without a word: nobody would restart or end us any more."""
    supervisor = multiprocessing.parent_process()
    assert supervisor is not None
    supervisor.join()  # a pipe that ends with it
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def supervise(jobs: Sequence[Job], watch: Callable[[], object]) -> None:
    """Run each job in a process of its own until SIGTERM or Ctrl-C, and start again what dies.

    The first signal is passed on, for the workers to drain; the second one ends them at once.
    ``watch`` is called now and then (the embedded Redis is looked after there); what it says is wrong is
    logged.
    """
    stops = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal stops
        stops += 1

    _processes.set_forkserver_preload(sorted({target.__module__ for target, _ in jobs}))
    # Set before the first worker starts, so that none is left behind.
    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    workers: list[_Worker] = []
    try:
        workers.extend(_Worker(job) for job in jobs)
        while not stops:
            for worker in workers:
                worker.start_again_if_dead()
            try:
                watch()
            except StartupError as error:
                _log.error("%s", error)
            time.sleep(LOOK_S)
        while any(worker.is_alive for worker in workers):
            for worker in workers:
                worker.tell(stops)
            time.sleep(LOOK_S)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
