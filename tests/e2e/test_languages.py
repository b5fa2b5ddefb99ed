"""The ticker in the feed's language, with its plurals, as it goes on."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from livefeed.web.static_tree import static_root
from tests.e2e.conftest import Server

WORDS = {path.stem: json.loads(path.read_text()) for path in sorted((static_root() / "words").glob("*.json"))}


@pytest.mark.parametrize("lang", WORDS)
def test_says_how_it_stands(server: Server, page: Page, errors: list[str], lang: str) -> None:
    server.create_feed("there", title="T", lang=lang)
    server.publish("1", feed="there", key=True, pinned=True, breaking=True)
    page.goto(f"{server.url}/feeds/there")
    words = WORDS[lang]
    expect(page.get_by_role("status")).to_have_text(words["status"]["live"])
    update = server.publish("2", feed="there", key=True, breaking=True, title="Zwei")
    server.edit(update["id"], feed="there", text="3", correction="Drei")
    article = page.locator(f"#update-{update['id']}")
    for name in ("breaking", "key", "correction", "share", "listen"):
        expect(article).to_contain_text(words[name])
    expect(page.get_by_role("button", name=words["options"])).to_be_visible()
    assert not errors


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("uk", {1: "1 нове повідомлення", 3: "3 нові повідомлення", 5: "5 нових повідомлень"}),
        ("pl", {1: "1 nowy wpis", 3: "3 nowe wpisy", 5: "5 nowych wpisów"}),
    ],
)
def test_counts_as_the_language_does(server: Server, page: Page, lang: str, said: dict[int, str]) -> None:
    server.create_feed("there", title="T", lang=lang)
    for number in range(20):
        server.publish(f"{number}", feed="there", title=f"Title {number}")
    page.goto(f"{server.url}/feeds/there")
    expect(page.get_by_role("status")).to_have_text(WORDS[lang]["status"]["live"])
    page.mouse.wheel(0, 800)
    page.wait_for_function("() => scrollY > 300")
    for number in range(1, max(said) + 1):
        server.publish(f"New {number}", feed="there")
        if number in said:
            expect(page.locator(".arrivals button")).to_have_text(said[number])
            expect(page).to_have_title(f"({number}) T")
