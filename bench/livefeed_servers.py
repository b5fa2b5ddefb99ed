"""livefeed, as an operator runs it, and on plain uvicorn."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from bench import messages
from bench.processes import Child
from bench.server import NotInstalled, Post, Server, free_port, wait_for_port

__all__ = ["EVENTS", "SOCKET", "plain", "serve"]

SOCKET = "/v1/feeds/news/socket"
EVENTS = "/v1/feeds/news/events"

_ROOT = Path(__file__).resolve().parent.parent
# This checkout's livefeed, wherever the bench is run from.
_ENVIRONMENT = {
    "PYTHONPATH": str(_ROOT),
    "PYTHONUNBUFFERED": "1",
    # All readers are of a few addresses, and come as fast as they can.
    "LIVEFEED_MAX_READERS_PER_ADDRESS": "0",
    "LIVEFEED_MAX_JOINS_PER_S": "0",
}


def _post(token: str) -> Post:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return Post(
        "/v1/feeds/news/updates",
        lambda number, body: json.dumps({"text": messages.text(number, body)}),
        headers,
    )


def serve(folder: Path, *, workers: int = 1, settings: dict[str, str] | None = None) -> Server:
    """``livefeed serve`` with its embedded Redis: every write on disk."""
    command = [sys.executable, "-m", "livefeed", "serve", "--port", "0", "--data-dir", folder / "data"]
    command += ["--workers", str(workers)]
    environment = {**_ENVIRONMENT, "LIVEFEED_DRAIN_S": "0", **(settings or {})}
    child = Child(command, env=environment, log=folder / "log")
    try:
        assert child.process.stdout is not None
        said = ""
        while "Token" not in said:
            line = child.process.stdout.readline().decode()
            if not line:
                child.process.wait()
            child.check()
            said += line
        address, token = re.search(r"http://[^:]+:(\d+)", said), re.search(r"lf_\S+", said)
        assert address is not None
        assert token is not None
        port = int(address[1])
        wait_for_port(child, port)
        return Server(port, _post(token[0]), [child])
    except BaseException:
        child.stop()
        raise


def plain(folder: Path) -> Server:
    """The same application on uvicorn's own server, which hands over no connection; a Redis as above."""
    if shutil.which("redis-server") is None:
        raise NotInstalled("redis-server is not on PATH")
    port, where = free_port(), folder / "redis.sock"
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--stream-node-max-entries", "1"]
    command = ["redis-server", "--port", "0", "--unixsocket", where, "--dir", folder, "--save", "", *durable]
    environment = {**_ENVIRONMENT, "LIVEFEED_REDIS_URL": f"unix://{where}"}
    redis = Child(command, log=folder / "redis.log")
    children = [redis]
    try:
        while not where.exists():
            redis.check()
        run = {"env": {**os.environ, **environment}, "capture_output": True, "text": True}
        livefeed = [sys.executable, "-m", "livefeed"]
        with suppress(subprocess.CalledProcessError):  # it may be there from the start
            subprocess.run([*livefeed, "feed", "create", "news"], check=True, **run)  # type: ignore[call-overload]
        made = subprocess.run(  # type: ignore[call-overload]
            [*livefeed, "token", "create", "bench", "--role", "admin"], check=True, **run
        )
        serving = [sys.executable, "-m", "uvicorn", "livefeed.app:create_app", "--factory"]
        options = ["--port", str(port), "--backlog", "4096", "--no-access-log", "--log-level", "warning"]
        uvicorn = Child(
            [*serving, *options, "--ws", "websockets-sansio"], env=environment, log=folder / "log"
        )
        children.insert(0, uvicorn)
        wait_for_port(uvicorn, port)
        return Server(port, _post(made.stdout.strip().split()[-1]), children)
    except BaseException:
        for child in children:
            child.stop()
        raise
