"""The updates of the bench: for every system the same JSON, with a text that the load client knows."""

from __future__ import annotations

import json

__all__ = ["LONG", "SHORT", "change", "text"]

SHORT = ""
"""With it, a change message has 435 to 441 bytes, most of them livefeed's own fields."""

LONG = "The ferry Aurora has left the harbour too late."
"""With it, a change message has about 580 bytes, as a short item of a real coverage."""


def text(number: int, body: str) -> str:
    return f"bench-{number:06}-{body}"


def change(number: int, body: str) -> str:
    """What livefeed's readers get for an update with this text; the others are given it ready-made."""
    words = text(number, body)
    time = "2026-11-23T20:22:39.422Z"
    update = {
        "id": "01m8516c1y3r5tb0zgxc7ahnsh",
        "rev": 1,
        "time": time,
        "published": time,
        "title": None,
        "headline": words,
        "format": "markdown",
        "text": words,
        "html": f"<p>{words}</p>",
        "author": None,
        "tags": [],
        "link": None,
        "image": None,
        "breaking": False,
        "key": False,
        "pinned": False,
        "edited": None,
        "correction": None,
    }
    message = {
        "type": "change",
        "after": number,
        "position": f"7nm0ay:{number + 1}",
        "change": {"op": "put", "update": update},
    }
    return json.dumps(message, separators=(",", ":"))
