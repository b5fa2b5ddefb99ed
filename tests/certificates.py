"""A certificate for 127.0.0.1 that is made for a test."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["Certificate"]


class Certificate:
    """Self-signed; ``settings`` serve with it, ``trusted`` is for clients."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        command = ["openssl", "req", "-x509", "-nodes", "-days", "2"]
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        subject = ["-subj", "/CN=livefeed", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
        files = ["-out", str(self.certificate), "-keyout", str(self.key)]
        subprocess.run([*command, *kind, *subject, *files], check=True, capture_output=True, timeout=60)

    @property
    def settings(self) -> dict[str, Any]:
        return {"tls_certificate": self.certificate, "tls_key": self.key}

    @property
    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)
