"""A ticker on other sites' pages: in a frame, or as a fragment that their server includes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.paging import parse_query
from livefeed.web import caching
from livefeed.web.html import html_answer
from livefeed.web.origins import frame_ancestors
from livefeed.web.pages import feed_cors, layout_of, page_context, public_feed
from livefeed.web.site import site_of

__all__ = ["routes"]

_FRAGMENT_LIMIT = "10"


async def _frame(request: Request) -> Response:
    """``GET /embed/{feed}?limit=&layout=``: a page of its own, for an ``iframe``.

    Raises:
        InvalidInput, FeedNotFound, StoreError
    """
    site, slug = site_of(request), request.path_params["feed"]
    wanted = {name: value for name, value in request.query_params.items() if name in ("layout", "limit")}
    layout, params = layout_of(wanted)
    query = parse_query(params)
    feed = await public_feed(site, slug)
    context = page_context(await site.store.updates.page(slug, query))
    return html_answer(
        request,
        "embed.html",
        lang=feed.lang,
        frame_ancestors=frame_ancestors(feed),
        videos=True,
        layout=layout,
        **context,
    )


async def _fragment(request: Request) -> Response:
    """``GET /embed/{feed}.html?limit=``: no page, but what ESI, SSI or a script puts into one.

    Raises:
        InvalidInput, FeedNotFound, StoreError
    """
    site, slug = site_of(request), request.path_params["feed"]
    query = parse_query({"limit": request.query_params.get("limit", _FRAGMENT_LIMIT)})
    feed = await public_feed(site, slug)
    context = page_context(await site.store.updates.page(slug, query))
    return caching.answer(
        request,
        site.templates.render(
            "embed-fragment.html", lang=feed.lang, origin=site.settings.origin, **context
        ).encode(),
        media_type="text/html; charset=utf-8",
        headers={
            # Opened by itself it is a page all the same, of text and links.
            "Content-Security-Policy": f"default-src 'none'; {frame_ancestors(feed)}",
            **feed_cors(request, feed),
        },
    )


routes: list[BaseRoute] = [
    Route("/embed/{feed}.html", _fragment),
    Route("/embed/{feed}", _frame),
]
