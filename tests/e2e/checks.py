"""What the tests of accessibility measure beside axe-core: outline, keyboard, contrast."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

__all__ = ["MOVED", "contrasts", "expect_nothing", "movements", "outline_faults", "walk"]


def expect_nothing(found: dict[str, list[str]]) -> None:
    """Fail with all findings, each after the page that has it."""
    lines = [f"{name}: {line}" for name, lines in found.items() for line in lines]
    assert not lines, "\n".join(lines)


_OUTLINE = """() => ({
  levels: [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1])),
  mains: document.querySelectorAll('main').length,
  navs: [...document.querySelectorAll('nav')].filter((one) => one.checkVisibility())
    .map((one) => one.ariaLabel),
})"""


def outline_faults(page: Page) -> list[str]:
    """What is wrong with the page's headings and landmarks, as a screen reader lists them."""
    outline = page.evaluate(_OUTLINE)
    levels, navs = outline["levels"], outline["navs"]
    faults = [f"h{level} follows h{before}" for before, level in pairwise(levels) if level > before + 1]
    if [place for place, level in enumerate(levels) if level == 1] != [0]:
        faults.append("the first heading, and no other, is an h1")
    if outline["mains"] != 1:
        faults.append(f"{outline['mains']} main elements")
    if not all(navs) or len(navs) != len(set(navs)):
        faults.append(f"the names of its navs: {navs}")
    return faults


_CONTROL = "a[href], button, input, select, textarea, summary"
_CONTROLS = f"""() => [...document.querySelectorAll('{_CONTROL}')]
  .filter((one) => !one.disabled && one.checkVisibility({{ visibilityProperty: true }}))
  .map((one) => one.textContent.trim() || one.ariaLabel)"""
_FOCUSED = f"""() => {{
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const {{ outlineStyle, outlineWidth }} = getComputedStyle(one);
  const {{ left, right, top, bottom }} = one.getClientRects()[0];
  const places = [left + 2, (left + right) / 2, right - 2].map(
    (across) => document.elementFromPoint(across, (top + bottom) / 2));
  return {{
    name: one.textContent.trim() || one.ariaLabel,
    control: one.matches('{_CONTROL}'),
    place: [...document.querySelectorAll('*')].indexOf(one),
    outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    hidden_by: places.some((there) => one.contains(there)) ? '' : places[1]?.outerHTML.slice(0, 80) ?? 'edge',
  }};
}}"""


def walk(page: Page) -> tuple[list[str], list[dict[str, Any]]]:
    """The names of all controls that can be seen, and what the Tab key comes to from the top on."""
    controls = page.evaluate(_CONTROLS)
    walked: list[dict[str, Any]] = []
    while len(walked) < 2 * len(controls):
        page.keyboard.press("Tab")
        if (focused := page.evaluate(_FOCUSED)) is None:
            break
        walked.append(focused)
    return controls, walked


_CONTRASTS = """elements => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => numbers(color).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
  const behind = (one) => {
    const back = one ? getComputedStyle(one).backgroundColor : 'rgb(255, 255, 255)';
    return numbers(back)[3] === 0 ? behind(one.parentElement) : back;
  };
  return elements.filter((one) => one.checkVisibility()).map((one) => {
    const [dark, bright] = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => a - b);
    return [one.textContent.trim(), (bright + .05) / (dark + .05)];
  });
}"""


def contrasts(page: Page, selector: str) -> list[tuple[str, float]]:
    """Text, and its contrast with what is behind it: for forced colours, which axe-core does not notice."""
    return [(text, ratio) for text, ratio in page.locator(selector).evaluate_all(_CONTRASTS)]


MOVED = """
window.moved = [];
for (const name of ['animationstart', 'transitionrun'])
  addEventListener(name, (event) => moved.push(`${name} of ${event.target.className}`), true);
"""


def movements(page: Page) -> list[str]:
    """What has moved by itself since the page, with ``MOVED`` for an init script, was opened."""
    moved: list[str] = page.evaluate("moved")
    if running := page.evaluate("document.getAnimations().length"):
        moved.append(f"{running} animations are running")
    if page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") != "auto":
        moved.append("scrolling is drawn out")
    return moved
