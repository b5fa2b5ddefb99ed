"""TLS without a proxy: whether the certificate and its key can be used, said before anything starts."""

from __future__ import annotations

import ssl
from pathlib import Path

from livefeed.errors import StartupError
from livefeed.settings import Settings

__all__ = ["check_tls"]


def check_tls(settings: Settings) -> None:
    """Look at the certificate and the key, where there are any.

    Raises:
        StartupError: one is missing, cannot be read, is of no use, or does not belong to the other.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        raise StartupError("LIVEFEED_TLS_CERTIFICATE and LIVEFEED_TLS_KEY go together: set both, or neither.")
    _read("LIVEFEED_TLS_CERTIFICATE", certificate)
    _read("LIVEFEED_TLS_KEY", key)
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or "they cannot be understood"
        raise StartupError(
            f"The certificate {certificate} and the key {key} cannot be used ({reason}): "
            "give two PEM files that belong together, the key without a password."
        ) from error


def _read(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise StartupError(f"{name}: {path} cannot be read ({error.strerror}).") from error
