"""A real S3-compatible server: SeaweedFS, from its package, in a process of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

__all__ = ["KEY", "SECRET", "Weed"]

KEY, SECRET = "livefeed-key", "livefeed-secret/+"
_IDENTITY = {
    "name": "livefeed",
    "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
    "actions": ["Admin", "Read", "Write", "List"],
}


def _free_ports(count: int) -> list[int]:
    """Free ones whose double, which its gRPC takes, is free too."""
    found: list[int] = []
    while len(found) < count:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        if port + 10_000 < 65_536 and port not in found:
            found.append(port)
    return found


class Weed:
    """A context manager: leaving it ends the process and removes its folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="livefeed-weed-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        identities = self.folder / "s3.json"
        identities.write_text(json.dumps({"identities": [_IDENTITY]}))
        self.port, master, volume, filer = _free_ports(4)
        ports = {
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.port": self.port,
            "master.port": master,
            "volume.port": volume,
            "filer.port": filer,
        }
        flags = [f"-{name}={port}" for name, port in ports.items()]
        program = Path(sys.executable).with_name("weed")
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(program, "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                    *("-s3", f"-s3.config={identities}", "-master.volumeSizeLimitMB=16", "-volume.max=8"),
                    *flags,
                ],
                stdout=log,
                stderr=log,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder)

    def url(self, bucket: str = "pictures", folder: str = "live") -> str:
        endpoint = quote(f"http://127.0.0.1:{self.port}", safe="")
        return f"s3://{bucket}/{folder}?endpoint={endpoint}&region=eu-central-1"
