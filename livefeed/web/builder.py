"""``GET /embed``: where the code that puts a ticker on another site is put together."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.models import Feed
from livefeed.errors import FeedNotFound
from livefeed.web.html import html_answer
from livefeed.web.integrity import digest, integrity
from livefeed.web.pages import public_feed
from livefeed.web.site import Site, site_of
from livefeed.web.templating import data_block

__all__ = ["routes"]

_LOADER = "embed.js"


async def _builder(request: Request) -> Response:
    """``GET /embed?feed=``: of the listed feeds, and the one that is named.

    Raises:
        StoreError
    """
    site, wanted = site_of(request), request.query_params.get("feed")
    feeds = [feed for feed in await site.store.feeds.list() if feed.listed and feed.is_public]
    if wanted is not None and wanted not in [feed.slug for feed in feeds]:
        with suppress(FeedNotFound):
            feeds.append(await public_feed(site, wanted))
    return html_answer(
        request,
        "builder.html",
        feeds=[feed.model_dump() for feed in feeds],
        chosen=_chosen(feeds, wanted),
        languages=[(tag, site.templates.languages.of(tag)["name"]) for tag in _tags(site)],
        about=data_block(orjson.dumps(_about(site))),
    )


def _chosen(feeds: list[Feed], wanted: str | None) -> str | None:
    slugs = [feed.slug for feed in feeds]
    return wanted if wanted in slugs else next(iter(slugs), None)


def _tags(site: Site) -> list[str]:
    return sorted(site.templates.languages.tags)


def _about(site: Site) -> dict[str, Any]:
    """What the code has to say of this server."""
    tree, origin = site.static, site.settings.origin
    return {
        "server": origin,
        "build": tree.hash,
        "loader": digest(tree, _LOADER),
        "integrity": integrity(tree, origin),
    }


routes: list[BaseRoute] = [Route("/embed", _builder)]
