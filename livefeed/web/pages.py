"""The readers' pages: all feeds, a ticker, one update. They work without JavaScript."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.models import Feed
from livefeed.core.paging import Page, PageQuery, parse_query
from livefeed.errors import FeedNotFound
from livefeed.web.html import html_answer
from livefeed.web.meta import ticker_meta, update_meta
from livefeed.web.origins import cors_headers, frame_ancestors, own_origin
from livefeed.web.site import Site, site_of
from livefeed.web.templating import data_block

__all__ = ["feed_cors", "page_context", "public_feed", "routes"]


async def public_feed(site: Site, slug: str) -> Feed:
    """A feed that readers may see.

    Raises:
        FeedNotFound: there is none, or it is a draft.
        StoreError
    """
    feed = await site.store.feeds.get(slug)
    if not feed.is_public:
        raise FeedNotFound(slug)
    return feed


def page_context(page: Page) -> dict[str, Any]:
    """A page of updates as templates want it: for them, and as the data block for scripts.

    Raises:
        FeedNotFound: the feed is a draft.
    """
    json = page.json()
    fields = orjson.loads(json)
    if fields["feed"]["status"] == "draft":
        raise FeedNotFound(fields["feed"]["slug"])
    return {"feed": fields["feed"], "page": fields, "page_json": data_block(json)}


def feed_cors(request: Request, feed: Feed) -> dict[str, str]:
    """The headers that let pages of the feed's sites read the answer. Programs read it anyhow."""
    own = own_origin(site_of(request).settings, request.headers)
    return cors_headers(request.headers.get("origin"), feed.origins, own)


async def _index(request: Request) -> Response:
    """All listed feeds; if there is one only, that one.

    Raises:
        StoreError
    """
    every = await site_of(request).store.feeds.list()
    feeds = [feed for feed in every if feed.listed and feed.is_public]
    if len(feeds) == 1:
        return await _ticker(request, feeds[0].slug, parse_query(dict(request.query_params)))
    return html_answer(request, "index.html", feeds=[feed.model_dump() for feed in feeds])


async def _feed(request: Request) -> Response:
    """The ticker.

    Raises:
        InvalidInput, BadCursor: what the address asks for makes no sense.
        FeedNotFound, UpdateNotFound, StoreError
    """
    return await _ticker(request, request.path_params["feed"], parse_query(dict(request.query_params)))


async def _ticker(request: Request, slug: str, query: PageQuery) -> Response:
    site = site_of(request)
    await public_feed(site, slug)  # before the page: of an update in a draft not even its absence is told
    context = page_context(await site.store.updates.page(slug, query))
    is_view = not {"layout", "wall"}.isdisjoint(request.query_params)
    filters = {"tag": query.tag, "key": query.key, "order": query.order, "around": query.around}
    return html_answer(
        request,
        "ticker.html",
        frame_ancestors=frame_ancestors(Feed.model_validate(context["feed"])),
        meta=ticker_meta(site.settings, context["page"], query, is_view=is_view),
        cursor=None if query.cursor is None else str(query.cursor),
        filters=filters,
        **context,
    )


async def _update(request: Request) -> Response:
    """One update, at its own address for ever: 410 once it is deleted.

    Raises:
        FeedNotFound, UpdateNotFound, UpdateGone, StoreError
    """
    site = site_of(request)
    slug, update_id = request.path_params["feed"], request.path_params["update"]
    feed = await public_feed(site, slug)
    update = orjson.loads(await site.store.updates.get(slug, update_id))
    return html_answer(
        request,
        "update.html",
        frame_ancestors=frame_ancestors(feed),
        meta=update_meta(site.settings, feed.model_dump(), update),
        feed=feed.model_dump(),
        update=update,
    )


routes: list[BaseRoute] = [
    Route("/", _index),
    Route("/feeds/{feed}", _feed),
    Route("/feeds/{feed}/updates/{update}", _update),
]
