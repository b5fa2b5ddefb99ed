"""The folder of the embedded Redis: its locks, its marker, where its socket is. Knows no server."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from livefeed.errors import StartupError
from livefeed.store.redis_binary import RedisVersion

__all__ = ["DataFolder", "in_words"]

# sun_path has 108 bytes on Linux and 104 elsewhere, with the NUL.
_SOCKET_BYTES = 107 if sys.platform == "linux" else 103


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Whatever the system says about the folder becomes a sentence."""
    try:
        yield
    except OSError as error:
        raise StartupError(
            f"The data folder {path} cannot be used ({error.strerror or error}): "
            "make it a folder that this user may write to, or choose another with --data-dir."
        ) from error


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.log = self.path / "redis.log"
        self.pidfile = self.path / "redis.pid"
        self._lock = self.path / "livefeed.lock"
        self._server_lock = self.path / "redis.lock"
        self._marker = self.path / "redis.version"
        self._link = self.path / "redis.sock"

    # Locks

    def take(self) -> int:
        """Make the folder if need be and lock it, until the returned descriptor is closed."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _flock(self._lock)
        if lock is None:
            holder = self._lock.read_text().strip() or "unknown"
            raise StartupError(
                f"Another livefeed (process {holder}) already serves {self.path}: stop it, "
                "or choose another folder with --data-dir."
            )
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock

    @contextmanager
    def server_lock(self) -> Iterator[int]:
        """The descriptor to hand to a server at its birth; closing ours leaves the lock to it alone."""
        lock = _flock(self._server_lock)
        if lock is None:
            raise StartupError(f"A redis-server already works in {self.path}: end it, then start again.")
        try:
            yield lock
        finally:
            os.close(lock)

    def has_server(self) -> bool:
        """To be asked by the holder of the folder only: the question takes the lock for an instant."""
        lock = _flock(self._server_lock)
        if lock is not None:
            os.close(lock)
        return lock is None

    # Data

    def writer(self) -> RedisVersion | None:
        """Who wrote the data; None if there is none."""
        marked = self._read_marker()
        parts = self.path / "appendonlydir"
        if parts.exists() and (marked is None or marked.release < (7, 0)):
            # Its server was killed before the marker was written, or the marker was lost.
            return RedisVersion("redis", (7, 0))
        dump, single = self.path / "dump.rdb", self.path / "appendonly.aof"
        if dump.exists() and not parts.exists() and not single.exists():
            raise StartupError(
                f"{self.path} has a dump.rdb but no append-only file, so Redis would start empty: "
                "load the dump into a Redis of its own and set LIVEFEED_REDIS_URL, or move it away."
            )
        return marked

    def _read_marker(self) -> RedisVersion | None:
        if not self._marker.exists():
            return None
        version = RedisVersion.parse(self._marker.read_text(errors="replace"))
        if version is None:
            raise StartupError(
                f"{self._marker} does not name the server that wrote the data: write its name and "
                "version there, as “redis 7.0.15”."
            )
        return version

    def note_writer(self, version: RedisVersion) -> None:
        if self._marker.exists() and self._read_marker() == version:
            return
        draft = self._marker.with_suffix(".new")
        with open(draft, "w", opener=_private_file) as file:
            file.write(f"{version}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._marker)

    def open_log(self) -> BinaryIO:
        return open(self.log, "ab", opener=_private_file)

    def server_pid(self) -> int | None:
        with suppress(FileNotFoundError, ValueError):
            return int(self.pidfile.read_text())
        return None

    def clean(self) -> None:
        """Remove what a dead server left: its id, and unfinished rewrites, where deleted texts live on."""
        self.pidfile.unlink(missing_ok=True)
        for leftover in self.path.glob("temp-*.aof"):
            leftover.unlink()

    # Socket

    def place_socket(self) -> Path:
        """Where the server's socket is to be: in the folder, or elsewhere behind a link if too long."""
        if _fits(self._link):
            return self._link
        if (known := self._linked()) is not None:
            return known
        socket = Path(tempfile.mkdtemp(prefix="livefeed-")) / "redis.sock"
        if not _fits(socket):
            socket.parent.rmdir()
            raise StartupError(
                f"{self._link} and {socket} are both too long for a socket: "
                "choose a shorter --data-dir or set TMPDIR to a shorter path."
            )
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(socket)
        return socket

    def find_socket(self) -> Path | None:
        return self._link if _fits(self._link) else self._linked()

    def remove_socket(self, socket: Path) -> None:
        if socket != self._link:
            self._link.unlink(missing_ok=True)
            with suppress(OSError):
                socket.parent.rmdir()

    def _linked(self) -> Path | None:
        """The socket elsewhere, if its folder is still ours: after a clean-up of the temporary folder
        anybody may have made one with the same name."""
        try:
            socket = Path(os.readlink(self._link))
            owner = os.lstat(self._link).st_uid
            folder = os.lstat(socket.parent)
        except OSError:
            return None
        private = stat.S_ISDIR(folder.st_mode) and stat.S_IMODE(folder.st_mode) == 0o700
        return socket if private and folder.st_uid == owner else None

    @staticmethod
    def url(socket: Path) -> str:
        return f"unix://{quote(str(socket))}"


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= _SOCKET_BYTES


def _private_file(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _flock(path: Path) -> int | None:
    """Lock a file; None if somebody holds it. Python's descriptors are not inherited unless asked to."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
