"""The other systems: a C loop, Starlette written naively, Nchan, Centrifugo, Mercure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

from bench import messages
from bench.building import build
from bench.processes import Child, Failed
from bench.server import NotInstalled, Post, Server, free_port, wait_for_port, written

__all__ = ["CENTRIFUGO_CONNECT", "centrifugo", "limit", "mercure", "naive", "nchan", "nchan_deflating"]

_ROOT = Path(__file__).resolve().parent.parent
_NCHAN_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_SECRET = "the bench's own secret, of more than 256 bits"
_RAW = {"Content-Type": "application/json"}


def _listening(child: Child, port: int, post: Post) -> Server:
    try:
        wait_for_port(child, port)
    except BaseException:
        child.stop()
        raise
    return Server(port, post, [child])


def _on_path(name: str) -> str:
    if (found := shutil.which(name)) is None:
        raise NotInstalled(f"{name} is not on PATH")
    return found


def limit(folder: Path) -> Server:
    """``limit.c``: what sending alone costs."""
    child = Child([build("limit")], log=folder / "log")
    assert child.process.stdout is not None
    line = child.process.stdout.readline().decode().split()
    if len(line) != 2:
        child.stop()
        raise Failed("limit.c did not start")
    return _listening(child, int(line[1]), Post("/publish", messages.change))


def naive(folder: Path) -> Server:
    """``naive.py`` on uvicorn."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.naive:app", "--port", str(port)]
    command += ["--backlog", "4096", "--ws", "websockets-sansio", "--no-access-log", "--log-level", "warning"]
    child = Child(command, env={"PYTHONPATH": str(_ROOT)}, log=folder / "log")
    return _listening(child, port, Post("/publish", messages.change))


def nchan(folder: Path, *, publisher: str = "") -> Server:
    """nginx with Nchan: one worker, messages kept in memory."""
    nginx, port = _on_path("nginx"), free_port()
    if not _NCHAN_MODULE.exists():
        raise NotInstalled("libnginx-mod-nchan is not installed")
    temporary = [f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi")]
    temporary += [f"{kind}_temp_path {folder}/{kind};" for kind in ("uwsgi", "scgi")]
    subscriber = "nchan_channel_id bench; nchan_subscriber_first_message newest;"
    config = written(
        folder,
        "nginx.conf",
        [
            f"load_module {_NCHAN_MODULE};",
            "daemon off; worker_processes 1; worker_rlimit_nofile 20000;",
            f"pid {folder}/nginx.pid; error_log stderr warn;",
            "events { worker_connections 19900; }",
            "http {",
            "  access_log off; keepalive_requests 1000000; nchan_shared_memory_size 128M;",
            *temporary,
            "  server {",
            f"    listen 127.0.0.1:{port} backlog=4096;",
            "    location = /publish {",
            f"      nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 10; {publisher}",
            "    }",
            f"    location = /socket {{ nchan_subscriber websocket; {subscriber} }}",
            f"    location = /events {{ nchan_subscriber eventsource; {subscriber} }}",
            "  }",
            "}",
        ],
    )
    child = Child([nginx, "-p", folder, "-c", config], log=folder / "log")
    return _listening(child, port, Post("/publish", messages.change, _RAW))


def nchan_deflating(folder: Path) -> Server:
    """The same, which also keeps a compressed copy of each message for the WebSockets that take it."""
    return nchan(folder, publisher="nchan_deflate_message_for_websocket on;")


def _jwt(claims: object) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    return signed + "." + part(hmac.digest(_SECRET.encode(), signed.encode(), hashlib.sha256))


CENTRIFUGO_CONNECT = "cf_connect=" + quote(json.dumps({"token": _jwt({"sub": "", "channels": ["bench"]})}))
"""How a reader joins: an anonymous user, whose token subscribes it on the server's side."""


def centrifugo(folder: Path) -> Server:
    """Centrifugo 6.3 or newer (``cf_connect`` on WebSockets), its unidirectional transports.

    Written from its documentation; it could not be tried where this was written.
    """
    binary, port = _on_path("centrifugo"), free_port()
    settings = {
        "http_server": {"address": "127.0.0.1", "port": port},
        "log": {"level": "error"},
        "client": {"token": {"hmac_secret_key": _SECRET}},
        "http_api": {"key": _SECRET},
        "uni_websocket": {"enabled": True},
        "uni_sse": {"enabled": True},
    }
    config = written(folder, "config.json", [json.dumps(settings)])
    child = Child([binary, f"--config={config}"], log=folder / "log")
    post = Post(
        "/api/publish",
        lambda number, body: f'{{"channel":"bench","data":{messages.change(number, body)}}}',
        {**_RAW, "X-API-Key": _SECRET},
    )
    return _listening(child, port, post)


def mercure(folder: Path) -> Server:
    """Mercure 0.17 to 0.x (1.0 has other tokens and parameters), without a history.

    Written from its documentation; it could not be tried where this was written.
    """
    binary, port = _on_path("mercure"), free_port()
    config = written(
        folder,
        "Caddyfile",
        [
            "{",
            "  admin off",
            "  auto_https off",
            "}",
            f"http://127.0.0.1:{port} {{",
            "  mercure {",
            "    transport local",
            f'    publisher_jwt "{_SECRET}"',
            f'    subscriber_jwt "{_SECRET}"',
            "    anonymous",
            "    write_timeout 0s",
            "  }",
            "}",
        ],
    )
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(folder))
    command = [binary, "run", "--config", config, "--adapter", "caddyfile"]
    child = Child(command, env=homes, log=folder / "log")
    post = Post(
        "/.well-known/mercure",
        lambda number, body: urlencode({"topic": "bench", "data": messages.change(number, body)}),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Bearer {_jwt({'mercure': {'publish': ['*']}})}",
        },
    )
    return _listening(child, port, post)
