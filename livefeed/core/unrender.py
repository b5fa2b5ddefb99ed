"""From the safe HTML that :mod:`livefeed.core.markdown` makes back to Markdown, with tables as on GitHub.

What was text is text again: nothing in it is markup by accident, and there is no HTML in the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, TypeAlias

__all__ = ["markdown_of", "markdown_text"]

_VOID: Final = frozenset({"br", "hr", "img"})
_BLOCKS: Final = frozenset(
    {
        "p",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "h3",
        "h4",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "td",
        "th",
    }
)
_EMPHASIS: Final = {"strong": "**", "b": "**", "em": "*", "i": "*", "s": "~~", "del": "~~"}

_PUNCTUATION: Final = re.compile(r"[\\`*_\[\]<>&~|]")
_LINE_START: Final = re.compile(r"^([#+=-]|\d{1,9}(?=[.)]))", re.MULTILINE)
_SPACE: Final = re.compile(r"[ \t\n\r\f]+")
_BACKTICKS: Final = re.compile("`+")


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[_Node] = field(default_factory=list)


_Node: TypeAlias = _Element | str


class _Tree(HTMLParser):
    """Safe HTML is well-formed: each tag is closed, or void."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Element("root")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = _Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if len(self._open) > 1 and self._open[-1].name == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def markdown_of(html: str) -> str:
    """The Markdown of safe HTML."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return "\n\n".join(_blocks(tree.root.children))


def markdown_text(text: str) -> str:
    """One line of text as Markdown that means just that."""
    return _LINE_START.sub(_escape_start, _PUNCTUATION.sub(r"\\\g<0>", _SPACE.sub(" ", text).strip()))


def _escape_start(found: re.Match[str]) -> str:
    # A number is no escape: what makes it one of a list is the dot after it.
    return found[0] + "\\" if found[0].isdigit() else "\\" + found[0]


# Blocks -----------------------------------------------------------------------------------------


def _blocks(nodes: Sequence[_Node]) -> list[str]:
    made: list[str] = []
    run: list[_Node] = []

    def close_run() -> None:
        if line := _paragraph(run):
            made.append(line)
        run.clear()

    for node in nodes:
        if isinstance(node, _Element) and node.name in _BLOCKS:
            close_run()
            made += [block for block in _block(node) if block]
        else:
            run.append(node)
    close_run()
    return made


def _block(element: _Element) -> Iterator[str]:
    match element.name:
        case "h3" | "h4":
            yield f"{'#' * int(element.name[1])} {_paragraph(element.children)}"
        case "hr":
            yield "---"
        case "pre":
            text = _text(element).strip("\n")
            fence = "`" * max(3, _longest_run(text) + 1)
            yield f"{fence}\n{text}\n{fence}"
        case "blockquote":
            yield _indented("\n\n".join(_blocks(element.children)), "> ", "> ")
        case "ul" | "ol":
            yield _list(element)
        case "table":
            yield _table(element)
        case _:
            yield from _blocks(element.children)


def _list(element: _Element) -> str:
    items: list[str] = []
    for node in element.children:
        if isinstance(node, _Element) and node.name == "li":
            marker = f"{len(items) + 1}. " if element.name == "ol" else "- "
            blocks = _blocks(node.children)
            is_tight = all(not isinstance(child, _Element) or child.name != "p" for child in node.children)
            items.append(_indented(("\n" if is_tight else "\n\n").join(blocks), marker, " " * len(marker)))
    return "\n".join(items)


def _table(element: _Element) -> str:
    rows = [[_cell(cell) for cell in _named(row, "td", "th")] for row in _named(element, "tr")]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def _cell(element: _Element) -> str:
    return _SPACE.sub(" ", _paragraph(element.children).replace("\\\n", " "))


def _named(element: _Element, *names: str) -> Iterator[_Element]:
    for node in element.children:
        if isinstance(node, _Element):
            if node.name in names:
                yield node
            else:
                yield from _named(node, *names)


def _indented(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join(((rest if at else first) + line).rstrip() for at, line in enumerate(lines))


# Within a paragraph -----------------------------------------------------------------------------


def _paragraph(nodes: Sequence[_Node]) -> str:
    joined = "".join(_inline(node) for node in nodes)
    lines = [_SPACE.sub(" ", line).strip() for line in joined.split("\\\n")]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        del lines[0]
    return _LINE_START.sub(_escape_start, "\\\n".join(lines))


def _inline(node: _Node) -> str:
    if isinstance(node, str):
        return _PUNCTUATION.sub(r"\\\g<0>", _SPACE.sub(" ", node))

    def inner() -> str:
        return "".join(_inline(child) for child in node.children)

    match node.name:
        case "br":
            return "\\\n"
        case "img":
            return f"![{markdown_text(node.attributes.get('alt', ''))}]({_target(node.attributes['src'])})"
        case "a":
            return _around(inner(), "[", f"]({_target(node.attributes['href'])})")
        case "code":
            return _code(_text(node))
        case name if name in _EMPHASIS:
            return _around(inner(), _EMPHASIS[name], _EMPHASIS[name])
    return inner()


def _around(text: str, before: str, after: str) -> str:
    """Marks stand right at the words: beside a space they would be none."""
    words = text.strip()
    if not words:
        return text
    at = text.index(words)
    return text[:at] + before + words + after + text[at + len(words) :]


def _code(text: str) -> str:
    text = _SPACE.sub(" ", text)
    fence = "`" * (_longest_run(text) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}" if text.strip() else text


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def _target(address: str) -> str:
    return re.sub(r"[\s<>()\\]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)


def _text(element: _Element) -> str:
    return "".join(node if isinstance(node, str) else _text(node) for node in element.children)
