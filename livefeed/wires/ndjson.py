"""Our own wire: one update a line, as ``export`` writes it. Strict, since it is no stranger's dirt."""

from __future__ import annotations

import re
from typing import Any

import orjson

from livefeed.core.models import UpdateCreate
from livefeed.core.validation import parse
from livefeed.errors import FieldError, InvalidInput
from livefeed.wires.entry import Skipped, Wire, in_order

__all__ = ["read_ndjson"]

_DERIVED = {"rev", "published", "headline", "edited"}
"""What the server works out by itself: taken from ``GET …/updates/{id}`` it does no harm."""


def read_ndjson(data: bytes) -> Wire:
    """Read updates, one a line; a line that is none is skipped with the reason.

    Raises:
        InvalidInput: not a single line is a JSON object.
    """
    found: list[tuple[str, UpdateCreate]] = []
    skipped: list[Skipped] = []
    objects = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            fields = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            skipped.append(Skipped(where, f"this is no JSON: {error}"))
            continue
        objects += isinstance(fields, dict)
        if isinstance(fields, dict) and isinstance(fields.get("id"), str):
            where += f" ({fields['id'][:100]})"
        try:
            found.append((where, _draft(fields)))
        except InvalidInput as error:
            skipped.append(Skipped(where, str(error)))
    if not objects:
        raise InvalidInput.of("file", "there is no update in it: each line must be a JSON object")
    entries, repeated = in_order(found)
    everything = sorted(skipped + repeated, key=_line_number)
    return Wire("ndjson", entries, everything)


def _draft(fields: Any) -> UpdateCreate:
    if not isinstance(fields, dict):
        raise InvalidInput.of("line", "this is no JSON object")
    if not fields.get("id"):
        raise InvalidInput.of("id", "it is missing; without it, the next import would publish this again")
    wanted = {name: value for name, value in fields.items() if name not in _DERIVED}
    wanted["source"] = wanted.pop("id")
    if "source" in fields:
        raise InvalidInput.of("source", "there is no such field: `id` is the source's key")
    text_field = "text"
    if "text" in wanted:
        wanted.pop("html", None)
    elif "html" in wanted:
        text_field = "html"
        wanted["text"] = wanted.pop("html")
        wanted["format"] = "html"
    try:
        return parse(UpdateCreate, wanted)
    except InvalidInput as error:
        names = {"source": "id", "text": text_field}
        said = [FieldError(names.get(e.field, e.field), e.message) for e in error.errors]
        raise InvalidInput(said) from error


def _line_number(skipped: Skipped) -> int:
    number = re.search(r"\d+", skipped.where)
    return int(number[0]) if number else 0
