"""A page as search engines read it: JSON-LD in the words of schema.org.

https://schema.org/LiveBlogPosting, and what Google asks of an Article:
https://developers.google.com/search/docs/appearance/structured-data/article.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from livefeed.core.markdown import text_of_safe
from livefeed.core.times import to_ms
from livefeed.settings import Settings

__all__ = [
    "absolute_url",
    "live_blog",
    "newest_change",
    "opened",
    "posting",
    "publisher_name",
    "publisher_url",
    "shown",
]

Fields = dict[str, Any]

_CONTEXT = {"@context": "https://schema.org"}


def live_blog(settings: Settings, page: Fields) -> Fields:
    """A ticker's page, with one ``BlogPosting`` for each update on it."""
    feed, updates = page["feed"], shown(page)
    picture = next((update["image"] for update in updates if update["image"]), None)
    told = _coverage(settings, feed, opened(page)) | {
        "mainEntityOfPage": _page_at(_address(settings, feed)),
        "description": feed["description"],
        "inLanguage": feed["lang"],
        "datePublished": opened(page),
        "dateModified": newest_change(page),
        "author": _publisher(settings),
        "publisher": _publisher(settings),
        "image": picture and _image(picture, settings.origin),
        "liveBlogUpdate": [_posting(settings, feed, update) for update in updates],
    }
    return _said(_CONTEXT | told)


def posting(settings: Settings, feed: Fields, update: Fields) -> Fields:
    """An update's own page: the update as part of its coverage."""
    own = _posting(settings, feed, update)
    told = own | {
        "mainEntityOfPage": _page_at(own["url"]),
        "inLanguage": feed["lang"],
        "publisher": _publisher(settings),
        "isPartOf": _coverage(settings, feed, feed["opened"]),
    }
    return _said(_CONTEXT | told)


def shown(page: Fields) -> list[Fields]:
    """The updates on a page, each once: those pinned that the page itself lacks stand above it."""
    here = {update["id"] for update in page["updates"]}
    return [update for update in page["pinned"] if update["id"] not in here] + list(page["updates"])


def opened(page: Fields) -> str | None:
    """When the coverage began, as far as is known."""
    first = min((update["published"] for update in page["updates"]), default=None)
    return page["feed"]["opened"] or first


def newest_change(page: Fields) -> str | None:
    """When something on a page was last published or edited, or the feed opened or closed."""
    feed = page["feed"]
    changes = [update["edited"] or update["published"] for update in shown(page)]
    return max(filter(None, [feed["opened"], feed["closed"], *changes]), default=None)


def publisher_name(settings: Settings) -> str:
    """Who publishes here: what the operator says, else the name of our host."""
    return settings.publisher_name or urlsplit(settings.origin).hostname or "livefeed"


def publisher_url(settings: Settings) -> str:
    """The publisher's own site, else our own."""
    return str(settings.publisher_url or settings.origin)


def absolute_url(url: str, origin: str) -> str:
    """An image's address as it works anywhere: pictures of our own are stored without our name."""
    return origin + url if url.startswith("/") else url


def _coverage(settings: Settings, feed: Fields, began: str | None) -> Fields:
    address = _address(settings, feed)
    return {
        "@type": "LiveBlogPosting",
        "@id": address,
        "url": address,
        "headline": feed["title"],
        "coverageStartTime": began,
        # What has an end is shown as ended: as long as it goes on, none is told.
        "coverageEndTime": feed["closed"] if feed["status"] == "closed" else None,
    }


def _posting(settings: Settings, feed: Fields, update: Fields) -> Fields:
    url = f"{_address(settings, feed)}/updates/{update['id']}"
    author, image, time = update["author"], update["image"], update["time"]
    lines = (" ".join(line.split()) for line in text_of_safe(update["html"]).split("\n"))
    return {
        "@type": "BlogPosting",
        "@id": url,
        "url": url,
        "headline": update["headline"],
        "datePublished": time,
        "dateModified": max(time, update["edited"] or time, key=to_ms),
        # A picture without words has nothing but what it is listed by.
        "articleBody": "\n".join(filter(None, lines)) or update["headline"],
        "author": {"@type": "Person", "name": author} if author else _publisher(settings),
        "image": image and _image(image, settings.origin),
        "correction": update["correction"],
    }


def _address(settings: Settings, feed: Fields) -> str:
    return f"{settings.origin}/feeds/{feed['slug']}"


def _page_at(url: str) -> Fields:
    return {"@type": "WebPage", "@id": url}


def _publisher(settings: Settings) -> Fields:
    logo = settings.publisher_logo
    return {
        "@type": "Organization",
        "name": publisher_name(settings),
        "url": publisher_url(settings),
        "logo": {"@type": "ImageObject", "url": str(logo)} if logo else None,
    }


def _image(image: Fields, origin: str) -> Fields:
    return {
        "@type": "ImageObject",
        "url": absolute_url(image["url"], origin),
        "width": image["width"],
        "height": image["height"],
        "caption": image["caption"],
        "creditText": image["credit"],
    }


def _said(told: Fields) -> Fields:
    """Without members that say nothing, however deep."""
    return {name: _value(member) for name, member in told.items() if member is not None}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(member) for member in value]
    return _said(value) if isinstance(value, dict) else value
