"""Readers' live endpoints: WebSocket, server-sent events, long poll."""

from __future__ import annotations

from livefeed.web.streams.events import events
from livefeed.web.streams.polls import changes
from livefeed.web.streams.sockets import SOCKET_PATH, no_socket, routes, socket

__all__ = ["SOCKET_PATH", "changes", "events", "no_socket", "routes", "socket"]
