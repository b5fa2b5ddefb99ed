"""Somebody else's page, on an origin of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.e2e.conftest import Server

__all__ = ["Host", "element", "host", "policy", "tag"]

_POLICY = "default-src 'none'; script-src {0}; connect-src {0} {1}; img-src https:"


class Host:
    """The same page at every path, but for ``files`` (path → type, content), which any site may load."""

    def __init__(self) -> None:
        self.html, self.policy = "", ""
        self.files: dict[str, tuple[str, bytes]] = {}
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = f"<!doctype html><title>Host</title>{host.html}".encode()
                kind, body = host.files.get(self.path, ("text/html; charset=utf-8", page))
                self.send_response(200)
                self.send_header("Content-Type", kind)
                if host.policy:
                    self.send_header("Content-Security-Policy", host.policy)
                if self.path in host.files:
                    self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


def tag(server: Server, attributes: str = 'data-feed="news"') -> str:
    return f'<script src="{server.url}/static/embed.js" {attributes} async></script>'


def element(server: Server, attributes: str = 'feed="news"', inside: str = "") -> str:
    """The element, and the script that makes it known."""
    return f'<live-feed src="{server.url}" {attributes}>{inside}</live-feed>{tag(server, "")}'


def policy(server: Server) -> str:
    """The lines that docs/embedding.md gives."""
    return _POLICY.format(server.url, server.url.replace("http", "ws", 1))
