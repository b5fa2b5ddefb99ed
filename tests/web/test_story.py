from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import httpx
import pytest

from livefeed.core import editing
from livefeed.core.markdown import render
from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.store.store import Store
from livefeed.web import story
from livefeed.web.dates import show
from livefeed.web.static_tree import StaticTree
from livefeed.web.words import read_languages
from tests.web.asserting import assert_problem
from tests.web.conftest import Desk

STORY = "/v1/feeds/cup/story"
EARLY, LATE = (show("full", f"2026-11-22T{hour}:05:00Z", "uk", "Europe/Kyiv") for hour in (10, 12))
JPEG, PNG = "https://example.org/a.jpg", "https://example.org/b.png"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> *[x](javascript:alert(1))* </article>"


@pytest.fixture
async def cup(store: Store) -> None:
    feed = FeedCreate(slug="cup", title="The *cup*", lang="uk", timezone="Europe/Kyiv", description="A & B")
    await store.feeds.create(feed)
    image = {"url": JPEG, "alt": "A [goal]", "width": 3, "caption": "Goal", "credit": "AFP"}
    fields = {
        "title": "The <first> goal",
        "text": f"**One** nil. ![A map]({PNG})",
        "author": "Ann",
        "image": image,
        "link": {"url": "https://example.org/a?b=c&d=(e)", "label": "The full story"},
        "correction": "It was <two> nil.",
    }
    for time, more in (
        ("2026-11-22T12:05:00Z", {"text": "The *end*", "key": True}),
        ("2026-11-22T10:05:00Z", fields | {"key": True}),
        ("2026-11-22T11:00:00Z", {"text": "No key event"}),
    ):
        await store.updates.publish("cup", UpdateCreate.model_validate({"time": time, **more}))


@pytest.mark.usefixtures("cup")
async def test_as_markdown(client: httpx.AsyncClient, editor: Desk) -> None:
    assert "12:05" in EARLY  # in the feed's zone
    assert "листопада" in EARLY  # and its language
    response = await client.get(STORY, headers=editor.headers)
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.text == (
        "# The \\*cup\\*\n\n"
        "A \\& B\n\n"
        "## The \\<first\\> goal\n\n"
        f"*{EARLY} · Ann*\n\n"
        f"**One** nil. ![A map]({PNG})\n\n"
        f"![A \\[goal\\]]({JPEG})\n\n"
        "*Goal (AFP)*\n\n"
        "[The full story](https://example.org/a?b=c&d=%28e%29)\n\n"
        "**Виправлення:** It was \\<two\\> nil.\n\n"
        f"*{LATE}*\n\n"
        "The *end*\n"
    )


@pytest.mark.usefixtures("cup")
async def test_as_html(client: httpx.AsyncClient, editor: Desk) -> None:
    response = await client.get(f"{STORY}?format=html", headers=editor.headers)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    policy = response.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    text = response.text
    assert text.startswith('<article lang="uk" dir="ltr">\n<h1>The *cup*</h1>\n<p>A &amp; B</p>\n')
    assert "<h2>The &lt;first&gt; goal</h2>" in text
    assert f'<time datetime="2026-11-22T10:05:00Z">{EARLY}</time> · Ann' in text
    assert f'<img src="{JPEG}" alt="A [goal]" width="3">' in text
    assert "<figcaption>Goal (AFP)</figcaption>" in text
    assert text.index("The &lt;first&gt; goal") < text.index("The <em>end</em>")
    assert "No key event" not in text


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, set[str]]] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name for name, _ in attrs}))


async def test_nothing_in_it_does_harm(client: httpx.AsyncClient, store: Store, editor: Desk) -> None:
    await store.feeds.create(FeedCreate(slug="cup", title=HOSTILE, description=HOSTILE))
    for format in ("markdown", "html"):
        fields = {"title": HOSTILE, "text": HOSTILE + " x", "format": format, "author": HOSTILE, "key": True}
        image = {"url": "https://example.org/a.png", "alt": '"><script>', "caption": HOSTILE}
        link = {"url": "https://example.org/", "label": HOSTILE}
        more = {"image": image, "link": link, "correction": HOSTILE}
        await store.updates.publish("cup", UpdateCreate.model_validate(fields | more))
    html = (await client.get(f"{STORY}?format=html", headers=editor.headers)).text
    markdown = (await client.get(STORY, headers=editor.headers)).text
    for text in (html, render(markdown, "markdown")):
        tags = _Tags()
        tags.feed(text)
        assert "script" not in {tag for tag, _ in tags.found}
        assert not [names for _, names in tags.found if any(name.startswith("on") for name in names)]
        assert "javascript:" not in text.replace("](javascript:alert(1))", "")
    assert html.count("</article>") == 1


def test_our_own_pictures_are_named_with_our_address() -> None:
    feed = editing.create_feed(FeedCreate(slug="cup"), now=datetime.now(UTC))
    picture = f"/media/{'0a' * 16}.png"
    fields = {"text": f"Here: ![A map]({picture})", "image": {"url": picture, "alt": "A goal"}}
    update = editing.publish(UpdateCreate.model_validate(fields), update_id="a", now=datetime.now(UTC))
    words = read_languages(StaticTree()).of("en")
    for make in (story.markdown_story, story.html_story):
        text = make(feed, [update], words, "https://live.example.org")
        assert text.count(f"https://live.example.org{picture}") == text.count("/media/") == 2


async def test_a_story_is_bounded(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "MAX_STORY", 103)
    for at in range(105):
        await store.updates.publish("news", UpdateCreate(text=f"Number {at}.", key=True))
    text = (await client.get("/v1/feeds/news/story", headers=editor.headers)).text
    assert "Number 102." in text
    assert "Number 103." not in text


async def test_no_story(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    empty = await client.get("/v1/feeds/news/story", headers=editor.headers)
    assert empty.text == "# News\n"
    docx = await client.get("/v1/feeds/news/story?format=docx", headers=editor.headers)
    assert_problem(docx, 422, "invalid-input", "format")
    nowhere = await client.get("/v1/feeds/nowhere/story", headers=editor.headers)
    assert_problem(nowhere, 404, "feed-not-found")
