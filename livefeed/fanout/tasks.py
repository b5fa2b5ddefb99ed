"""Tasks that several wait for, and the ending of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any, TypeVar

__all__ = ["end", "share"]

K = TypeVar("K")
T = TypeVar("T")

_AGAIN_S = 0.1


async def share(running: dict[K, asyncio.Task[T]], key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What the task under ``key`` comes to, begun if there is none; who leaves takes nobody along."""
    if (task := running.get(key)) is None:
        task = running[key] = asyncio.create_task(work())

        def forget(done: asyncio.Task[T]) -> None:
            running.pop(key, None)
            if not done.cancelled():
                done.exception()  # looked at here, for all who waited may have left

        task.add_done_callback(forget)
    return await asyncio.shield(task)


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they are done. Once is not enough: redis-py may take it for a lost connection."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_AGAIN_S)
