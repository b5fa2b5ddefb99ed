"""From what an editor wrote, or a wire sent, to HTML that is safe on any page.

markdown-it-py turns Markdown into HTML (tags in it are shown as text), nh3 (ammonia, html5ever)
lets through what is listed here and nothing else. Two things are added to that:

- **A fixed point.** What a browser parses again must not become something else (that is how
  sanitisers are got around), so the cleaning is repeated until it changes nothing any more.
- **Bounded work.** Both parsers have inputs whose cost grows with the square of their length, and
  markdown-it drops what is nested too deeply. Text with more markup than people write is therefore
  shown as plain text: nothing is lost but its looks.
"""

from __future__ import annotations

import html as html_entities
import re
from typing import Final, Literal

import nh3
from markdown_it import MarkdownIt

from livefeed.core.pictures import PICTURE_ADDRESS

__all__ = ["MAX_DEPTH", "plain_text", "render", "text_of_safe"]

MAX_DEPTH: Final = 40
"""Tags within tags; what is nested deeper loses its markup."""

_MAX_MARKS: Final = 3_000
_MAX_CELLS: Final = 4_000
_MAX_HTML: Final = 150_000
_MAX_ROUNDS: Final = 8

_TAGS: Final = {
    *("p", "br", "strong", "em", "b", "i", "s", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "hr", "img", "table", "thead", "tbody", "tr", "th", "td"),
}
_WITH_CONTENT: Final = {
    *("script", "style", "template", "title", "textarea", "iframe", "noembed", "noframes", "xmp"),
}
_VOID: Final = frozenset({"br", "hr", "img"})
_REL: Final = "noopener nofollow ugc"

_SURROGATE = re.compile("[\ud800-\udfff]")  # UTF-8, and so nh3, cannot carry them
_MARK = re.compile(r"[\[\]!*_~`<>&|\\\n]")

# html5ever opens such elements again in each paragraph after the one they were left open in: up to
# three times each if they are alike, without bound if their attributes differ (18 KB became 20 MB).
_ATTRIBUTES = r"""(?:[\s/](?:[^<>"']|"[^"]*"|'[^']*')*+)?>"""
_KEPT_FORMATTING = re.compile(r"<(b|code|em|i|s|strong)" + _ATTRIBUTES, re.IGNORECASE)
_OTHER_FORMATTING = re.compile(r"<(?:big|font|nobr|small|strike|tt|u)" + _ATTRIBUTES, re.IGNORECASE)
_FORMATTING_LEFT = re.compile(
    r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/]", re.IGNORECASE
)
_MAX_FORMATTING_LEFT: Final = 10

_HEADING = re.compile(r"<(/?)h([1256])(?=[\s/>])", re.IGNORECASE)
_OTHER_BLOCK = re.compile(
    r"</?(?:address|article|aside|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|header"
    r"|main|nav|section|summary)(?=[\s/>])",
    re.IGNORECASE,
)
_BLOCK_EDGE = re.compile(r"</?(?:p|br|li|[uo]l|blockquote|pre|h[34]|hr|t[dhr]|table)(?=[ >])")

# As html5ever writes tags: lower case, values in double quotes.
_TAG = re.compile(r'<(/?)([a-z0-9]+)((?: [a-z]+="[^"]*")*)>')
_ALT = re.compile(r'<img(?: [a-z]+="[^"]*")*? alt="([^"]*)"[^>]*>')
_EMPTY_PARAGRAPH = re.compile(r"<p>\s*</p>")

_WEB = re.compile(r"https?://[^\s/?#\\]", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s/\\]", re.IGNORECASE)
_HTTPS = re.compile(r"https://[^\s/?#\\]", re.IGNORECASE)
_PIXELS = re.compile(r"[1-9][0-9]{0,4}")


def render(text: str, format: Literal["markdown", "html"]) -> str:
    """Safe HTML. Always the same for the same text, and rendering it as ``html`` leaves it as it is."""
    text = _SURROGATE.sub("\ufffd", text)
    return _clean(_from_markdown(text) if format == "markdown" else text)


def plain_text(html: str) -> str:
    """The text of ``html`` without its tags, entities decoded; the edges of blocks become spaces.

    Of a picture, it is what it shows.
    """
    return _strip(_CLEANER.clean(_bounded(_SURROGATE.sub("\ufffd", html))))


def text_of_safe(html: str) -> str:
    """:func:`plain_text` of what :func:`render` made, an eighth of the work: a page shows many of these."""
    return _strip(html)


def _from_markdown(text: str) -> str:
    lines = text.split("\n")
    marks = sum(1 for _ in _MARK.finditer(text))
    if marks > _MAX_MARKS or len(lines) * max(line.count("|") for line in lines) > _MAX_CELLS:
        return _as_text(text)
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.level >= MAX_DEPTH - 1:  # from here on markdown-it leaves text out
            return _as_text(text)
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3" if token.tag <= "h3" else "h4"
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _as_text(text: str) -> str:
    escaped = html_entities.escape(text.strip(), quote=False)
    paragraphs = (part.replace("\n", "<br>\n") for part in re.split(r"\n{2,}", escaped))
    return "\n".join(f"<p>{part}</p>" for part in paragraphs)


def _clean(html: str) -> str:
    for _ in range(_MAX_ROUNDS):
        cleaned = _CLEANER.clean(_bounded(html))
        tidied = _tidy(cleaned) if len(cleaned) <= _MAX_HTML else None
        if tidied == html:
            return html
        if tidied is None:
            break
        html = tidied
    return _clean(_as_text(_strip(cleaned)))


def _bounded(html: str) -> str:
    """The same to a reader, with the markup that is ours to map mapped, and safe to parse in good time."""
    html = _OTHER_FORMATTING.sub("", _KEPT_FORMATTING.sub(r"<\1>", html))
    if sum(1 for _ in _FORMATTING_LEFT.finditer(html)) > _MAX_FORMATTING_LEFT:
        return _as_text(html)
    html = _HEADING.sub(lambda tag: f"<{tag[1]}h{'3' if tag[2] in '12' else '4'}", html)
    return _OTHER_BLOCK.sub("<p", html)


def _strip(cleaned: str) -> str:
    spaced = _BLOCK_EDGE.sub(lambda edge: " " + edge[0], cleaned)
    return html_entities.unescape(_TAG.sub("", _ALT.sub(r"\1", spaced))).strip()


def _tidy(html: str) -> str | None:
    """Take out links that lead nowhere (their text stays), images of nothing, empty paragraphs.

    None if the tags are nested too deeply.
    """
    depth = 0
    open_links: list[bool] = []
    too_deep = False

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth, too_deep
        closing, name, attributes = tag.groups()
        if name == "img":
            return tag[0] if ' src="' in attributes else ""
        if name not in _VOID:
            depth += -1 if closing else 1
            too_deep = too_deep or depth > MAX_DEPTH
        if name != "a":
            return tag[0]
        if closing:
            return tag[0] if open_links and open_links.pop() else ""
        open_links.append(' href="' in attributes)
        return tag[0] if open_links[-1] else ""

    tidied = _TAG.sub(keep, html)
    return None if too_deep else _EMPTY_PARAGRAPH.sub("", tidied).strip()


def _attribute(tag: str, name: str, value: str) -> str | None:
    match tag, name:
        case "a", "href":
            return value if _WEB.match(value) or _MAIL.match(value) else None
        case "img", "src":
            return value if _HTTPS.match(value) or PICTURE_ADDRESS.fullmatch(value) else None
        case "img", "width" | "height":
            return value if _PIXELS.fullmatch(value) else None
    return value  # alt, and the rel that nh3 itself sets


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_WITH_CONTENT,
    # “*”: on every tag. Without it nh3 lets lang and title through.
    attributes={"*": set(), "a": {"href"}, "img": {"src", "alt", "width", "height"}},
    attribute_filter=_attribute,
    link_rel=_REL,
    url_schemes={"http", "https", "mailto"},
    url_relative="pass_through",  # _attribute decides: only it knows whether it is an image's
)

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": MAX_DEPTH}).enable(
    ["table", "strikethrough"]
)
