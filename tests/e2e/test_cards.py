"""Bare links as cards: in the browser what they are on the server."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.core.test_cards import CASES
from tests.e2e.blank import MODULES, open_blank, run
from tests.e2e.conftest import Server


def test_as_on_the_server(page: Page, server: Server, errors: list[str]) -> None:
    open_blank(page, server)
    made = run(
        page,
        "cards",
        f"const {{ fill }} = await import('{MODULES}/client/html.js');"
        """return arg.map((html) => {
          const body = document.createElement('div');
          fill(body, html);
          it.cards(body);
          const once = body.innerHTML;
          it.cards(body);
          // What is shown as the site is where the browser would go.
          const links = [...body.querySelectorAll('.card a')];
          const hosts = links.map((link) => [link.host.replace('www.', ''), link.firstChild.textContent]);
          return [once, body.innerHTML, hosts];
        });""",
        [html for html, _ in CASES],
    )
    for (html, expected), (once, twice, hosts) in zip(CASES, made, strict=True):
        assert once == expected, html
        assert twice == expected
        assert all(real == shown for real, shown in hosts)
    assert not errors
