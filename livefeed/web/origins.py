"""Which sites may use a feed in a browser: CORS, the WebSocket ``Origin`` and ``frame-ancestors``.

It is a courtesy of browsers and no access control: a program can claim any origin. That is why what
a browser says of a request from our own page (``Sec-Fetch-Site``, ``Referer``) is believed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from livefeed.core.models import Feed
from livefeed.settings import Settings

__all__ = [
    "allowed",
    "cors_headers",
    "frame_ancestors",
    "is_desk_host",
    "origin_of",
    "own_origin",
    "preflight_headers",
]

_PREFLIGHT_S = 600


def own_origin(settings: Settings, headers: Mapping[str, str]) -> str:
    """Our own origin, as far as this request can tell it.

    With ``LIVEFEED_PUBLIC_URL`` it is that and nothing else. Without it, we may be reached as
    localhost, 127.0.0.1 or a name of the local network, so an ``Origin`` with the same host and
    port as ``Host`` is ours. A page of another site cannot forge that: browsers set both headers
    themselves, cross-site forms included. DNS rebinding can (evil.example pointed at 127.0.0.1 sends both as
    evil.example), but gains nothing: our session cookie belongs to the host that the editor signed
    in at and does not go to evil.example, and what else is here is what anyone may read.

    The desk may have a host of its own (``LIVEFEED_DESK_HOST``): there, that one is ours.
    """
    origin, host = headers.get("origin", ""), headers.get("host", "").lower()
    is_named_by_host = settings.public_url is None or is_desk_host(settings, host)
    if host and is_named_by_host and origin in (f"http://{host}", f"https://{host}"):
        return origin
    return settings.origin


def is_desk_host(settings: Settings, host: str) -> bool:
    """Whether a ``Host`` header names the desk's own host, on its port if the setting names one."""
    wanted = (settings.desk_host or "").lower()
    return bool(wanted) and wanted in (host.lower(), host.lower().rpartition(":")[0])


def origin_of(settings: Settings, headers: Mapping[str, str]) -> str | None:
    """The origin of the page that a request comes from, None if that cannot be told (programs).

    Browsers send no ``Origin`` with a GET to the page's own origin.
    """
    if (origin := headers.get("origin")) is not None:
        return origin
    if "sec-fetch-site" in headers:
        return settings.origin if headers["sec-fetch-site"] == "same-origin" else None
    try:  # browsers send Sec-Fetch-Site over https and to localhost only
        referer = urlsplit(headers.get("referer", ""))
    except ValueError:
        return None
    ours = f"{referer.scheme}://{referer.netloc}"
    known = own_origin(settings, {"origin": ours, "host": headers.get("host", "")})
    return settings.origin if ours == known else None


def allowed(origin: str | None, feed_origins: Sequence[str], own_origin: str) -> bool:
    """Whether a page of ``origin`` may use the feed; ``null`` and None pass only with ``*``."""
    if "*" in feed_origins:
        return True
    return origin not in (None, "null") and (origin == own_origin or origin in feed_origins)


def cors_headers(origin: str | None, feed_origins: Sequence[str], own_origin: str) -> dict[str, str]:
    """The headers of an answer to a reader (Fetch standard, "CORS protocol"); never credentials."""
    exposed = {"Access-Control-Expose-Headers": "ETag, Retry-After"}
    if "*" in feed_origins:
        return {"Access-Control-Allow-Origin": "*", **exposed}
    if origin is None or not allowed(origin, feed_origins, own_origin):
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} | exposed


def preflight_headers() -> dict[str, str]:
    """What a preflight is told beside the CORS headers; readers read, and that is all."""
    return {
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": "Cache-Control, If-None-Match, Last-Event-ID",
        "Access-Control-Max-Age": str(_PREFLIGHT_S),
    }


def frame_ancestors(feed: Feed) -> str:
    """The directive of ``Content-Security-Policy`` that says who may frame the feed's pages."""
    sites = "*" if "*" in feed.origins else " ".join(["'self'", *feed.origins])
    return f"frame-ancestors {sites}"
