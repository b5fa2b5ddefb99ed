"""Pages as answers: the policy that a browser holds them to, caching, and the page of an error."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from livefeed.settings import Settings
from livefeed.web import caching
from livefeed.web.problems import Problem
from livefeed.web.site import site_of
from livefeed.web.words import FALLBACK

__all__ = ["FRAME_OURSELVES", "error_page", "html_answer", "policy"]

FRAME_OURSELVES = "frame-ancestors 'self'"

_PLAYERS = "frame-src https://www.youtube-nocookie.com https://player.vimeo.com"


def policy(settings: Settings, frame_ancestors: str, *, videos: bool = False) -> str:
    """The ``Content-Security-Policy`` of a page: our own files and nothing inline.

    With ``videos`` a reader may have a video's player loaded in its place.

    Chromium and Firefox take ``'self'`` for our WebSocket too, older Safaris only its own address.
    """
    scheme, _, host = settings.origin.partition("://")
    socket = f"{'wss' if scheme == 'https' else 'ws'}://{host}"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src 'self' {socket}",
            "img-src 'self' https: data:",
            "font-src 'none'",
            *([_PLAYERS] if videos else []),
            "base-uri 'none'",
            "form-action 'self'",
            frame_ancestors,
            "require-trusted-types-for 'script'",
            "trusted-types livefeed",
        )
    )


def _page_headers(settings: Settings, frame_ancestors: str, *, videos: bool) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy(settings, frame_ancestors, videos=videos),
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
    }


def html_answer(
    request: Request,
    template: str,
    *,
    lang: str = FALLBACK,
    frame_ancestors: str = FRAME_OURSELVES,
    videos: bool = False,
    status: int = 200,
    cache: str = caching.BRIEF,
    **context: Any,
) -> Response:
    """The page that a template makes, in the words of ``lang``, or 304 where the browser has it already."""
    site = site_of(request)
    known = {
        "static": site.static.prefix,
        "closure": site.static.closure,
        "origin": site.settings.origin,
    }
    return caching.answer(
        request,
        site.templates.render(template, lang=lang, **known | context).encode(),
        status=status,
        cache=cache,
        media_type="text/html; charset=utf-8",
        headers=_page_headers(site.settings, frame_ancestors, videos=videos),
    )


def error_page(request: Request, problem: Problem) -> Response:
    """The page of an error, for ``app.state.error_page``.

    It asks the store for nothing: that may be what failed. Readers have no use for what Redis said.
    """
    ours = problem.status >= 500
    return html_answer(
        request,
        "error.html",
        status=problem.status,
        cache=caching.NO_STORE,
        title="This cannot be shown now" if ours else problem.title,
        detail="Something is wrong on our side. Try again in a minute." if ours else problem.detail,
    )
