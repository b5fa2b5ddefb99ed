"""What all endpoints for readers share: which feeds they see, and from which sites."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from livefeed.core.models import Feed
from livefeed.errors import FeedNotFound, ForeignOrigin, LivefeedError
from livefeed.store.tokens import Token
from livefeed.web.auth import token_if_any
from livefeed.web.caching import NO_STORE, answer, keep_nowhere
from livefeed.web.operations import Endpoint
from livefeed.web.origins import allowed, cors_headers, origin_of, own_origin, preflight_headers
from livefeed.web.problems import problem_response
from livefeed.web.site import site_of

__all__ = [
    "FeedEndpoint",
    "draft_token",
    "for_readers",
    "is_own_page",
    "open_to_all",
    "preflight",
    "preflight_to_all",
    "site_headers",
    "visible_feed",
]

FeedEndpoint: TypeAlias = Callable[[Request, Feed], Awaitable[Response]]


async def draft_token(connection: HTTPConnection, feed: Feed) -> Token | None:
    """The token by which who asks may know of a draft, None if they may not.

    Readers' endpoints ignore cookies but for this: an editor's desk follows a draft with the session's,
    which counts from our own pages only. No other site learns anything by having a browser ask.

    Raises:
        StoreError
    """
    token = await token_if_any(connection)
    if token is None or not token.may("contributor", feed.slug):
        return None
    return token if token.session is None or is_own_page(connection) else None


def is_own_page(connection: HTTPConnection) -> bool:
    """Whether a page of ours asks, as far as the browser tells."""
    settings, headers = site_of(connection).settings, connection.headers
    return allowed(origin_of(settings, headers), [], own_origin(settings, headers))


async def visible_feed(connection: HTTPConnection) -> Feed:
    """The feed that the path names, if who asks may know of it.

    Raises:
        FeedNotFound, StoreError
    """
    feed = await site_of(connection).store.feeds.get(connection.path_params["feed"])
    if not feed.is_public and await draft_token(connection, feed) is None:
        raise FeedNotFound(feed.slug)
    return feed


def site_headers(connection: HTTPConnection, feed: Feed) -> dict[str, str]:
    """The CORS headers of an answer about ``feed``.

    Raises:
        ForeignOrigin: the page that asks is of a site that may not use the feed.
    """
    if "*" in feed.origins:
        return cors_headers(None, feed.origins, "")
    settings, headers = site_of(connection).settings, connection.headers
    origin, own = origin_of(settings, headers), own_origin(settings, headers)
    if not allowed(origin, feed.origins, own):
        whose = (
            "a page of this site"
            if origin in (None, "null")
            else f"pages of {origin[:200] if origin else ''}"
        )
        raise ForeignOrigin(f"The feed “{feed.slug}” is not open to {whose}: its origins do not list it.")
    return cors_headers(headers.get("origin"), feed.origins, own)


def for_readers(endpoint: FeedEndpoint) -> Endpoint:
    """An endpoint for readers of one feed: visible to them, open to their site, errors readable there."""

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        feed = await visible_feed(request)
        headers = site_headers(request, feed)
        try:
            response = await endpoint(request, feed)
        except (LivefeedError, HTTPException) as error:
            response = problem_response(request, error)
        response.headers.update(headers)
        if not feed.is_public:
            keep_nowhere(response)
        return response

    return guarded


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """An endpoint that any page may ask, errors included."""

    @wraps(endpoint)
    async def opened(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except (LivefeedError, HTTPException) as error:
            response = problem_response(request, error)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return opened


@for_readers
async def preflight(request: Request, feed: Feed) -> Response:
    """OPTIONS of an endpoint for readers of one feed."""
    return answer(request, b"", status=204, cache=NO_STORE, headers=preflight_headers())


@open_to_all
async def preflight_to_all(request: Request) -> Response:
    """OPTIONS of an endpoint that any page may ask."""
    return answer(request, b"", status=204, cache=NO_STORE, headers=preflight_headers())
