"""A feed's key updates as one text, oldest first, to copy into an article: Markdown or HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core.models import Feed, Update
from livefeed.core.paging import PageQuery
from livefeed.core.unrender import markdown_of, markdown_text
from livefeed.errors import InvalidInput
from livefeed.store.store import Store
from livefeed.web.auth import enter
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.dates import direction, show
from livefeed.web.site import site_of
from livefeed.web.words import Words

__all__ = ["MAX_STORY", "html_story", "markdown_story", "story"]

MAX_STORY: Final = 500
"""Key updates of a story: the first ones."""

_OWN_MEDIA: Final = re.compile(r'(?<= src=")(?=/media/)')

# A browser that is shown it by itself runs nothing and loads pictures only.
_POLICY: Final = "; ".join(
    (
        *("sandbox", "default-src 'none'", "img-src https: http:", "base-uri 'none'", "form-action 'none'"),
        "frame-ancestors 'none'",
    )
)


async def story(request: Request) -> Response:
    slug, _ = await enter(request, "editor")
    wanted = request.query_params.get("format", "markdown")
    if wanted not in ("markdown", "html"):
        raise InvalidInput.of("format", "ask for markdown or html")
    site = site_of(request)
    feed, updates = await site.store.feeds.get(slug), await _key_updates(site.store, slug)
    make = markdown_story if wanted == "markdown" else html_story
    text = make(feed, updates, site.templates.languages.of(feed.lang), site.settings.origin)
    headers = {"Content-Security-Policy": _POLICY}
    media_type = f"text/{wanted}; charset=utf-8"
    return answer(request, text.encode(), cache=NO_STORE, media_type=media_type, headers=headers)


async def _key_updates(store: Store, slug: str) -> list[Update]:
    found: list[Update] = []
    query = PageQuery(limit=100, order="oldest", key=True)
    while len(found) < MAX_STORY:
        page = await store.updates.page(slug, query)
        found += [Update.model_validate(orjson.loads(update)) for update in page.updates]
        if page.next is None:
            break
        query = PageQuery(limit=100, order="oldest", key=True, cursor=page.next)
    return found[:MAX_STORY]


# Markdown ---------------------------------------------------------------------------------------


def markdown_story(feed: Feed, updates: Sequence[Update], words: Words, origin: str) -> str:
    """Times are in the feed's zone and language; ``origin``: where our own pictures are."""
    blocks = [f"# {markdown_text(feed.title)}"]
    if feed.description:
        blocks.append(markdown_text(feed.description))
    for update in updates:
        blocks += _markdown_blocks(feed, update, words, origin)
    return "\n\n".join(blocks) + "\n"


def _markdown_blocks(feed: Feed, update: Update, words: Words, origin: str) -> list[str]:
    blocks = [f"## {markdown_text(update.title)}"] if update.title else []
    blocks.append(f"*{markdown_text(_line(feed, update))}*")
    blocks.append(markdown_of(_with_origin(update.html, origin)))
    if (image := update.image) is not None:
        blocks.append(markdown_of(f'<img src="{_absolute(image.url, origin)}" alt="{escape(image.alt)}">'))
        if caption := _caption(update):
            blocks.append(f"*{markdown_text(caption)}*")
    if update.link is not None:
        label = escape(update.link.label or update.link.url)
        blocks.append(markdown_of(f'<a href="{escape(update.link.url)}">{label}</a>'))
    if update.correction:
        blocks.append(f"**{markdown_text(words['correction'])}** {markdown_text(update.correction)}")
    return blocks


# HTML -------------------------------------------------------------------------------------------


def html_story(feed: Feed, updates: Sequence[Update], words: Words, origin: str) -> str:
    """A fragment without styles and scripts; ``origin``: where our own pictures are."""
    description = [f"<p>{escape(feed.description)}</p>"] if feed.description else []
    parts = [
        f'<article lang="{escape(feed.lang)}" dir="{direction(feed.lang)}">',
        f"<h1>{escape(feed.title)}</h1>",
        *description,
        *(_html_section(feed, update, words, origin) for update in updates),
        "</article>",
    ]
    return "\n".join(parts) + "\n"


def _html_section(feed: Feed, update: Update, words: Words, origin: str) -> str:
    time = show("full", update.time, feed.lang, feed.timezone)
    author = f" · {escape(update.author)}" if update.author else ""
    parts = [f"<h2>{escape(update.title)}</h2>"] if update.title else []
    parts.append(f'<p><em><time datetime="{escape(update.time)}">{escape(time)}</time>{author}</em></p>')
    parts.append(_with_origin(update.html, origin))
    if (image := update.image) is not None:
        size = "".join(
            f' {name}="{value}"'
            for name, value in (("width", image.width), ("height", image.height))
            if value
        )
        caption = f"<figcaption>{escape(_caption(update))}</figcaption>" if _caption(update) else ""
        source = escape(_absolute(image.url, origin))
        parts.append(f'<figure><img src="{source}" alt="{escape(image.alt)}"{size}>{caption}</figure>')
    if update.link is not None:
        label = escape(update.link.label or update.link.url)
        parts.append(f'<p><a href="{escape(update.link.url)}" rel="noopener nofollow ugc">{label}</a></p>')
    if update.correction:
        parts.append(f"<p><strong>{escape(words['correction'])}</strong> {escape(update.correction)}</p>")
    return "\n".join(parts)


# ------------------------------------------------------------------------------------------------


def _line(feed: Feed, update: Update) -> str:
    time = show("full", update.time, feed.lang, feed.timezone)
    return f"{time} · {update.author}" if update.author else time


def _caption(update: Update) -> str:
    image = update.image
    credit = f"({image.credit})" if image and image.credit else ""
    return " ".join(part for part in (image.caption if image else None, credit) if part)


def _with_origin(html: str, origin: str) -> str:
    return _OWN_MEDIA.sub(escape(origin), html)


def _absolute(address: str, origin: str) -> str:
    return origin + address if address.startswith("/") else address
