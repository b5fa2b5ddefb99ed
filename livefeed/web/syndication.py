"""The newest updates for feed readers: JSON Feed 1.1 and Atom (RFC 4287)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from livefeed.core.models import Feed
from livefeed.core.paging import PageQuery, parse_query
from livefeed.settings import Settings
from livefeed.web import caching
from livefeed.web.meta import filter_of
from livefeed.web.pages import feed_cors, page_context, public_feed
from livefeed.web.site import site_of
from livefeed.web.structured import absolute_url, publisher_name, publisher_url

__all__ = ["Source", "atom", "content_html", "json_feed", "routes"]

_LIMIT = 30
_LONG_AGO = "1970-01-01T00:00:00Z"

_ATOM = "http://www.w3.org/2005/Atom"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# All that XML 1.0 (section 2.2) allows no document to contain, not even escaped.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# As html5ever writes tags: values in double quotes, which may hold a ">".
_OWN_IMAGE = re.compile(r'(<img(?: [a-z]+="[^"]*")*? src=")(?=/media/)')

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What a document is made from."""

    settings: Settings
    feed: Fields
    updates: list[Fields]
    query: PageQuery = field(default_factory=PageQuery)

    @property
    def address(self) -> str:
        """Of the ticker."""
        return f"{self.settings.origin}/feeds/{self.feed['slug']}"

    @property
    def filter(self) -> str:
        """What is asked for, as a query string: a filtered feed is a feed of its own."""
        return filter_of(self.query)

    @property
    def title(self) -> str:
        return f"{self.feed['title']}: {self.query.tag}" if self.query.tag else self.feed["title"]


async def _json(request: Request) -> Response:
    """``GET /feeds/{feed}/feed.json?tag=&key=1``

    Raises:
        InvalidInput, FeedNotFound, StoreError
    """
    source = await _newest(request)
    return _answer(request, source, orjson.dumps(json_feed(source)), "application/feed+json")


async def _atom(request: Request) -> Response:
    """``GET /feeds/{feed}/feed.atom?tag=&key=1``

    Raises:
        InvalidInput, FeedNotFound, StoreError
    """
    source = await _newest(request)
    return _answer(request, source, atom(source), "application/atom+xml; charset=utf-8")


async def _newest(request: Request) -> Source:
    site, slug = site_of(request), request.path_params["feed"]
    asked = {name: request.query_params[name] for name in ("tag", "key") if name in request.query_params}
    query = parse_query({**asked, "limit": str(_LIMIT)})
    await public_feed(site, slug)
    context = page_context(await site.store.updates.page(slug, query))
    return Source(site.settings, context["feed"], context["page"]["updates"], query)


def _answer(request: Request, source: Source, body: bytes, media_type: str) -> Response:
    feed = Feed.model_validate(source.feed)
    return caching.answer(request, body, media_type=media_type, headers=feed_cors(request, feed))


def content_html(update: Fields, origin: str) -> str:
    """An update's text with all that belongs to it, with addresses that work anywhere."""
    html = _OWN_IMAGE.sub(rf"\g<1>{origin}", update["html"])
    if image := update["image"]:
        src = absolute_url(image["url"], origin)
        size = "".join(f' {name}="{image[name]}"' for name in ("width", "height") if image[name])
        words = escape(" ".join(filter(None, (image["caption"], image["credit"]))))
        caption = f"<figcaption>{words}</figcaption>" if words else ""
        html += f'<figure><img src="{escape(src)}" alt="{escape(image["alt"])}"{size}>{caption}</figure>'
    if update["correction"]:
        html += f"<p><strong>Correction:</strong> {escape(update['correction'])}</p>"
    if link := update["link"]:
        words = link["label"] or urlsplit(link["url"]).hostname or link["url"]
        html += f'<p><a href="{escape(link["url"])}">{escape(words)}</a></p>'
    return html


def json_feed(source: Source) -> Fields:
    """https://www.jsonfeed.org/version/1.1/"""
    feed, settings = source.feed, source.settings
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": source.title,
        "home_page_url": source.address + source.filter,
        "feed_url": f"{source.address}/feed.json{source.filter}",
        **({"description": feed["description"]} if feed["description"] else {}),
        "language": feed["lang"],
        "authors": [{"name": publisher_name(settings), "url": publisher_url(settings)}],
        **({"expired": True} if feed["status"] == "closed" else {}),
        "items": [_json_item(update, source.address, settings.origin) for update in source.updates],
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
    if update["image"]:
        item["image"] = absolute_url(update["image"]["url"], origin)
    if update["author"]:
        item["authors"] = [{"name": update["author"]}]
    if update["tags"]:
        item["tags"] = update["tags"]
    return item


def atom(source: Source) -> bytes:
    """RFC 4287. ElementTree escapes; what no XML may contain is replaced before."""
    feed, settings, address = source.feed, source.settings, source.address
    root = ET.Element("feed", {"xmlns": _ATOM, _XML_LANG: feed["lang"]})
    _add(root, "id", address + source.filter)
    _add(root, "title", source.title)
    if feed["description"]:
        _add(root, "subtitle", feed["description"])
    # A feed that closes has changed; what was deleted leaves no time behind.
    changes = filter(None, [feed["opened"], feed["closed"], *map(_changed, source.updates)])
    _add(root, "updated", max(changes, default=_LONG_AGO))
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{address}/feed.atom{source.filter}")
    _add(root, "link", rel="alternate", type="text/html", href=address + source.filter)
    author = _add(root, "author")
    _add(author, "name", publisher_name(settings))
    _add(author, "uri", publisher_url(settings))
    _add(root, "generator", "livefeed")
    for update in source.updates:
        _add_entry(root, update, address, settings.origin)
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
