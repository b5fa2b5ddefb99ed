"""Getting a wire's bytes: from a file, from standard input, from the web."""

from __future__ import annotations

import asyncio
import http.client
import sys
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any, Final

from livefeed.errors import InvalidInput
from livefeed.wires.public import PublicHttp, PublicHttps

__all__ = ["MAX_BYTES", "fetch", "load"]

MAX_BYTES: Final = 10 * 1024 * 1024
"""Of what is fetched; files may be larger, they are the operator's own."""

_TIMEOUT_S: Final = 30.0
_MAX_REDIRECTS: Final = 5
_HEADERS: Final = {
    "User-Agent": "livefeed (import)",
    "Accept": "application/feed+json, application/atom+xml, application/rss+xml, */*;q=0.5",
}


async def load(source: str, *, timeout_s: float = _TIMEOUT_S) -> tuple[bytes, str | None]:
    """The bytes of ``source`` and, from the web, their content type.

    ``source`` is a file, ``-`` (standard input) or an http(s) address. Addresses in private
    networks are allowed: it is the operator who types them, on the operator's own machine, and a
    wire inside the house is a good reason to. What an editor gave goes to :func:`fetch`.

    Raises:
        InvalidInput: it cannot be read; says why.
    """
    if source == "-":
        return await asyncio.to_thread(sys.stdin.buffer.read), None
    if source.lower().startswith(("http://", "https://")):
        return await asyncio.to_thread(fetch, source, timeout_s)
    if "://" in source:
        raise InvalidInput.of("source", f"{source}: only http:// and https:// addresses can be fetched")
    try:
        return await asyncio.to_thread(Path(source).read_bytes), None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InvalidInput.of("source", f"{source} cannot be read: {reason}") from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = _MAX_REDIRECTS
    max_repeats = _MAX_REDIRECTS

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.lower().startswith(("http://", "https://")):
            fp.close()
            raise InvalidInput.of(
                "source",
                f"{req.full_url}: the server answered with a redirect to {newurl}, which is not fetched",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(*, public_only: bool) -> urllib.request.OpenerDirector:
    """Like urllib's own, without file:, ftp: and data:.

    ``public_only``: see :mod:`livefeed.wires.public`. No proxy then: it would look names up by itself.
    """
    opener = urllib.request.OpenerDirector()
    ways: list[urllib.request.BaseHandler] = (
        [PublicHttp(), PublicHttps()]
        if public_only
        else [urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler()]
    )
    for handler in (
        *ways,
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def fetch(
    address: str, timeout_s: float = _TIMEOUT_S, *, public_only: bool = False
) -> tuple[bytes, str | None]:
    """What is at an http(s) address, and its content type; waits for it.

    Raises:
        InvalidInput: it cannot be fetched; says why.
    """
    deadline = time.monotonic() + timeout_s
    try:
        request = urllib.request.Request(address, headers=_HEADERS)
        with _opener(public_only=public_only).open(request, timeout=timeout_s) as response:
            data = _read(response, address, deadline)
            return _decompressed(data, address, response), response.headers.get("Content-Type")
    except urllib.error.HTTPError as error:
        with error:
            reason = _reason(error)
        raise InvalidInput.of("source", f"{address}: the server answered {reason}") from error
    except TimeoutError as error:
        raise _too_slow(address, timeout_s) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _too_slow(address, timeout_s) from error
        raise InvalidInput.of("source", f"{address} cannot be reached: {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
        raise InvalidInput.of(
            "source", f"{address} cannot be fetched: {error or type(error).__name__}"
        ) from error


def _read(response: Any, address: str, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := response.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise _too_large(address)
        if time.monotonic() > deadline:  # a socket's own timeout begins anew with each byte
            raise TimeoutError
    if response.length:  # read1 ends quietly, whatever the headers promised
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)


def _decompressed(data: bytes, address: str, response: Any) -> bytes:
    """Some servers compress without being asked to."""
    if response.headers.get("Content-Encoding", "").strip().lower() not in ("gzip", "x-gzip"):
        return data
    plain = zlib.decompressobj(wbits=31).decompress(data, MAX_BYTES + 1)
    if len(plain) > MAX_BYTES:
        raise _too_large(address)
    return plain


def _reason(error: urllib.error.HTTPError) -> str:
    if "not allowed" in str(error.reason):
        return f"with a redirect to {error.url}, which is not fetched"
    return "with too many redirects" if 300 <= error.code < 400 else f"{error.code} {error.reason}"


def _too_large(address: str) -> InvalidInput:
    return InvalidInput.of("source", f"{address}: it is larger than {MAX_BYTES // 1024**2} MiB")


def _too_slow(address: str, timeout_s: float) -> InvalidInput:
    return InvalidInput.of("source", f"{address}: no complete answer within {timeout_s:g} s")
