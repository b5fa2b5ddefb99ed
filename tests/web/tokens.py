"""JavaScript and CSS cut into tokens, as far as it takes to tell code from comments and literals."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["tokens"]

_GAP = {
    ".css": re.compile(r"(?:\s|/\*.*?\*/)+", re.DOTALL),
    ".js": re.compile(r"(?:\s|/\*.*?\*/|//[^\n]*)+", re.DOTALL),
}
_WORD = re.compile(r"#?[\w$]+|#")
_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
# After these a slash begins a regular expression; after any other word, a number or a bracket it divides.
_OPERATORS = frozenset("(,=:[!&|?{;+-*%<>~^}")
_KEYWORDS = frozenset({"return", "typeof", "case", "of", "in", "void", "await", "yield", "throw", "else"})


def tokens(code: str, suffix: str) -> list[str]:
    """The tokens of a ``.js`` or ``.css`` file. What separates two is one token, ``"\\n"`` or ``" "``:
    line breaks end statements.

    Raises:
        ValueError: a literal does not end on its line.
    """
    return list(_cut(code.strip(), suffix))


def _cut(code: str, suffix: str) -> Iterator[str]:
    at, last, begun = 0, "(", False
    while at < len(code):
        if gap := _GAP[suffix].match(code, at):
            at = gap.end()
            if begun and at < len(code):
                yield "\n" if "\n" in gap[0] else " "
            continue
        token = _token(code, at, suffix, last)
        yield token
        at, last, begun = at + len(token), token, True


def _token(code: str, at: int, suffix: str, last: str) -> str:
    first = code[at]
    if first in "'\"":
        return _whole(_STRING, code, at)
    if suffix == ".js" and first == "`":
        return _template(code, at)
    if suffix == ".js" and first == "/" and (last in _OPERATORS or last in _KEYWORDS):
        return _whole(_PATTERN, code, at)
    word = _WORD.match(code, at)
    return word[0] if word else first


def _whole(pattern: re.Pattern[str], code: str, at: int) -> str:
    found = pattern.match(code, at)
    if found is None:
        raise ValueError(f"a literal that does not end on its line: {code[at : at + 60]!r}")
    return found[0]


def _template(code: str, start: int) -> str:
    at = start + 1
    while (first := code[at : at + 1]) != "`":
        if first in ("", "\n"):
            raise ValueError(
                f"a template literal that does not end on its line: {code[start : start + 60]!r}"
            )
        at = _placeholder(code, at + 2) if code.startswith("${", at) else at + (2 if first == "\\" else 1)
    return code[start : at + 1]


def _placeholder(code: str, at: int) -> int:
    """Where the template goes on after a ``${…}`` whose inside begins ``at``."""
    depth, last = 1, "("
    while depth:
        token = _token(code, at, ".js", last)
        depth += (token == "{") - (token == "}")
        at, last = at + len(token), last if token.isspace() else token
    return at
