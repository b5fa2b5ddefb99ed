"""What a page's head says of it to machines: for search engines, previews (https://ogp.me), feed readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from markupsafe import Markup

from livefeed.core.paging import PageQuery
from livefeed.settings import Settings
from livefeed.web import structured
from livefeed.web.structured import absolute_url, publisher_name
from livefeed.web.templating import data_block

__all__ = ["Meta", "filter_of", "ticker_meta", "update_meta"]

_DESCRIPTION = 200
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}")

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """For ``_meta.html``. Addresses are absolute, times as in the API."""

    title: str
    description: str | None
    canonical: str
    """The page's one address: of a filtered or an older page, the ticker's."""
    robots: str
    syndication: tuple[str, str]
    """The addresses of the JSON Feed and of the Atom feed, of what the page shows."""
    feed_title: str
    oembed: str
    """Where others are told how to embed the page."""
    site_name: str
    locale: str
    published: str | None
    modified: str | None
    image: Fields | None
    """As an update has it; of a logo, the ``url`` alone."""
    has_picture: bool
    """Whether the image shows something, and is no logo."""
    ld: Markup


def ticker_meta(settings: Settings, page: Fields, query: PageQuery, *, is_view: bool = False) -> Meta:
    """Of a ticker's page.

    ``is_view``: this is not the ticker as search engines are to know it, though ``query`` asks for nothing
    special (the compact layout, say).
    """
    feed = page["feed"]
    picture = next((update["image"] for update in structured.shown(page) if update["image"]), None)
    return _meta(
        settings,
        feed,
        structured.live_blog(settings, page),
        picture,
        title=feed["title"],
        description=_brief(feed["description"] or "") or None,
        robots=_robots(feed, is_view or query != PageQuery()),
        filter_=filter_of(query),
        published=structured.opened(page),
        modified=structured.newest_change(page),
    )


def update_meta(settings: Settings, feed: Fields, update: Fields) -> Meta:
    """Of an update's own page."""
    posting = structured.posting(settings, feed, update)
    return _meta(
        settings,
        feed,
        posting,
        update["image"],
        title=update["headline"],
        description=_brief(posting["articleBody"]),
        robots=_robots(feed, False),
        filter_="",
        published=posting["datePublished"],
        modified=posting["dateModified"],
    )


def filter_of(query: PageQuery) -> str:
    """The query string of a page's filter, empty where everything is shown."""
    chosen = ({"tag": query.tag} if query.tag else {}) | ({"key": "1"} if query.key else {})
    return f"?{urlencode(chosen)}" if chosen else ""


def _meta(
    settings: Settings, feed: Fields, told: Fields, picture: Fields | None, *, filter_: str, **own: Any
) -> Meta:
    feeds = f"{settings.origin}/feeds/{feed['slug']}/feed"
    return Meta(
        canonical=told["url"],
        syndication=(f"{feeds}.json{filter_}", f"{feeds}.atom{filter_}"),
        feed_title=feed["title"],
        oembed=f"{settings.origin}/oembed?{urlencode({'url': told['url'], 'format': 'json'})}",
        site_name=publisher_name(settings),
        locale=_locale(feed["lang"]),
        image=_preview(settings, picture),
        has_picture=picture is not None,
        ld=data_block(orjson.dumps(told)),
        **own,
    )


def _preview(settings: Settings, picture: Fields | None) -> Fields | None:
    if picture is not None:
        return picture | {"url": absolute_url(picture["url"], settings.origin)}
    return {"url": str(settings.publisher_logo)} if settings.publisher_logo else None


def _brief(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _DESCRIPTION:
        return words
    cut = words[: _DESCRIPTION - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > _DESCRIPTION // 2 else cut).rstrip(" ,;:–—-") + "…"


def _robots(feed: Fields, is_view: bool) -> str:
    """Views of a ticker repeat it; what is not listed is for those who were given its address."""
    return "noindex" if is_view or not feed["listed"] else "max-image-preview:large"


def _locale(lang: str) -> str:
    """A language tag as Open Graph writes it: ``pt_BR``; where no region is named, the language alone."""
    language, *rest = lang.split("-")
    region = next((part.upper() for part in rest if _REGION.fullmatch(part)), None)
    return f"{language.lower()}_{region}" if region else language.lower()
