"""``GET /oembed``: how a page of ours is embedded, for who has its address (https://oembed.com, 1.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

import orjson
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.ids import ID_PATTERN
from livefeed.core.models import SLUG_PATTERN, Feed
from livefeed.errors import FeedNotFound, InvalidInput, UpdateGone, UpdateNotFound
from livefeed.web import caching
from livefeed.web.pages import public_feed
from livefeed.web.site import Site, site_of
from livefeed.web.structured import publisher_name, publisher_url

__all__ = ["routes"]

_PAGE: Final = re.compile(
    rf"/(?:feeds|embed)/(?P<feed>{SLUG_PATTERN.pattern})(?:/updates/(?P<update>{ID_PATTERN.pattern}))?/?"
)
_WIDTH, _HEIGHT, _UPDATE_HEIGHT = 640, 480, 320
_NARROW = 400
_CACHE_S = 3600


async def _oembed(request: Request) -> Response:
    """``GET /oembed?url=&maxwidth=&maxheight=&format=json``

    Raises:
        InvalidInput: no address, or bounds that are no numbers.
        HTTPException: 404 that is no page of ours, 501 another format.
        StoreError
    """
    site, params = site_of(request), request.query_params
    if params.get("format", "json") != "json":
        raise HTTPException(501, "Only JSON is given: format=json.")
    if "url" not in params:
        raise InvalidInput.of("url", "give the address of a ticker or of one of its updates")
    width = min(_WIDTH, _bound(params, "maxwidth"))
    feed, update_id, headline = await _found(site, params["url"])
    height = min(_UPDATE_HEIGHT if update_id else _HEIGHT, _bound(params, "maxheight"))
    title = headline or feed.title
    shown = {"update": update_id} if update_id else {"layout": "compact"} if width < _NARROW else {}
    told = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": publisher_name(site.settings),
        "provider_url": publisher_url(site.settings),
        "cache_age": _CACHE_S,
        "width": width,
        "height": height,
        "html": _frame(site.settings.origin, feed.slug, shown, title, width, height),
    }
    return caching.answer(request, orjson.dumps(told), headers={"Access-Control-Allow-Origin": "*"})


async def _found(site: Site, url: str) -> tuple[Feed, str | None, str | None]:
    """The feed that an address is of, and an update's id and headline.

    Raises:
        HTTPException: 404: of none that readers may see.
        StoreError
    """
    unknown = HTTPException(404, "This is no page of a ticker here.")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise unknown from None
    page = _PAGE.fullmatch(parts.path)
    if page is None or f"{parts.scheme}://{parts.netloc}".lower() != site.settings.origin.lower():
        raise unknown
    try:
        feed = await public_feed(site, page["feed"])
        if page["update"] is None:
            return feed, None, None
        update = orjson.loads(await site.store.updates.get(feed.slug, page["update"]))
    except (FeedNotFound, UpdateNotFound, UpdateGone):
        raise unknown from None
    return feed, update["id"], update["headline"]


def _bound(params: Mapping[str, str], name: str) -> int:
    """A side that must not be exceeded.

    Raises:
        InvalidInput
    """
    text = params.get(name, "100000")
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) > 0):
        raise InvalidInput.of(name, "give a whole number of pixels")
    return int(text)


def _frame(origin: str, slug: str, shown: Mapping[str, str], title: str, width: int, height: int) -> str:
    query = f"?{urlencode(shown)}" if shown else ""
    return Markup(
        '<iframe src="{}" title="{}" width="{}" height="{}" frameborder="0" loading="lazy"></iframe>'
    ).format(f"{origin}/embed/{slug}{query}", title, width, height)


routes: list[BaseRoute] = [Route("/oembed", _oembed)]
