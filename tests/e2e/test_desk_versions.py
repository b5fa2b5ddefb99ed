"""What an update was before, at the desk."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import desk, press, row, texts

__all__ = ["desk"]  # a fixture


def test_each_version_says_what_it_changed_word_by_word(desk: Page, server: Server) -> None:
    update = server.publish("It was three.", title="Count", author="A. Writer")
    server.edit(update["id"], text="It was four.", correction="Not three")
    server.edit(update["id"], tags=["count"], pinned=True)
    press(row(desk, "It was four."), "Versions")
    dialog = desk.get_by_role("dialog", name="Versions")
    versions = dialog.get_by_role("listitem").get_by_role("button")
    expect(versions).to_have_count(3)
    expect(versions.nth(0)).to_be_focused()
    expect(versions.nth(0)).to_contain_text("Version 3, now")
    expect(versions.nth(0)).to_contain_text("Tags, Pinned")
    expect(versions.nth(1)).to_contain_text("Text, Correction")
    expect(versions.nth(2)).to_contain_text("A. Writer")
    versions.nth(1).click()
    expect(versions.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(dialog.get_by_role("status")).to_contain_text("1 word added, 1 word removed")
    expect(dialog.locator("del")).to_have_text(" [removed: three] ")
    expect(dialog.locator("ins")).to_have_text([" [added: four] ", " [added: Not three] "])
    assert violations(desk, within="#revisions") == []
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(row(desk, "It was four.").get_by_role("button", name="Versions")).to_be_focused()


def test_an_earlier_version_s_words_can_be_used_again(desk: Page, server: Server) -> None:
    update = server.publish("Right")
    server.edit(update["id"], text="Wrong")
    press(row(desk, "Wrong"), "Versions")
    dialog = desk.get_by_role("dialog", name="Versions")
    again = dialog.get_by_role("button", name="Edit with this version")
    expect(again).to_be_hidden()
    dialog.get_by_role("button", name="Version 1").click()
    again.click()
    form = desk.get_by_role("form", name="Edit")
    expect(form.get_by_label("Text")).to_have_value("Right")
    assert texts(server) == ["Wrong"], "only what is saved is seen"
    form.get_by_role("button", name="Save").click()
    expect(row(desk, "Right")).to_be_visible()
    assert texts(server) == ["Right"]


def test_what_was_never_changed_has_no_versions(desk: Page, server: Server) -> None:
    server.publish("Once")
    expect(row(desk, "Once").get_by_role("button", name="Edit")).to_be_visible()
    expect(row(desk, "Once").get_by_role("button", name="Versions")).to_have_count(0)


def test_versions_that_cannot_be_had_are_said(desk: Page, server: Server) -> None:
    update = server.publish("One")
    server.edit(update["id"], text="Two")
    desk.route("**/revisions", lambda route: route.abort())
    press(row(desk, "Two"), "Versions")
    dialog = desk.get_by_role("dialog", name="Versions")
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
