"""Live endpoints: WebSocket, server-sent events, long poll for readers; the first two for desks."""

from __future__ import annotations

from livefeed.web.streams.desk import desk_events, desk_routes
from livefeed.web.streams.events import events
from livefeed.web.streams.polls import changes
from livefeed.web.streams.sockets import SOCKET_PATH, no_socket, reader_routes, socket

__all__ = ["SOCKET_PATH", "changes", "desk_events", "events", "no_socket", "routes", "socket"]

routes = [*reader_routes, *desk_routes]
"""The others are in :mod:`livefeed.web.contract`, with their description."""
