"""The desk by keyboard, pasting into it, and completing tags."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server
from tests.e2e.test_desk import box, compose, desk, press, row, sign_in, texts
from tests.e2e.test_desk_hold import drafts
from tests.e2e.test_desk_items import items
from tests.e2e.ticker import until

__all__ = ["desk"]  # a fixture

PASTE = """([plain, html]) => {
  const data = new DataTransfer();
  data.setData('text/plain', plain);
  if (html) data.setData('text/html', html);
  const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
  const field = document.activeElement;
  // Untouched by the page, it is the browser that pastes.
  if (field.dispatchEvent(paste)) document.execCommand('insertText', false, plain);
}"""


def paste(page: Page, plain: str, html: str = "") -> None:
    page.evaluate(PASTE, [plain, html])


def test_keys_mark_what_is_selected_and_undo_takes_it_back(desk: Page) -> None:
    box(desk).fill("see this")
    box(desk).evaluate("field => field.setSelectionRange(4, 8)")
    desk.keyboard.press("Control+b")
    expect(box(desk)).to_have_value("see **this**")
    desk.keyboard.press("Control+i")
    expect(box(desk)).to_have_value("see ***this***")
    desk.keyboard.press("Control+z")
    expect(box(desk)).to_have_value("see **this**")
    desk.keyboard.press("Control+b")
    expect(box(desk)).to_have_value("see this")
    desk.keyboard.press("Control+k")
    desk.keyboard.type("https://a.example/")
    expect(box(desk)).to_have_value("see [this](https://a.example/)")


def test_the_same_key_again_steps_out_of_what_it_marks(desk: Page) -> None:
    box(desk).focus()
    for key, expected in (("b", "**in** out"), ("i", "*in* out")):
        desk.keyboard.press(f"Control+{key}")
        desk.keyboard.type("in")
        desk.keyboard.press(f"Control+{key}")
        desk.keyboard.type(" out")
        expect(box(desk)).to_have_value(expected)
        box(desk).fill("")


def test_enter_in_a_field_publishes_nothing(desk: Page, server: Server) -> None:
    box(desk).fill("Not yet")
    for name in ("Author", "Tags", "Link full story", "Breaking"):
        compose(desk).get_by_label(name).press("Enter")
        expect(box(desk)).to_have_value("Not yet")
    compose(desk).get_by_label("Title").press("Enter")
    expect(box(desk)).to_be_focused()
    desk.keyboard.press("Control+End")
    desk.keyboard.type(", now")
    compose(desk).get_by_label("Tags").press("Control+Enter")
    expect(row(desk, "Not yet, now")).to_be_visible()
    assert texts(server) == ["Not yet, now"]
    press(row(desk, "Not yet, now"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Not this")
    form.get_by_label("Correction").press("Enter")
    expect(form.get_by_label("Text")).to_have_value("Not this")
    form.get_by_label("Correction").press("Control+Enter")
    expect(form).to_be_hidden()
    assert [one["rev"] for one in server.page()["updates"]] == [2]


def test_the_toolbar_is_one_stop_and_keeps_the_selection(desk: Page) -> None:
    box(desk).fill("word")
    box(desk).select_text()
    compose(desk).get_by_role("button", name="Bold").click()
    expect(box(desk)).to_have_value("**word**")
    expect(box(desk)).to_be_focused()
    desk.keyboard.press("Tab")
    expect(compose(desk).get_by_role("button", name="Bold")).to_be_focused()
    desk.keyboard.press("ArrowRight")
    desk.keyboard.press("ArrowRight")
    expect(compose(desk).get_by_role("button", name="Link")).to_be_focused()
    desk.keyboard.press("End")
    desk.keyboard.press("Enter")
    expect(box(desk)).to_have_value("- **word**")
    box(desk).press("End")
    desk.keyboard.press("Enter")
    desk.keyboard.type("next")
    expect(box(desk)).to_have_value("- **word**\n- next")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Enter")
    desk.keyboard.type("after")
    expect(box(desk)).to_have_value("- **word**\n- next\nafter")


def test_rich_text_is_pasted_as_markdown_and_plain_text_as_it_is(desk: Page, server: Server) -> None:
    box(desk).fill("Now: ")
    paste(desk, "The second runway", "<p>The <b>second</b> runway</p>")
    expect(box(desk)).to_have_value("Now: The **second** runway")
    desk.keyboard.press("Control+z")
    expect(box(desk)).to_have_value("Now: ")
    paste(desk, "two\nlines * here", "<span>two</span><br><span>lines * here</span>")
    expect(box(desk)).to_have_value("Now: two\nlines * here")
    box(desk).fill("the report")
    box(desk).select_text()
    paste(desk, "https://a.example/report")
    expect(box(desk)).to_have_value("[the report](https://a.example/report)")


def test_a_pasted_timeline_becomes_drafts_with_their_times(desk: Page, server: Server) -> None:
    compose(desk).get_by_label("Author").fill("A. Writer")
    lines = "13:58 — The first\n14:05 — The *second*\n  goes on\n14:10 — The third"
    box(desk).focus()
    paste(desk, lines)
    dialog = desk.get_by_role("dialog", name="This is a timeline")
    expect(dialog).to_contain_text("3 entries, from 13:58")
    dialog.get_by_role("button", name="Paste it as text").click()
    expect(box(desk)).to_have_value(lines)
    desk.keyboard.press("Control+a")
    paste(desk, lines)
    dialog.get_by_role("button", name="Make 3 drafts").click()
    expect(drafts(desk)).to_have_count(3)
    until(desk, lambda: len(items(server)) >= 3)
    made = [item["content"] for item in items(server) if item["content"]["time"]]
    assert [one["text"] for one in made] == ["The first", "The *second*\n  goes on", "The third"]
    assert {one["author"] for one in made} == {"A. Writer"}
    shown = desk.evaluate(
        "times => times.map((time) => new Date(time).toTimeString().slice(0, 5))",
        [one["time"] for one in made],
    )
    assert shown == ["13:58", "14:05", "14:10"]


def test_a_paste_of_70_kb_is_kept_and_said_to_be_too_long(desk: Page, server: Server) -> None:
    text = "All of these words are mine. " * 2500
    assert len(text) > 70_000
    box(desk).focus()
    paste(desk, text)
    expect(box(desk)).to_have_value(text)
    expect(compose(desk)).to_contain_text("72,500 characters: an update holds 20,000")
    box(desk).press("Control+Enter")
    expect(box(desk)).to_have_attribute("aria-invalid", "true")
    expect(box(desk)).to_have_accessible_description(re.compile("20,000"))
    expect(box(desk)).to_have_value(text)
    desk.reload()
    expect(box(desk)).to_have_value(text)


def test_tags_are_completed_from_those_used(desk: Page, server: Server) -> None:
    for used in (["harbour", "weather"], ["harbour"], ["happy end"]):
        server.publish("Tagged", tags=used)
    tags = compose(desk).get_by_role("combobox", name="Tags")
    tags.press_sequentially("weather, ha")
    options = compose(desk).get_by_role("option")
    expect(options).to_have_text(["harbour", "happy end"])
    expect(tags).to_have_attribute("aria-expanded", "true")
    desk.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert tags.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    desk.keyboard.press("Enter")
    expect(tags).to_have_value("weather, harbour, ")
    desk.keyboard.type("end")
    expect(options).to_have_text(["happy end"])
    desk.keyboard.press("Escape")
    expect(options).to_have_count(0)
    box(desk).fill("Hello")
    box(desk).press("Control+Enter")
    expect(row(desk, "Hello")).to_contain_text("#end")


def test_the_list_of_shortcuts(desk: Page, server: Server) -> None:
    server.publish("One")
    server.publish("Two")
    expect(row(desk, "Two")).to_be_visible()
    box(desk).press("?")
    expect(box(desk)).to_have_value("?")
    box(desk).fill("")
    desk.get_by_role("heading", name="Published").focus()
    desk.keyboard.press("?")
    dialog = desk.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Save as a draft, and write the next")
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    desk.keyboard.press("j")
    expect(row(desk, "Two").get_by_role("button").first).to_be_focused()
    desk.keyboard.press("j")
    expect(row(desk, "One").get_by_role("button").first).to_be_focused()
    desk.keyboard.press("k")
    expect(row(desk, "Two").get_by_role("button").first).to_be_focused()
    desk.keyboard.press("n")
    expect(box(desk)).to_be_focused()
    desk.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_label("Single letters").uncheck()
    dialog.get_by_role("button", name="Close").click()
    desk.get_by_role("heading", name="Published").focus()
    desk.keyboard.press("n")
    expect(desk.get_by_role("heading", name="Published")).to_be_focused()


def test_the_preview_shows_what_readers_get(desk: Page, server: Server) -> None:
    form = compose(desk)
    form.get_by_role("textbox", name="Title").fill("A title")
    form.get_by_label("Tags").fill("harbour")
    form.get_by_label("Breaking").check()
    form.get_by_role("textbox", name="Link full story").fill("https://a.example/story")
    box(desk).fill("Power is **back**.\n\n- one\n- two")
    desk.get_by_text("Preview").click()
    preview = form.locator(".as-readers article")
    expect(preview.locator("strong")).to_have_text("back")
    box(desk).press("Control+Enter")
    expect(row(desk, "Power is back")).to_be_visible()
    reader = desk.context.new_page()
    reader.goto(f"{server.url}/feeds/news")
    published = reader.locator("article")
    press(row(desk, "Power is back"), "Delete")  # back from the list: the very same text once more
    desk.get_by_role("button", name="Keep").click()
    form.get_by_role("textbox", name="Title").fill("A title")
    form.get_by_label("Tags").fill("harbour")
    form.get_by_label("Breaking").check()
    form.get_by_role("textbox", name="Link full story").fill("https://a.example/story")
    box(desk).fill("Power is **back**.\n\n- one\n- two")
    for part in (".headline", ".body", ".source", ".by", ".label-breaking"):
        expect(preview.locator(part)).to_be_visible()
        assert preview.locator(part).inner_html().split() == published.locator(part).inner_html().split()
        looks = "(one, names) => names.map((name) => getComputedStyle(one)[name])"
        names = ["fontFamily", "fontSize", "fontWeight", "color"]
        ours, theirs = (where.locator(part).evaluate(looks, names) for where in (preview, published))
        assert ours[0] == theirs[0]
        assert ours[2:] == theirs[2:]


@pytest.mark.parametrize("key", ["Control+s", "Meta+s"])
def test_saving_by_keyboard(page: Page, server: Server, key: str) -> None:
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    box(page).fill("For later")
    box(page).press(key)
    expect(box(page)).to_have_value("")
    expect(drafts(page)).to_contain_text("For later")
