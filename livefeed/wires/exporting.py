"""From an update to the line of NDJSON that import reads."""

from __future__ import annotations

from typing import Any

import orjson

from livefeed.core.models import EDITABLE

__all__ = ["line_of"]


def line_of(update: dict[str, Any], source: str | None = None) -> bytes:
    """One line, with its end, from an update as the API shows it; ``source`` is what it was imported from.

    Everything an editor can set is there, also what is not set, so that importing the line again
    takes back what was taken back here. What has no source gets the update's id for one.
    """
    fields = {"id": source or update["id"]} | {name: update[name] for name in ("time", *EDITABLE)}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
