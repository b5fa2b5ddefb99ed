"""Videos play in place, and nobody hears of the reader before they ask."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.blank import WORDS, open_blank, run
from tests.e2e.conftest import Server

CARD = '<p class="card video" data-video="{}"><a href="https://x.example/">x</a></p>'
VIDEOS = {
    "youtube:dQw4w9WgX-_": "https://www.youtube-nocookie.com/embed/dQw4w9WgX-_?autoplay=1",
    "vimeo:76979871": "https://player.vimeo.com/video/76979871?autoplay=1&dnt=1",
}
NO_VIDEOS = ["youtube:dQw4w9WgX-_/../x", "youtube:short", "vimeo:1x", "vimeo:", "other:76979871", ""]


def test_plays_what_is_a_video(page: Page, server: Server, errors: list[str]) -> None:
    asked: list[str] = []
    for site in ("https://www.youtube-nocookie.com/**", "https://player.vimeo.com/**"):
        page.route(site, lambda route: route.fulfill(content_type="text/html", body="a player"))
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    open_blank(page, server, "".join(CARD.format(video) for video in [*VIDEOS, *NO_VIDEOS]))
    asked.clear()
    run(page, "media", "for (const card of document.querySelectorAll('.card')) it.play(card, arg);", WORDS)
    frames = page.locator("iframe")
    expect(frames).to_have_count(len(VIDEOS))
    assert frames.evaluate_all("all => all.map((frame) => frame.src)") == list(VIDEOS.values())
    expect(frames.first).to_have_attribute("title", "Play the video from YouTube")
    expect(frames.first).to_have_attribute("allowfullscreen", "")
    expect(frames.first).to_have_attribute("referrerpolicy", "strict-origin-when-cross-origin")
    expect(page.frame_locator("iframe").first.locator("body")).to_have_text("a player")
    expect(page.get_by_role("link")).to_have_count(len(NO_VIDEOS))
    assert sorted(asked) == sorted(VIDEOS.values())
    assert page.evaluate("document.activeElement.localName") == "iframe"
    assert not errors
