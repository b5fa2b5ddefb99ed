"""From an update to the line of NDJSON that import reads."""

from __future__ import annotations

from typing import Any

import orjson

from livefeed.core.models import EDITABLE

__all__ = ["line_of"]


def line_of(update: dict[str, Any]) -> bytes:
    """One line, with its end, from an update as the API shows it.

    Everything an editor can set is there, also what is not set, so that importing the line again
    takes back what was taken back here. The update's id becomes the source's key.
    """
    fields = {"id": update["id"]} | {name: update[name] for name in ("time", *EDITABLE)}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
