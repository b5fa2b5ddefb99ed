"""Who asks, and what they may do: a bearer token, or the desk's session cookie.

A cookie is sent by the browser whichever page asks, a bearer token only by who has it. So a write
with the cookie must come from a page of ours, which its ``Origin`` says; one with a token need not.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from livefeed.core.models import SLUG_PATTERN, Role
from livefeed.errors import AccessError, FeedNotFound, Forbidden, ForeignOrigin, Unauthenticated
from livefeed.settings import Settings
from livefeed.store.tokens import Token
from livefeed.web.origins import own_origin
from livefeed.web.site import site_of

__all__ = [
    "agent_of",
    "authenticate",
    "clear_session_cookie",
    "cookie_name",
    "enter",
    "permit",
    "require",
    "require_own_origin",
    "session_of",
    "set_session_cookie",
    "token_if_any",
]

_SAFE = ("GET", "HEAD", "OPTIONS")
_MAX_SECRET = 200


async def require(connection: HTTPConnection, role: Role, feed: str | None = None) -> Token:
    """Who asks, if they have at least ``role``, for ``feed`` if one is named.

    Raises:
        Unauthenticated, Forbidden, StoreError
    """
    token = await authenticate(connection)
    permit(token, role, feed)
    return token


async def enter(request: HTTPConnection, role: Role) -> tuple[str, Token]:
    """The feed that the path names, and who asks. Whether there is such a feed only editors learn.

    Raises:
        Unauthenticated, Forbidden, FeedNotFound, StoreError
    """
    slug: str = request.path_params["feed"]
    token = await require(request, role, slug)
    if not SLUG_PATTERN.fullmatch(slug):  # what cannot be a slug must not get into names of keys
        raise FeedNotFound(slug)
    return slug, token


async def authenticate(connection: HTTPConnection) -> Token:
    """Who asks. A bearer token goes before the cookie.

    Raises:
        Unauthenticated: nobody that is known.
        ForeignOrigin: a write with the cookie that does not come from our own pages.
        StoreError
    """
    store = site_of(connection).store
    if (secret := _bearer(connection)) is not None:
        return await store.tokens.check(secret)
    session = session_of(connection)
    if session is None:
        raise Unauthenticated
    if connection.scope["type"] == "websocket" or connection.scope["method"] not in _SAFE:
        require_own_origin(connection)
    return await store.sessions.check(session)


async def token_if_any(connection: HTTPConnection) -> Token | None:
    """Who asks, or None where that is nobody in particular.

    Raises:
        StoreError
    """
    try:
        return await authenticate(connection)
    except AccessError:
        return None


def permit(token: Token, role: Role, feed: str | None = None) -> None:
    """Let pass who has at least ``role``, for ``feed`` if one is named.

    Raises:
        Forbidden: says what is missing.
    """
    if not token.may(role):
        raise Forbidden(f"This needs the role “{role}”; “{token.name}” has the role “{token.role}”.")
    if not token.may(role, feed):
        raise Forbidden(f"“{token.name}” may not use the feed “{feed}”: it is limited to other feeds.")


def require_own_origin(connection: HTTPConnection) -> None:
    """Let pass what comes from a page of ours.

    Raises:
        ForeignOrigin
    """
    origin, settings = connection.headers.get("origin"), site_of(connection).settings
    if origin is None or origin != own_origin(settings, connection.headers):
        raise ForeignOrigin(
            f"This must come from a page of {settings.origin}, as “Origin” says; it came from "
            f"{(origin or 'nowhere')[:200]}. If that is this server, set LIVEFEED_PUBLIC_URL."
        )


def _bearer(connection: HTTPConnection) -> str | None:
    """The token of ``Authorization: Bearer``; None without one.

    Another scheme is no attempt to be an editor: it may be a proxy's own password before the desk.
    """
    given = connection.headers.getlist("authorization")
    if len(given) > 1:
        raise Unauthenticated("Send one Authorization header, not several.")
    scheme, _, secret = (given[0] if given else "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    secret = secret.strip()
    if not secret or len(secret) > _MAX_SECRET:
        raise Unauthenticated("This is no token of ours: send “Authorization: Bearer lf_…”.")
    return secret


# The cookie -------------------------------------------------------------------------------------


def cookie_name(settings: Settings) -> str:
    """With https, the prefix keeps other hosts of our domain from setting it (RFC 6265bis, 4.1.3.2)."""
    return "__Host-livefeed_session" if _over_https(settings) else "livefeed_session"


def session_of(connection: HTTPConnection) -> str | None:
    """The session's secret that the cookie carries."""
    return connection.cookies.get(cookie_name(site_of(connection).settings)) or None


def agent_of(connection: HTTPConnection) -> str:
    """What the browser calls itself, by which people tell their sessions from each other."""
    return connection.headers.get("user-agent", "")


def set_session_cookie(response: Response, settings: Settings, session: str) -> None:
    _set_cookie(response, settings, session, max_age=settings.session_s)


def clear_session_cookie(response: Response, settings: Settings) -> None:
    _set_cookie(response, settings, "", max_age=0)


def _set_cookie(response: Response, settings: Settings, value: str, *, max_age: int) -> None:
    response.set_cookie(
        cookie_name(settings),
        value,
        max_age=max_age,
        path="/",
        secure=_over_https(settings),
        httponly=True,
        samesite="strict",
    )


def _over_https(settings: Settings) -> bool:
    return settings.origin.startswith("https://")
