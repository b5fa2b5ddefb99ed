"""How long a page was busy at a time, from a trace: in time of its processor, whatever else runs there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Busy", "busy"]

_SCRIPTS = {"FunctionCall", "EvaluateScript", "v8.evaluateModule", "RunMicrotasks"}
_RENDERING = {"UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize", "Commit"}

Event = dict[str, Any]


@dataclass(frozen=True)
class Busy:
    """The longest run of our scripts, with the layout that they ask for, and of rendering; in ms."""

    script_ms: float = 0
    script: str = ""
    rendering_ms: float = 0


def busy(events: list[Event]) -> Busy:
    """The page is where a script from ``/static/`` runs; without any, nothing was busy."""
    threads: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in events:
        if event.get("ph") == "X" and "tdur" in event:
            threads[event["pid"], event["tid"]].append(event)
    ours = [each for each in threads.values() if any(_address(event) for event in each)]
    longest = Busy()
    for thread in ours:
        for task, parts in _tasks(sorted(thread, key=lambda event: (event["ts"], -event["dur"]))):
            rendering = sum(part["tdur"] for part in parts if part["name"] in _RENDERING) / 1000
            called = [address for part in parts if (address := _address(part))]
            script = task["tdur"] / 1000 - rendering if called else 0.0
            longest = Busy(
                max(longest.script_ms, script),
                called[0] if script > longest.script_ms else longest.script,
                max(longest.rendering_ms, rendering),
            )
    return longest


def _tasks(thread: list[Event]) -> Iterator[tuple[Event, list[Event]]]:
    """Each task with the scripts and the steps of rendering in it, without those within others."""
    task: Event | None = None
    parts: list[Event] = []
    for event in thread:
        if event["name"] == "RunTask" and (task is None or event["ts"] >= task["ts"] + task["dur"]):
            if task is not None:
                yield task, parts
            task, parts = event, []
        elif task is not None and event["name"] in _SCRIPTS | _RENDERING:
            within = parts[-1] if parts else {"ts": 0, "dur": 0}
            if event["ts"] >= within["ts"] + within["dur"]:
                parts.append(event)
    if task is not None:
        yield task, parts


def _address(event: Event) -> str:
    """Function and file of a script of ours."""
    data = event.get("args", {}).get("data", {})
    _, static, path = str(data.get("url", "")).partition("/static/")
    file = path.partition("/")[2]
    return f"{data.get('functionName', '')} in {file}" if static and event["name"] in _SCRIPTS else ""
