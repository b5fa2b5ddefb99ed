"""The joined modules in a browser; all other tests here run them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from livefeed.web.modules import CHUNKS, joined
from tests.chunks import modules, top_names


@pytest.mark.parametrize("chunk", CHUNKS)
def test_no_name_hides_one_of_the_browser_s(page: Page, chunk: str) -> None:
    """Else another module in the chunk that means ``close`` or ``status`` would get that."""
    names = list(top_names(joined(modules())[chunk]))
    assert page.evaluate("names => names.filter((name) => name in window)", names) == []
