"""The broadcast that everybody writes first: a queue and a task for each client."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

__all__ = ["app"]

_queues: set[asyncio.Queue[str]] = set()


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    queue: asyncio.Queue[str] = asyncio.Queue()
    _queues.add(queue)
    sender = asyncio.create_task(_send(websocket, queue))
    try:
        async for _ in websocket.iter_text():
            pass
    finally:
        _queues.discard(queue)
        sender.cancel()


async def _send(websocket: WebSocket, queue: asyncio.Queue[str]) -> None:
    while True:
        await websocket.send_text(await queue.get())


async def _publish(request: Request) -> Response:
    text = (await request.body()).decode()
    for queue in _queues:
        queue.put_nowait(text)
    return Response()


app = Starlette(routes=[Route("/publish", _publish, methods=["POST"]), WebSocketRoute("/socket", _socket)])
