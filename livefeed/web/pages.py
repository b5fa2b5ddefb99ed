"""The readers' pages: all feeds, a ticker, one update. They work without JavaScript."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal

import orjson
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.models import Feed
from livefeed.core.paging import Page, parse_query
from livefeed.errors import FeedNotFound, InvalidInput
from livefeed.web.choices import asked, orders, shows
from livefeed.web.html import html_answer
from livefeed.web.meta import ticker_meta, update_meta
from livefeed.web.origins import cors_headers, frame_ancestors, own_origin
from livefeed.web.site import Site, site_of
from livefeed.web.templating import data_block
from livefeed.web.words import FALLBACK

__all__ = ["Layout", "feed_cors", "layout_of", "page_context", "public_feed", "routes"]

Layout = Literal["full", "compact", "wall"]

_LIMITS: Final[Mapping[Layout, int]] = {"full": 20, "compact": 5, "wall": 8}
_WORDS_A_MINUTE: Final = 200


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


def layout_of(params: Mapping[str, str]) -> tuple[Layout, dict[str, str]]:
    """The layout that ``layout=compact`` or ``wall`` asks for, and the parameters with its own limit.

    Raises:
        InvalidInput
    """
    layout: Layout = "full"
    match params.get("layout", "full"):
        case "compact":
            layout = "compact"
        case other if other != "full":
            raise InvalidInput.of("layout", "give “compact”, or leave it out")
    if "wall" in params:
        layout = "wall"
    return layout, {"limit": str(_LIMITS[layout]), **params}


async def _index(request: Request) -> Response:
    """All listed feeds; if there is one only, that one.

    Raises:
        InvalidInput, BadCursor: what the address asks of the one makes no sense.
        StoreError
    """
    every = await site_of(request).store.feeds.list()
    feeds = [feed for feed in every if feed.listed and feed.is_public]
    if len(feeds) == 1:
        return await _ticker(request, feeds[0].slug)
    return html_answer(
        request, "index.html", lang=_common_language(feeds), feeds=[feed.model_dump() for feed in feeds]
    )


def _common_language(feeds: list[Feed]) -> str:
    """That of all feeds, so far as they agree, else English."""
    whole = {feed.lang for feed in feeds}
    first = {lang.partition("-")[0].lower() for lang in whole}
    agreed = whole if len(whole) == 1 else first
    return agreed.pop() if len(agreed) == 1 else FALLBACK


async def _feed(request: Request) -> Response:
    """The ticker.

    Raises:
        InvalidInput, BadCursor: what the address asks for makes no sense.
        FeedNotFound, UpdateNotFound, StoreError
    """
    return await _ticker(request, request.path_params["feed"])


async def _ticker(request: Request, slug: str) -> Response:
    site = site_of(request)
    layout, params = layout_of(request.query_params)
    query = parse_query(params)
    await public_feed(site, slug)  # before the page: of an update in a draft not even its absence is told
    updates = site.store.updates
    page, tags = await asyncio.gather(updates.page(slug, query), updates.tags(slug))
    context = page_context(page)
    words = site.templates.languages.of(context["feed"]["lang"])
    return html_answer(
        request,
        "ticker.html",
        lang=context["feed"]["lang"],
        frame_ancestors=frame_ancestors(Feed.model_validate(context["feed"])),
        videos=True,
        meta=ticker_meta(site.settings, context["page"], query, is_view=layout != "full"),
        layout=layout,
        most=None if layout == "full" else query.limit,
        asked=asked(query),
        choices=shows(slug, query, tags, words),
        order=orders(slug, query, words),
        places=site.templates.places(context["feed"]) if layout == "full" else {},
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
        lang=feed.lang,
        frame_ancestors=frame_ancestors(feed),
        videos=True,
        meta=update_meta(site.settings, feed.model_dump(), update),
        feed=feed.model_dump(),
        update=update,
        minutes=_minutes(update["html"]),
    )


def _minutes(html: str) -> int:
    """How long it takes to read."""
    return round(len(Markup(html).striptags().split()) / _WORDS_A_MINUTE)


routes: list[BaseRoute] = [
    Route("/", _index),
    Route("/feeds/{feed}", _feed),
    Route("/feeds/{feed}/updates/{update}", _update),
]
