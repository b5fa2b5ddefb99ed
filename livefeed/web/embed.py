"""A ticker on other sites' pages: in a frame, or as a fragment that their server includes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.models import Feed
from livefeed.core.paging import parse_query
from livefeed.errors import InvalidInput
from livefeed.web import caching
from livefeed.web.choices import asked
from livefeed.web.html import html_answer
from livefeed.web.origins import frame_ancestors
from livefeed.web.pages import feed_cors, layout_of, page_context, public_feed
from livefeed.web.site import site_of
from livefeed.web.templating import data_block

__all__ = ["routes"]

_FRAGMENT_LIMIT = "10"
_OF_PAGES: Final = ("layout", "limit", "order", "key")
_THEMES: Final = ("light", "dark", "auto")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,7}")


async def _frame(request: Request) -> Response:
    """``GET /embed/{feed}?limit=&layout=&order=&key=&theme=&lang=&storage=``: a page for an ``iframe``.

    With ``update=`` it is of one update.

    Raises:
        InvalidInput, FeedNotFound, UpdateNotFound, UpdateGone, StoreError
    """
    site, slug, params = site_of(request), request.path_params["feed"], request.query_params
    layout, wanted = layout_of({name: params[name] for name in _OF_PAGES if name in params})
    query = parse_query(wanted)
    look = _look(params)
    feed = await public_feed(site, slug)
    if "update" in params:
        return await _update(request, feed, params["update"], look)
    context = page_context(await site.store.updates.page(slug, query))
    lang = look.pop("lang") or feed.lang
    if lang != feed.lang:
        context["feed"] |= {"lang": lang, "textLang": feed.lang}
        context["page_json"] = data_block(orjson.dumps(context["page"]))
    return html_answer(
        request,
        "embed.html",
        lang=lang,
        frame_ancestors=frame_ancestors(feed),
        videos=True,
        layout=layout,
        most=None if layout == "full" else query.limit,
        asked=asked(query),
        keeps=params.get("storage") != "off",
        text_lang=feed.lang,
        **look,
        **context,
    )


def _look(params: Mapping[str, str]) -> dict[str, Any]:
    """What a frame may choose beside what it shows.

    Raises:
        InvalidInput
    """
    theme = params.get("theme", "auto")
    if theme not in _THEMES:
        raise InvalidInput.of("theme", "give “light” or “dark”, or leave it out")
    lang = params.get("lang") or None
    if lang is not None and not _LANGUAGE.fullmatch(lang):
        raise InvalidInput.of("lang", "give a language tag, as en or pt-BR")
    return {"theme": None if theme == "auto" else theme, "lang": lang}


async def _update(request: Request, feed: Feed, update_id: str, look: dict[str, Any]) -> Response:
    update = orjson.loads(await site_of(request).store.updates.get(feed.slug, update_id))
    return html_answer(
        request,
        "embed-update.html",
        lang=look.pop("lang") or feed.lang,
        frame_ancestors=frame_ancestors(feed),
        videos=True,
        feed=feed.model_dump(),
        update=update,
        text_lang=feed.lang,
        **look,
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
