"""``livefeed`` as an operator runs it: in a process of its own, ended by its pid."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["Livefeed", "command", "run_command"]

_DEADLINE_S = 30.0


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of livefeed's own, but with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")}
    return (
        kept
        | {"PYTHONUNBUFFERED": "1"}
        | {f"LIVEFEED_{name.upper()}": value for name, value in settings.items()}
    )


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "livefeed", *map(str, arguments)]


def run_command(*arguments: str | Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments),
        input=stdin,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=_DEADLINE_S,
        check=False,
    )


class Livefeed:
    """``livefeed serve`` on a free port, with its data in ``folder``."""

    def __init__(self, folder: Path, *flags: str, **settings: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.token = ""
        self.url = ""
        self._flags, self._settings = flags, settings
        self._log = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def redis_pid(self) -> int:
        return int((self.data_dir / "redis.pid").read_text())

    def said(self) -> str:
        return self._log.read_text()

    def start(self) -> None:
        """Start, and wait until it says where it is; again on the same port after the first time."""
        port = self.url.rpartition(":")[2] or "0"
        begin = len(self.said()) if self._log.exists() else 0
        flags = ["--port", port, "--data-dir", str(self.data_dir), *self._flags]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command("serve", *flags), env=environment(**self._settings), stdout=log, stderr=log
            )
        deadline = time.monotonic() + _DEADLINE_S
        while not (found := re.search(r"Desk +(https?://\S+)/desk", self.said()[begin:])):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        self.url = found[1]
        if token := re.search(r"Token +(\S+)", self.said()):
            self.token = token[1]

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it and wait for it; returns its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def run(self, *arguments: str | Path, stdin: str = "") -> str:
        """The standard output of a command that works."""
        done = run_command(*arguments, "--data-dir", self.data_dir, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *arguments: str | Path) -> str:
        """What a command says that is refused: never a traceback, exit code 1."""
        done = run_command(*arguments, "--data-dir", self.data_dir)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def kill_everything(self) -> None:
        """``kill -9`` of livefeed and of its Redis, as a power cut would."""
        redis_pid = self.redis_pid
        self.stop(signal.SIGKILL)
        os.kill(redis_pid, signal.SIGKILL)

    def clean_up(self) -> None:
        """End what is left, Redis too if livefeed was killed."""
        if self.process is None:
            return
        killed = self.stop() == -signal.SIGKILL
        if killed and self._redis_is_left():
            os.kill(self.redis_pid, signal.SIGKILL)

    def _redis_is_left(self) -> bool:
        try:
            words = Path(f"/proc/{self.redis_pid}/cmdline").read_bytes()
        except OSError:
            return False
        return b"redis-server" in words  # and not somebody who got its number since
