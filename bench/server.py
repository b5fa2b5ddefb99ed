"""A running server of one system: its processes, and how to publish to it."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from bench.processes import Child, Failed, cpu_ns, rss_kb, settle, tree

__all__ = ["NotInstalled", "Post", "Publisher", "Server", "free_port", "wait_for_port", "written"]

_START_S = 20.0
_ANSWER_S = 60.0


class NotInstalled(Exception):
    """The system is not on this machine; the message is what its row says."""


@dataclass(frozen=True)
class Post:
    """A request that publishes; ``body`` makes it from an update's number and text."""

    path: str
    body: Callable[[int, str], str]
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, number: int, body: str) -> bytes:
        content = self.body(number, body).encode()
        head = [f"POST {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + content


@dataclass
class Server:
    """``children``: the one that serves comes first, what it needs (a Redis) after it."""

    port: int
    post: Post
    children: list[Child]

    def pids(self) -> list[int]:
        self.children[0].check()
        return tree(self.children[0].pid)

    def cpu_ns(self) -> int:
        return cpu_ns(self.pids())

    def rss_kb(self) -> int:
        return rss_kb(self.pids())

    def settle(self) -> None:
        settle(self.pids())

    def publisher(self) -> Publisher:
        return Publisher(self.port, self.post)

    def stop(self) -> None:
        for child in self.children:
            child.stop()


class Publisher:
    """One connection that publishes. The answer is read apart, after the readers have the update.

    It is made for a few updates at a time: uvicorn closes one that is idle for five seconds.
    """

    def __init__(self, port: int, post: Post) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._post = post

    def send(self, number: int, body: str) -> int:
        """Publish; returns when (monotonic, ns), taken just before."""
        request = self._post.request(number, body)
        begun = time.monotonic_ns()
        self._socket.sendall(request)
        return begun

    def answer(self) -> None:
        answer = http.client.HTTPResponse(self._socket, method="POST")
        try:
            answer.begin()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"publishing was not answered: {error!r}") from error
        if answer.status >= 300:
            raise Failed(f"publishing was answered {answer.status}: {said[:200]!r}")

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for_port(child: Child, port: int) -> None:
    """Wait until the child listens.

    Raises:
        Failed: it ended, or does not listen in time.
    """
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        child.check()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failed(f"{child.name} does not listen on port {port}")


def written(folder: Path, name: str, lines: Sequence[str]) -> Path:
    """A configuration file in the server's folder."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path
