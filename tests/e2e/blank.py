"""A page of the server's with nothing on it but what a test puts there, under the policy of our pages."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route

from livefeed.settings import Settings
from livefeed.web.html import FRAME_OURSELVES, policy
from tests.e2e.conftest import Server

__all__ = ["WORDS", "open_blank", "run"]

PLAYERS = "frame-src https://www.youtube-nocookie.com https://player.vimeo.com"
# Modules of an unknown build are those of today.
MODULES = "/static/000000000000"

WORDS: dict[str, Any] = {
    "lang": "en",
    "correction": "Correction:",
    "sinceTitle": "Since you left",
    "sinceNew": {"one": "{n} new update since {time}", "other": "{n} new updates since {time}"},
    "sinceJump": "Go to where you left off",
    "corrected": "Corrected since you read it",
    "withdrawn": "Withdrawn since you read it",
    "withdrawnItem": "An update of {time}",
    "close": "Close",
    "options": "Options",
    "announce": "Announce new updates",
    "chime": "A sound",
    "share": "Share",
    "copied": "Link copied",
    "copy": "Copy this link: {url}",
    "listen": "Listen",
    "stop": "Stop",
    "play": "Play the video from {site}",
}


def open_blank(page: Page, server: Server, body: str = "") -> None:
    """``body`` is HTML."""
    headers = {"Content-Security-Policy": f"{policy(Settings(), FRAME_OURSELVES)}; {PLAYERS}"}

    def fulfill(route: Route) -> None:
        route.fulfill(content_type="text/html; charset=utf-8", headers=headers, body=f"<!doctype html>{body}")

    page.route(f"{server.url}/blank", fulfill)
    page.goto(f"{server.url}/blank")


def run(page: Page, module: str, code: str, arg: Any = None) -> Any:
    """What ``code``, the body of an asynchronous function of ``it``, the module, and ``arg``, returns."""
    return page.evaluate(
        f"async (arg) => {{ const it = await import('{MODULES}/ticker/{module}.js'); {code} }}", arg
    )
