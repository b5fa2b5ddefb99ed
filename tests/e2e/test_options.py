"""The panel of choices: works by mouse and keyboard, on a page and in a shadow root, and sounds once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.blank import WORDS, open_blank, run
from tests.e2e.conftest import Server

BODY = '<div id="host"></div><main class="livefeed"><p><button>Options</button></p></main>'

OPEN = """
  let root = document;
  if (arg.shadow) {
    root = document.getElementById('host').attachShadow({ mode: 'open' });
    root.append(document.querySelector('main'));
  }
  const button = root.querySelector('button');
  window.settings = new Map();
  window.leave = new AbortController();
  const options = { words: arg.words, settings, signal: leave.signal };
  button.addEventListener('click', () => it.open(button, options));
"""
# How often it began to ring.
AUDIO = """() => {
  window.bells = 0;
  const Real = AudioContext;
  window.AudioContext = class extends Real {
    resume() { window.bells++; return super.resume(); }
  };
}"""


@pytest.mark.parametrize("shadow", [False, True])
def test_choices(page: Page, server: Server, errors: list[str], shadow: bool) -> None:
    open_blank(page, server, BODY)
    page.evaluate(AUDIO)
    run(page, "options", OPEN, {"shadow": shadow, "words": WORDS})
    button = page.get_by_role("button", name="Options")
    panel = page.get_by_role("dialog", name="Options")
    announce, sound = (
        page.get_by_label("Announce new updates to screen readers"),
        page.get_by_label("A sound for breaking news"),
    )
    focused = "(document.getElementById('host').shadowRoot ?? document).activeElement?.textContent"

    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(announce).to_be_checked()
    expect(sound).not_to_be_checked()
    expect(announce).to_be_focused()
    page.keyboard.press("Space")
    sound.check()
    assert page.evaluate("[settings.get('announce'), settings.get('chime'), bells]") == [False, True, 1]
    sound.uncheck()
    sound.check()
    assert page.evaluate("bells") == 1
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")
    assert page.evaluate(focused) == "Options"

    button.click()
    expect(announce).not_to_be_checked()
    box = panel.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 2, box["y"] + 2)
    expect(panel).to_be_visible()
    page.mouse.click(box["x"] - 2, box["y"] + 2)
    expect(panel).to_have_count(0)
    assert page.evaluate(focused) == "Options"
    button.click()
    page.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    button.click()
    page.evaluate("leave.abort()")
    expect(panel).to_have_count(0)
    assert not errors


def test_a_bell_that_may_not_ring_harms_nobody(page: Page, server: Server, errors: list[str]) -> None:
    open_blank(page, server)
    page.evaluate(AUDIO)
    asleep = "{ configurable: true, value: { hasBeenActive: false } }"
    run(page, "options", f"Object.defineProperty(navigator, 'userActivation', {asleep}); await it.chime();")
    assert page.evaluate("bells") == 0
    run(
        page, "options", "delete navigator.userActivation; window.AudioContext = undefined; await it.chime();"
    )
    assert not errors
