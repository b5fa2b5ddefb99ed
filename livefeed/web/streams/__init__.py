"""Readers' live endpoints: WebSocket, server-sent events, long poll."""

from __future__ import annotations

from livefeed.web.streams.events import events
from livefeed.web.streams.polls import changes
from livefeed.web.streams.sockets import no_socket, routes

__all__ = ["changes", "events", "no_socket", "routes"]
