"""What axe-core's rules find on a page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

__all__ = ["violations"]

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# It would fetch the style sheets of shadow roots by elements that our policy forbids; no rule needs them.
_RUN = """([within, rules]) => axe
  .run(within, { resultTypes: ["violations"], runOnly: rules, preload: { assets: ["media"] } })
  .then((found) => found.violations)"""


def violations(page: Page, *, within: str = "html") -> list[str]:
    """A line for each rule that the page breaks: its name, how bad that is, where, and what the rule wants.

    ``within`` selects the part to look at, open shadow roots in it too.
    The page's own policy does not apply to it: it runs as if typed into the browser's console.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [_line(found) for found in page.evaluate(_RUN, [within, _RULES])]


def _line(found: dict[str, Any]) -> str:
    targets = ", ".join(_target(node["target"]) for node in found["nodes"][:5])
    more = f" and {len(found['nodes']) - 5} more" if len(found["nodes"]) > 5 else ""
    return f"{found['id']} ({found['impact']}) at {targets}{more}: {found['help']}"


def _target(path: list[str | list[str]]) -> str:
    """Selectors, from the outermost shadow host or frame inwards."""
    return " >>> ".join(" > ".join(step) if isinstance(step, list) else step for step in path)
