"""A page of the server's with nothing on it but what a test puts there, under the policy of our pages."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, Route

from livefeed.settings import Settings
from livefeed.web.html import FRAME_OURSELVES, policy
from livefeed.web.static_tree import static_root
from tests.e2e.conftest import Server

__all__ = ["MODULES", "WORDS", "open_blank", "run"]

# Modules of an unknown build are those of today.
MODULES = "/static/000000000000"

WORDS: dict[str, Any] = json.loads((static_root() / "words" / "en.json").read_text()) | {"lang": "en"}


def open_blank(page: Page, server: Server, body: str = "") -> None:
    """``body`` is HTML."""
    headers = {"Content-Security-Policy": policy(Settings(), FRAME_OURSELVES, videos=True)}

    def fulfill(route: Route) -> None:
        route.fulfill(content_type="text/html; charset=utf-8", headers=headers, body=f"<!doctype html>{body}")

    page.route(f"{server.url}/blank", fulfill)
    page.goto(f"{server.url}/blank")


def run(page: Page, module: str, code: str, arg: Any = None) -> Any:
    """What ``code``, the body of an asynchronous function of ``it``, the module, and ``arg``, returns."""
    return page.evaluate(
        f"async (arg) => {{ const it = await import('{MODULES}/ticker/{module}.js'); {code} }}", arg
    )
