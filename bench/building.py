"""Compiles the two C programs with ``cc -O2``, once for each version of their source."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from bench.processes import Failed

__all__ = ["build"]

_HERE = Path(__file__).parent
_VARIANTS = {"load": (["-DWITH_ZLIB"], ["-lz"]), "limit": ([], [])}


def build(name: str) -> Path:
    """The program ``bench/<name>.c``; without zlib's headers the load client reads no compressed data.

    Raises:
        Failed: there is no ``cc``, or it refuses.
    """
    if shutil.which("cc") is None:
        raise Failed("cc is not on PATH: install a C compiler")
    source = _HERE / f"{name}.c"
    target = _HERE / ".build" / f"{name}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if target.exists():
        return target
    target.parent.mkdir(exist_ok=True)
    made = target.with_suffix(f".{os.getpid()}")
    flags, libraries = _VARIANTS[name]
    for with_flags, with_libraries in ((flags, libraries), ([], [])):
        command = ["cc", "-O2", "-Wall", *with_flags, "-o", str(made), str(source), *with_libraries]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            made.replace(target)  # atomic: another bench may be building too
            return target
    raise Failed(f"cc cannot compile {source.name}: {done.stderr[-1000:]}")
