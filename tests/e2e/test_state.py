"""The browser's state (static/client/state.js) against a model that remembers everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Server

MODEL = Path(__file__).with_name("state_model.js").read_text()


@pytest.mark.parametrize("oldest", [False, True], ids=["newest", "oldest"])
@pytest.mark.parametrize("tag", [None, "a"], ids=["all", "tag"])
def test_holds_what_a_fresh_load_gives(server: Server, page: Page, oldest: bool, tag: str | None) -> None:
    page.goto(f"{server.url}/feeds/news")
    page.evaluate(
        "() => { const { src } = document.querySelector('script[type=module]');"
        " globalThis.client = src.replace('ticker/page.js', 'client'); }"
    )
    for seed in range(1, 13):
        arguments = {"seed": seed * 7919, "steps": 150, "oldest": oldest, "tag": tag}
        assert page.evaluate(MODEL, arguments) == [], seed
