"""For search engines: ``robots.txt``, and sitemaps (https://www.sitemaps.org/protocol.html).

An index leads to the sitemap of all listed tickers and to one of each ticker's newest updates. A sitemap may
name only what is in its own folder or below, so each stands beside what it names. No text is in any of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from html import escape

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.models import Feed
from livefeed.core.paging import MAX_LIMIT, Cursor, PageQuery
from livefeed.errors import FeedNotFound
from livefeed.web import caching
from livefeed.web.pages import page_context, public_feed
from livefeed.web.site import Site, site_of
from livefeed.web.structured import newest_change

__all__ = ["MAX_DATED", "MAX_UPDATES", "MAX_URLS", "routes"]

MAX_URLS = 50_000
"""The protocol's bound on one file."""

MAX_UPDATES = 1_000
"""How many updates of a ticker are named, the newest: what anybody may ask for must not cost much."""

MAX_DATED = 50
"""Of how many tickers it is looked up when they changed last, those opened last; others go without."""

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

Entry = tuple[str, str | None]
"""An address, and when it changed last if that is known."""


async def _index(request: Request) -> Response:
    """``GET /sitemap.xml``

    Raises:
        StoreError
    """
    site = site_of(request)
    origin = site.settings.origin
    changes = await _newest_changes(site, feeds := await _listed(site))
    entries = [(f"{origin}/feeds/{feed.slug}/sitemap.xml", changes.get(feed.slug)) for feed in feeds]
    entries.insert(0, (f"{origin}/feeds/sitemap.xml", None))
    return _answer(request, "sitemapindex", "sitemap", entries)


async def _tickers(request: Request) -> Response:
    """``GET /feeds/sitemap.xml``

    Raises:
        StoreError
    """
    site = site_of(request)
    changes = await _newest_changes(site, feeds := await _listed(site))
    entries = [(f"{site.settings.origin}/feeds/{feed.slug}", changes.get(feed.slug)) for feed in feeds]
    return _answer(request, "urlset", "url", entries)


async def _updates(request: Request) -> Response:
    """``GET /feeds/{feed}/sitemap.xml``

    Raises:
        HTTPException: 404: the feed is not listed.
        FeedNotFound, StoreError
    """
    site, slug = site_of(request), request.path_params["feed"]
    if not (await public_feed(site, slug)).listed:
        raise HTTPException(404)
    address = f"{site.settings.origin}/feeds/{slug}/updates"
    entries = [(f"{address}/{update_id}", time) async for update_id, time in _newest(site, slug)]
    return _answer(request, "urlset", "url", entries)


async def _robots(request: Request) -> Response:
    """``GET /robots.txt``"""
    origin = site_of(request).settings.origin
    body = f"User-agent: *\nDisallow: /desk\n\nSitemap: {origin}/sitemap.xml\n"
    return caching.answer(request, body.encode(), media_type="text/plain; charset=utf-8")


async def _listed(site: Site) -> list[Feed]:
    """The feeds that search engines may know of, those opened last first."""
    feeds = [feed for feed in await site.store.feeds.list() if feed.listed and feed.is_public]
    return sorted(feeds, key=lambda feed: feed.opened or "", reverse=True)


async def _newest_changes(site: Site, feeds: list[Feed]) -> dict[str, str | None]:
    """When what each ticker's page shows changed last, of the first :data:`MAX_DATED`."""
    changes = {}
    for feed in feeds[:MAX_DATED]:
        with suppress(FeedNotFound):  # removed, or a draft again, meanwhile
            page = page_context(await site.store.updates.page(feed.slug, PageQuery()))["page"]
            changes[feed.slug] = newest_change(page)
    return changes


async def _newest(site: Site, slug: str) -> AsyncIterator[Entry]:
    """The newest updates' ids, and when they changed last."""
    cursor: Cursor | None = None
    for _ in range(MAX_UPDATES // MAX_LIMIT):
        page = await site.store.updates.page(slug, PageQuery(limit=MAX_LIMIT, cursor=cursor))
        for update in map(orjson.loads, page.updates):
            yield update["id"], update["edited"] or update["published"]
        if (cursor := page.next) is None:
            return


def _answer(request: Request, root: str, item: str, entries: list[Entry]) -> Response:
    lines = [
        f"<{item}><loc>{escape(loc)}</loc>{f'<lastmod>{time}</lastmod>' if time else ''}</{item}>"
        for loc, time in entries[:MAX_URLS]
    ]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">'
    body = "\n".join([head, *lines, f"</{root}>", ""])
    return caching.answer(request, body.encode(), media_type="application/xml; charset=utf-8")


routes: list[BaseRoute] = [
    Route("/robots.txt", _robots),
    Route("/sitemap.xml", _index),
    Route("/feeds/sitemap.xml", _tickers),  # no feed's page: a slug has no dot
    Route("/feeds/{feed}/sitemap.xml", _updates),
]
