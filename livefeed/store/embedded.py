"""A private Redis in the data folder, for one machine without a Redis of its own.

States: **idle** (no lock) → ``start`` → **serving** (we hold ``livefeed.lock``, a server answers)
→ ``stop`` → idle. Files in the folder, beside the server's append-only file:

=================  ==========================================================================
``livefeed.lock``  held (flock) by the livefeed that serves the folder; names its process
``redis.lock``     held by the redis-server itself, through a descriptor it was given at birth
``redis.pid``      written by the server
``redis.sock``     the server's socket, or a link to it where this path is too long for one
``redis.version``  who wrote the data, as "redis 7.0.15"
``redis.log``      the server's log; ``redis.log.1`` the one before
=================  ==========================================================================

The kernel frees ``redis.lock`` when the last process holding it is gone, however it ended. So nobody
has to guess from a process id whether a server lives, and two never write to the same files.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from livefeed.errors import StartupError
from livefeed.store.data_folder import DataFolder, in_words
from livefeed.store.redis_binary import choose_binary
from livefeed.store.redis_probe import ask, describe

__all__ = ["EmbeddedRedis", "find_embedded"]

_logger = logging.getLogger(__name__)

_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "supervised": "no",
    "appendonly": "yes",
    # "Acknowledged means kept": the reply leaves after the fsync, also while the file is being rewritten.
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    # A command cut off at the end of the file was never acknowledged (see above), so dropping it breaks
    # no promise, while refusing would turn every power cut into a repair by hand. Damage anywhere
    # else is still refused.
    "aof-load-truncated": "yes",
    # The append-only file is the truth. Dumps beside it would be copies that keep deleted texts.
    "save": "",
    "auto-aof-rewrite-percentage": "100",
    "auto-aof-rewrite-min-size": str(16 * 1024 * 1024),
    "maxmemory-policy": "noeviction",
    # With more entries in a node, a deleted entry's text stays in the node, even in a rewritten file.
    "stream-node-max-entries": "1",
}
_LOG_BYTES = 1024 * 1024
_SILENCE_S = 30.0  # how long a new server may say nothing at all, not even that it is loading
_ORPHAN_SILENCE_S = 5.0
_SHUTDOWN_S = 10.0
_POLL_S = 0.01


class EmbeddedRedis:
    """The server and our hold on its folder. ``url`` and ``fresh`` mean something after ``start``."""

    def __init__(self, data_dir: Path) -> None:
        self.url = ""
        self.fresh = False  # no data in the folder before this start
        self._folder = DataFolder(data_dir)
        self._socket = Path()
        self._lock: int | None = None
        self._pid: int | None = None  # the server's; as it leads a session, also its group's
        self._child: subprocess.Popen[bytes] | None = None  # None for an adopted one
        # The owner's thread may still be in `ensure_running` when its loop ends and calls `stop`.
        self._one_at_a_time = threading.Lock()

    def start(self) -> None:
        """Take the folder and have a server answering in it.

        Raises:
            StartupError: in one sentence, why not.
        """
        with self._one_at_a_time, in_words(self._folder.path):
            self._lock = self._folder.take()
            try:
                self._socket = self._folder.place_socket()
                self.url = self._folder.url(self._socket)
                self.fresh = self._adopt_or_launch()
            except BaseException:
                self._let_go()
                raise

    def ensure_running(self) -> bool:
        """Start the server again if it died: True if it had. To be called now and then.

        Raises:
            StartupError: it did not come back. The next call tries again.
        """
        with self._one_at_a_time, in_words(self._folder.path):
            if self._lock is None:
                return False
            self._bound_log()
            if self._alive():
                return False
            _logger.warning("redis-server ended; starting it again. Its log ends: %s", self._last_words(0))
            self._launch()
            return True

    def stop(self) -> None:
        """End the server and leave the folder to others."""
        with self._one_at_a_time, in_words(self._folder.path):
            self._let_go()

    def _let_go(self) -> None:
        if self._lock is None:
            return
        try:
            self._end_server()
            self._folder.remove_socket(self._socket)
        finally:
            os.close(self._lock)
            self._lock = None

    def _adopt_or_launch(self) -> bool:
        """True if there is no data yet.

        A livefeed that was killed leaves its server behind. Taking it over risks nothing and takes no time.
        """
        if self._folder.has_server() and self._answers(_ORPHAN_SILENCE_S):
            facts = describe(self._socket)
            self._pid = facts.pid
            if self._settings().items() <= facts.settings.items():
                self._folder.note_writer(facts.version)
                _logger.info("took over redis-server %s of an earlier run", self._pid)
                return facts.empty
        return self._launch()

    def _launch(self) -> bool:
        # One that cannot be adopted, or the child of a dead one: rewriting the append-only file, it notices
        # within a second that its parent is gone.
        self._end_server()
        self._bound_log()
        log_start = self._folder.log.stat().st_size if self._folder.log.exists() else 0
        self._spawn()
        if not self._answers(_SILENCE_S):
            problem = "does not answer" if self._alive() else "ended at once"
            self._end_server()
            raise StartupError(
                f"redis-server {problem} in {self._folder.path}; the last line of redis.log there: "
                f"{self._last_words(log_start)}"
            )
        # Only now: had the server refused the files, they would still be its predecessor's.
        facts = describe(self._socket)
        self._folder.note_writer(facts.version)
        return facts.empty

    def _spawn(self) -> None:
        binary = choose_binary(self._folder.writer())
        self._folder.clean()
        settings = [part for name, value in self._settings().items() for part in (f"--{name}", value)]
        with self._folder.server_lock() as server_lock, self._folder.open_log() as log:
            self._child = subprocess.Popen(
                [binary.path, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,  # what it has to say before it knows of its log file
                stderr=log,
                cwd=self._folder.path,
                # Redis 7.2 and newer exit when LANG names a locale that this machine lacks.
                env={**os.environ, "LC_ALL": "C"},
                umask=0o077,  # the folder may be older than us and open to others
                start_new_session=True,  # a terminal's Ctrl-C is for us, not for it
                close_fds=True,
                pass_fds=[server_lock],
            )
        self._pid = self._child.pid

    def _settings(self) -> dict[str, str]:
        folder = self._folder
        return _SETTINGS | {
            "dir": str(folder.path),
            "unixsocket": str(self._socket),
            "pidfile": str(folder.pidfile),
            "logfile": str(folder.log),
        }

    def _answers(self, silence_s: float) -> bool:
        """Wait for the server; as long as it says that it is loading, for as long as it takes."""
        deadline = time.monotonic() + silence_s
        while time.monotonic() < deadline:
            state = ask(self._socket)
            if state == "ready":
                return True
            if state == "loading":
                deadline = time.monotonic() + silence_s
            elif not self._alive():
                return False
            time.sleep(_POLL_S)
        return False

    def _alive(self) -> bool:
        if self._child is not None and self._child.poll() is not None:
            return False
        return self._folder.has_server()

    def _end_server(self) -> None:
        """SIGTERM is SHUTDOWN. SIGKILL loses nothing that was acknowledged either."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + _SHUTDOWN_S
            self._pid = self._pid or self._folder.server_pid()
            # As long as somebody in its session holds the lock, the kernel gives its id to nobody else.
            if self._pid is not None and self._folder.has_server():
                with suppress(ProcessLookupError):
                    os.killpg(self._pid, number)
            while self._folder.has_server() and time.monotonic() < deadline:
                time.sleep(_POLL_S)
        if self._folder.has_server():
            raise StartupError(
                f"A redis-server of an earlier run (process {self._pid or 'unknown'}) still works in "
                f"{self._folder.path} and does not end: end it, then start again."
            )
        if self._child is not None:
            self._child.wait()
        self._child = self._pid = None

    def _bound_log(self) -> None:
        """The server opens its log anew for every line, so this may be done under its feet."""
        log = self._folder.log
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_name("redis.log.1"))

    def _last_words(self, start: int) -> str:
        with suppress(FileNotFoundError), open(self._folder.log, "rb") as log:
            log.seek(start)
            lines = log.read(_LOG_BYTES).decode(errors="replace").split("\n")
            # without "71:M 22 Nov 2026 09:48:01.123 # "
            said = [re.sub(r"^\d+:\w .*? [.\-*#] ", "", line).strip() for line in lines]
            return next((line for line in reversed(said) if line), "(nothing)")
        return "(nothing)"


def find_embedded(data_dir: Path) -> str | None:
    """The URL of the server that runs in the folder; None if none answers."""
    folder = DataFolder(data_dir)
    socket = folder.find_socket()
    return folder.url(socket) if socket is not None and ask(socket) != "silent" else None
