"""The desk's shell. It holds nothing secret: its scripts ask the API for what an editor may see."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.settings import Settings
from livefeed.web import caching
from livefeed.web.html import html_answer
from livefeed.web.origins import is_desk_host
from livefeed.web.site import site_of

__all__ = ["routes"]


async def _desk(request: Request) -> Response:
    """``GET /desk``, and ``GET /desk/join#…``, whose secret stays in the browser.

    Raises:
        HTTPException: 404, where the desk has a host of its own and this is another.
    """
    settings = site_of(request).settings
    if settings.desk_host is not None and not is_desk_host(settings, request.headers.get("host", "")):
        raise HTTPException(404)
    return html_answer(
        request,
        "desk.html",
        # A frame could have an editor click what they do not see.
        frame_ancestors="frame-ancestors 'none'",
        cache=caching.NO_STORE,
        site=_public_site(settings),
    )


def _public_site(settings: Settings) -> str:
    """What the desk's links to readers' pages begin with: nothing where both are on one host."""
    return "" if settings.desk_host is None else settings.origin


routes: list[BaseRoute] = [Route("/desk", _desk), Route("/desk/join", _desk)]
