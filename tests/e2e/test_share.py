"""Passing an update on and having it read aloud, with whatever of that a browser can do."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.blank import WORDS, open_blank, run
from tests.e2e.conftest import Server

UPDATE = """<article class="update"><p class="meta"><button>{}</button></p><h3 class="headline">A title</h3>
<div class="body"><p>First. Second!</p>
<p class="card"><a><span class="site">x.example</span> <span class="address">/a</span></a></p></div>
<figure><img alt="A bridge"><figcaption>Seen today</figcaption></figure>
<p class="correction">Correction: not so</p></article>"""
URL = "https://x.example/feeds/news/updates/1"

SHARE = "await it.share(document.querySelector('button'), arg);"
WHAT = {"url": URL, "title": "A title", "words": WORDS}

# What a browser offers: remembered calls, and how sharing and copying end.
PLATFORM = """({ canShare, shareError, copyError }) => {
  window.calls = [];
  const call = async (name, what, error) => {
    calls.push([name, what]);
    if (error) throw new DOMException('no', error);
  };
  Object.defineProperties(navigator, {
    canShare: { value: canShare && ((data) => data.url === 'URL') },
    share: { value: (data) => call('share', data.url, shareError) },
    clipboard: { value: { writeText: (text) => call('copy', text, copyError) } },
  });
}""".replace("URL", URL)


@pytest.mark.parametrize(
    ("platform", "calls", "button", "note"),
    [
        ({"canShare": True}, ["share"], "Share", False),
        ({"canShare": True, "shareError": "AbortError"}, ["share"], "Share", False),
        ({"canShare": True, "shareError": "NotAllowedError"}, ["share", "copy"], "Link copied", False),
        ({}, ["copy"], "Link copied", False),
        ({"copyError": "NotAllowedError"}, ["copy"], "Share", True),
    ],
)
def test_shares_as_the_browser_can(
    page: Page, server: Server, errors: list[str], platform: Any, calls: list[str], button: str, note: bool
) -> None:
    open_blank(page, server, UPDATE.format("Share"))
    page.clock.install()
    page.evaluate(PLATFORM, platform)
    run(page, "share", SHARE + SHARE, WHAT)
    assert page.evaluate("calls") == [[call, URL] for call in calls] * 2
    expect(page.locator("button")).to_have_text(button)
    expect(page.locator(".meta + .copy")).to_have_count(int(note))
    if note:
        expect(page.locator(".copy")).to_have_text(f"Copy this link: {URL}")
        assert page.evaluate("getSelection().toString()") == URL
    page.clock.run_for(3000)
    expect(page.locator("button")).to_have_text("Share")
    assert not errors


SPEECH = """() => {
  window.said = [];
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  Object.defineProperty(window, 'speechSynthesis', { configurable: true, value: {
    speak: (one) => said.push(one),
    cancel: () => said.push({ text: 'cancel' }),
  }});
  window.toTheEnd = () => {
    while (document.querySelector('button').textContent === 'Stop') said.at(-1).onend();
    return said.splice(0);
  };
}"""
LISTEN = "it.listen(document.querySelectorAll('button')[arg.which], arg);"


def test_reads_aloud(page: Page, server: Server, errors: list[str]) -> None:
    open_blank(page, server, UPDATE.format("Listen") * 2)
    page.evaluate(SPEECH)
    first, second = page.locator("button").all()
    own = {"which": 0, "lang": "uk", "words": WORDS}
    other = own | {"which": 1}

    run(page, "share", LISTEN, own)
    expect(first).to_have_text("Stop")
    said = page.evaluate("toTheEnd()")
    assert said[0]["lang"] == "uk"
    texts = ["A title", "First.", "Second!", "x.example", "A bridge", "Seen today", "Correction: not so"]
    assert [one["text"].strip() for one in said] == [*texts, "cancel"]
    expect(first).to_have_text("Listen")

    long = "Слово, " * 100 + "x" * 450
    run(page, "share", LISTEN, own | {"text": long})
    *pieces, _ = page.evaluate("toTheEnd().map((one) => one.text)")
    assert "".join(pieces) == long
    assert max(map(len, pieces)) <= 201

    run(page, "share", LISTEN, own)
    run(page, "share", LISTEN, other)
    # What was interrupted says so late.
    page.evaluate("said[0].onerror()")
    page.evaluate("said[0].onend()")
    expect(first).to_have_text("Listen")
    expect(second).to_have_text("Stop")
    run(page, "share", LISTEN, other)
    expect(second).to_have_text("Listen")

    run(page, "share", LISTEN, own)
    page.evaluate("said.at(-1).onerror()")
    expect(first).to_have_text("Listen")
    run(page, "share", LISTEN, own)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(first).to_have_text("Listen")
    run(page, "share", LISTEN, own)
    page.evaluate("document.querySelector('article').remove(); said.at(-1).onend()")
    assert page.evaluate("said.at(-1).text") == "cancel"

    page.evaluate("Object.defineProperty(window, 'speechSynthesis', { value: undefined })")
    run(page, "share", LISTEN, own)
    expect(page.locator("button")).to_be_hidden()
    assert not errors
