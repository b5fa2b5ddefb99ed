"""Real feeds of real publishers, beside the checkout where they are; they are not part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

__all__ = ["REAL_FEEDS", "needs_real_feeds", "real_feed"]

_FOLDER = Path(__file__).resolve().parents[2] / "shared/data"
_NAMES = ("liveblog-2023-12-13.ndjson", "wire-reddit.atom.xml", "wire-spiegel.rss.xml")

REAL_FEEDS = [path for path in (_FOLDER / name for name in _NAMES) if path.exists()]

needs_real_feeds = pytest.mark.skipif(not REAL_FEEDS, reason="no real feeds are beside this checkout")


def real_feed(name: str) -> Path:
    return _FOLDER / name
