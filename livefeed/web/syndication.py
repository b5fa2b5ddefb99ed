"""The newest updates for feed readers: JSON Feed 1.1 and Atom (RFC 4287)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.models import Feed
from livefeed.core.paging import PageQuery
from livefeed.web import caching
from livefeed.web.pages import feed_cors, page_context, public_feed
from livefeed.web.site import site_of

__all__ = ["atom", "content_html", "json_feed", "routes"]

_LIMIT = 30

_ATOM = "http://www.w3.org/2005/Atom"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# All that XML 1.0 (section 2.2) allows no document to contain, not even escaped.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_OWN_IMAGE = re.compile(r'(<img [^>]*?src=")(?=/media/)')

Fields = dict[str, Any]


async def _json(request: Request) -> Response:
    """``GET /feeds/{feed}/feed.json``

    Raises:
        FeedNotFound, StoreError
    """
    feed, updates = await _newest(request)
    body = orjson.dumps(json_feed(feed.model_dump(), updates, site_of(request).settings.origin))
    return _answer(request, feed, body, "application/feed+json")


async def _atom(request: Request) -> Response:
    """``GET /feeds/{feed}/feed.atom``

    Raises:
        FeedNotFound, StoreError
    """
    feed, updates = await _newest(request)
    body = atom(feed.model_dump(), updates, site_of(request).settings.origin)
    return _answer(request, feed, body, "application/atom+xml; charset=utf-8")


async def _newest(request: Request) -> tuple[Feed, list[Fields]]:
    site, slug = site_of(request), request.path_params["feed"]
    await public_feed(site, slug)
    context = page_context(await site.store.updates.page(slug, PageQuery(limit=_LIMIT)))
    return Feed.model_validate(context["feed"]), context["page"]["updates"]


def _answer(request: Request, feed: Feed, body: bytes, media_type: str) -> Response:
    return caching.answer(request, body, media_type=media_type, headers=feed_cors(request, feed))


def content_html(update: Fields, origin: str) -> str:
    """An update's text with its image and its correction, with addresses that work anywhere."""
    html = _OWN_IMAGE.sub(rf"\g<1>{origin}", update["html"])
    if image := update["image"]:
        src = image["url"] if image["url"].startswith("https:") else origin + image["url"]
        size = "".join(f' {name}="{image[name]}"' for name in ("width", "height") if image[name])
        words = escape(" ".join(filter(None, (image["caption"], image["credit"]))))
        caption = f"<figcaption>{words}</figcaption>" if words else ""
        html += f'<figure><img src="{escape(src)}" alt="{escape(image["alt"])}"{size}>{caption}</figure>'
    if update["correction"]:
        html += f"<p><strong>Correction:</strong> {escape(update['correction'])}</p>"
    return html


def json_feed(feed: Fields, updates: list[Fields], origin: str) -> Fields:
    """https://www.jsonfeed.org/version/1.1/"""
    address = f"{origin}/feeds/{feed['slug']}"
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed["title"],
        "home_page_url": address,
        "feed_url": f"{address}/feed.json",
        **({"description": feed["description"]} if feed["description"] else {}),
        "language": feed["lang"],
        **({"expired": True} if feed["status"] == "closed" else {}),
        "items": [_json_item(update, address, origin) for update in updates],
    }


def _json_item(update: Fields, address: str, origin: str) -> Fields:
    item = {
        "id": f"{address}/updates/{update['id']}",
        "url": f"{address}/updates/{update['id']}",
        "title": update["headline"],
        "content_html": content_html(update, origin),
        "date_published": update["time"],
    }
    if update["edited"]:
        item["date_modified"] = update["edited"]
    if update["link"]:
        item["external_url"] = update["link"]["url"]
    if image := update["image"]:
        item["image"] = image["url"] if image["url"].startswith("https:") else origin + image["url"]
    if update["author"]:
        item["authors"] = [{"name": update["author"]}]
    if update["tags"]:
        item["tags"] = update["tags"]
    return item


def atom(feed: Fields, updates: list[Fields], origin: str) -> bytes:
    """RFC 4287. ElementTree escapes; what no XML may contain is replaced before."""
    address = f"{origin}/feeds/{feed['slug']}"
    root = ET.Element("feed", {"xmlns": _ATOM, _XML_LANG: feed["lang"]})
    _add(root, "id", address)
    _add(root, "title", feed["title"])
    if feed["description"]:
        _add(root, "subtitle", feed["description"])
    _add(root, "updated", max(map(_changed, updates), default=feed["opened"]))
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{address}/feed.atom")
    _add(root, "link", rel="alternate", type="text/html", href=address)
    _add(_add(root, "author"), "name", feed["title"])
    _add(root, "generator", "livefeed")
    for update in updates:
        _add_entry(root, update, address, origin)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add_entry(root: ET.Element, update: Fields, address: str, origin: str) -> None:
    entry = _add(root, "entry")
    link = f"{address}/updates/{update['id']}"
    _add(entry, "id", link)
    _add(entry, "title", update["headline"])
    _add(entry, "published", update["time"])
    _add(entry, "updated", _changed(update))
    _add(entry, "link", rel="alternate", type="text/html", href=link)
    if update["link"]:
        _add(entry, "link", rel="related", href=update["link"]["url"])
    if update["author"]:
        _add(_add(entry, "author"), "name", update["author"])
    for tag in update["tags"]:
        _add(entry, "category", term=tag)
    _add(entry, "content", content_html(update, origin), type="html")


def _changed(update: Fields) -> str:
    return str(update["edited"] or update["published"])


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    safe = {key: _NOT_IN_XML.sub("\ufffd", value) for key, value in attributes.items()}
    element = ET.SubElement(parent, name, safe)
    if text is not None:
        element.text = _NOT_IN_XML.sub("\ufffd", text)
    return element


routes: list[BaseRoute] = [
    Route("/feeds/{feed}/feed.json", _json),
    Route("/feeds/{feed}/feed.atom", _atom),
]
