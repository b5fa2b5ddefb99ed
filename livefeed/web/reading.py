"""What readers and other sites read as JSON: feeds, pages, updates, tags."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core.models import Feed
from livefeed.core.paging import parse_query
from livefeed.errors import FeedNotFound
from livefeed.web.auth import require
from livefeed.web.caching import BRIEF, NO_STORE, answer, etag_of_rev
from livefeed.web.origins import allowed, origin_of, own_origin
from livefeed.web.readers import for_readers, open_to_all, visible_feed
from livefeed.web.site import site_of

__all__ = ["get_access", "get_feed", "get_update", "list_feeds", "list_tags", "list_updates"]


@open_to_all
async def list_feeds(request: Request) -> Response:
    feeds = await site_of(request).store.feeds.list()
    if request.query_params.get("all") == "1":
        # An address of its own: what shared caches keep of the public list never reaches an editor.
        token = await require(request, "contributor")
        return _json(
            request, {"feeds": [_dump(f) for f in feeds if token.may("contributor", f.slug)]}, NO_STORE
        )
    return _json(request, {"feeds": [_dump(f) for f in feeds if f.listed and f.is_public]})


@for_readers
async def get_feed(request: Request, feed: Feed) -> Response:
    return _json(request, _dump(feed))


@for_readers
async def list_tags(request: Request, feed: Feed) -> Response:
    counts = await site_of(request).store.updates.tags(feed.slug)
    return _json(request, {"tags": [{"tag": tag, "count": count} for tag, count in counts.items()]})


@open_to_all
async def get_access(request: Request) -> Response:
    slug, site = request.path_params["feed"], site_of(request)
    try:
        feed = await visible_feed(request)
    except FeedNotFound:
        return _json(request, {"feed": slug, "exists": False, "allowed": False, "status": None}, NO_STORE)
    own = own_origin(site.settings, request.headers)
    may = allowed(origin_of(site.settings, request.headers), feed.origins, own)
    return _json(request, {"feed": slug, "exists": True, "allowed": may, "status": feed.status}, NO_STORE)


@for_readers
async def list_updates(request: Request, feed: Feed) -> Response:
    query = parse_query(dict(request.query_params))
    page = await site_of(request).store.updates.page(feed.slug, query)
    return answer(request, page.json())


@for_readers
async def get_update(request: Request, feed: Feed) -> Response:
    raw = await site_of(request).store.updates.get(feed.slug, request.path_params["id"])
    return answer(request, raw, etag=etag_of_rev(orjson.loads(raw)["rev"]))


def _dump(feed: Feed) -> dict[str, object]:
    return feed.model_dump()


def _json(request: Request, value: object, cache: str = BRIEF) -> Response:
    return answer(request, orjson.dumps(value), cache=cache)
