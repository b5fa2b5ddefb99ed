"""The table of systems: every one at every number of readers, best of three rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from bench.processes import Failed
from bench.rounds import Round, best, measure
from bench.server import NotInstalled, Server
from bench.systems import System

__all__ = ["Say", "measured"]

Say = Callable[[str], None]


def measured(
    systems: Sequence[System], readers: int, *, rounds: int, until: float, say: Say
) -> dict[str, dict[str, Any]]:
    """By system, its numbers; or a ``note`` why there are none.

    Rounds take turns, so that a noise hits all systems. A second or third round is left out if it would
    not be done by ``until`` (monotonic).
    """
    rows: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for system in systems:
            try:
                servers[system.key] = stack.enter_context(system.running())
            except NotInstalled as error:
                rows[system.key] = {"note": str(error)}
            except Failed as error:
                rows[system.key] = {"note": str(error), "failed": True}
        done: dict[str, list[Round]] = {key: [] for key in servers}
        took: dict[str, float] = {}
        for number in range(rounds):
            for system in systems:
                begun = time.monotonic()
                key = system.key
                if key in rows or (number and begun + took[key] > until):
                    continue
                say(f"{readers:,} readers, round {number + 1}: {system.title}")
                try:
                    done[key].append(measure(servers[key], system.stream, readers))
                except Failed as error:
                    rows[key] = {"note": str(error), "failed": True}
                took[key] = time.monotonic() - begun
    return rows | {key: best(each) for key, each in done.items() if key not in rows}
