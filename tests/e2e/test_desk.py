"""The desk in a real browser, with readers beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.e2e.conftest import Server
from tests.e2e.ticker import until
from tests.livefeed_process import run_command

TIME = "2026-11-22T08:16:52Z"


def sign_in(page: Page, server: Server) -> None:
    dialog = page.get_by_role("dialog", name="Sign in to the desk")
    dialog.get_by_label("Token").fill(server.token)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()


PUBLISH = "**/v1/feeds/news/items/*/publish"


@pytest.fixture
def desk(page: Page, server: Server) -> Page:
    """Nothing is held here; tests/e2e/test_desk_hold.py is about that."""
    server.call("PATCH", "/news", {"hold_s": 0})
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    expect(page.get_by_role("status")).to_have_text("Live")
    return page


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


def compose(page: Page) -> Locator:
    return page.get_by_role("form", name="Compose")


def box(page: Page) -> Locator:
    return page.get_by_label("Update", exact=True)


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.locator(".shown", has_text=text))


def press(row: Locator, name: str) -> None:
    row.get_by_role("button", name=re.compile(f"^{name}\\b")).click()


def texts(server: Server, feed: str = "news") -> list[str]:
    return [update["text"] for update in server.page(feed)["updates"]]


def lose_the_answer(page: Page, pattern: str) -> None:
    """The next such request arrives, and its answer gets lost."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(pattern, lose, times=1)


def lose_everything_after(page: Page, pattern: str) -> None:
    """The next such request arrives, and from its answer on nothing about items gets through."""
    page.route("**/v1/feeds/*/items**", lambda route: route.abort())
    page.route("**/v1/feeds/*/items/**", lambda route: route.abort())
    lose_the_answer(page, pattern)


# Signing in and out -----------------------------------------------------------------------------


def test_a_token_is_spent_for_a_cookie_that_no_script_can_read(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/desk")
    page.get_by_label("Token").fill("lf_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not known")
    sign_in(page, server)
    expect(page.get_by_text("(admin)")).to_be_visible()
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    assert server.token not in kept + page.content()
    assert page.get_by_label("Token").input_value() == ""
    page.reload()
    expect(box(page)).to_be_focused()


def test_signing_out_offers_to_remove_what_was_typed(desk: Page, server: Server) -> None:
    box(desk).fill("Half a sentence")
    desk.get_by_role("button", name="Sign out").click()
    desk.get_by_role("button", name="Sign out and keep the text").click()
    sign_in(desk, server)
    expect(box(desk)).to_have_value("Half a sentence")
    desk.get_by_role("button", name="Sign out").click()
    desk.get_by_role("button", name="Sign out and remove the text").click()
    expect(desk.get_by_label("Token")).to_be_visible()
    assert not desk.context.cookies()
    assert "Half a sentence" not in desk.evaluate("JSON.stringify(localStorage)")
    sign_in(desk, server)
    expect(box(desk)).to_have_value("")


def test_a_lost_session_loses_nothing(desk: Page, server: Server) -> None:
    box(desk).fill("Typed before")
    desk.context.clear_cookies()
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(desk.get_by_text("Your session has ended")).to_be_visible()
    sign_in(desk, server)
    expect(box(desk)).to_have_value("Typed before")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "Typed before")).to_be_visible()
    assert texts(server) == ["Typed before"]


# Publishing -------------------------------------------------------------------------------------


def test_publishing_reaches_readers_and_other_desks(desk: Page, server: Server, browser: Browser) -> None:
    reader = browser.new_page()
    reader.goto(f"{server.url}/feeds/news")
    expect(reader.get_by_role("status")).to_have_text("Live")
    form = compose(desk)
    form.get_by_label("Title").fill("A title")
    form.get_by_label("Author").fill("A. Writer")
    form.get_by_label("Tags").fill("energy, storm, energy")
    form.get_by_label("Key event").check()
    box(desk).fill("Power is **back**.")
    box(desk).press("Control+Enter")
    expect(row(desk, "Power is back.")).to_contain_text("Key event")
    expect(reader.locator("article", has_text="Power is back.")).to_be_visible()
    reader.close()
    (update,) = server.page()["updates"]
    assert (update["title"], update["author"], update["tags"]) == (
        "A title",
        "A. Writer",
        ["energy", "storm"],
    )
    assert (update["key"], update["breaking"], update["pinned"]) == (True, False, False)
    expect(box(desk)).to_have_value("")
    expect(box(desk)).to_be_focused()
    expect(form.get_by_label("Author")).to_have_value("A. Writer")
    desk.reload()
    expect(form.get_by_label("Author")).to_have_value("A. Writer")
    expect(box(desk)).to_have_value("")


def test_the_time_is_this_computers_and_optional(desk: Page, server: Server) -> None:
    compose(desk).get_by_label("Time").fill("2026-11-22T10:16:52")  # the browser is in Kyiv
    box(desk).fill("Earlier")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "Earlier")).to_be_visible()
    assert server.page()["updates"][0]["time"] == TIME


def test_the_preview_is_what_readers_will_see(desk: Page) -> None:
    box(desk).fill("**Bold** and <script>alert(1)</script> <b>no tag</b>")
    desk.get_by_text("Preview").click()
    preview = compose(desk).locator(".body")
    expect(preview.locator("strong")).to_have_text("Bold")
    expect(preview).to_contain_text("<b>no tag</b>")
    expect(preview.locator("script")).to_have_count(0)


def test_a_reload_keeps_what_was_typed_for_each_feed(desk: Page, server: Server) -> None:
    server.create_feed("other", title="Other feed")
    desk.reload()
    box(desk).fill("For the news")
    compose(desk).get_by_label("Breaking").check()
    desk.get_by_role("combobox", name="Feed").select_option("other")
    expect(box(desk)).to_have_value("")
    expect(compose(desk).get_by_label("Breaking")).not_to_be_checked()
    box(desk).fill("For the other")
    desk.reload()
    expect(desk.get_by_role("combobox", name="Feed")).to_have_value("other")
    expect(box(desk)).to_have_value("For the other")
    desk.get_by_role("combobox", name="Feed").select_option("news")
    expect(box(desk)).to_have_value("For the news")
    expect(compose(desk).get_by_label("Breaking")).to_be_checked()


def test_a_retry_never_doubles(desk: Page, server: Server) -> None:
    lose_everything_after(desk, PUBLISH)
    box(desk).fill("Once")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(compose(desk).get_by_role("alert")).to_contain_text("cannot be reached")
    expect(box(desk)).to_have_value("Once")
    desk.reload()
    expect(box(desk)).to_have_value("Once")
    desk.unroute_all()
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(box(desk)).to_have_value("")
    expect(row(desk, "Once")).to_be_visible()
    assert texts(server) == ["Once"]


def test_a_lost_answer_is_made_good_by_the_stream(desk: Page, server: Server) -> None:
    lose_the_answer(desk, PUBLISH)
    box(desk).fill("Once")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "Once")).to_be_visible()
    expect(box(desk)).to_have_value("")
    desk.reload()
    expect(row(desk, "Once")).to_be_visible()
    expect(box(desk)).to_have_value("")
    assert texts(server) == ["Once"]


def test_a_text_changed_after_a_lost_answer_is_another_update(desk: Page, server: Server) -> None:
    lose_everything_after(desk, PUBLISH)
    box(desk).fill("First")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(compose(desk).get_by_role("alert")).to_contain_text("cannot be reached")
    box(desk).fill("First, and more")
    desk.unroute_all()
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(compose(desk).get_by_role("alert")).to_contain_text("An earlier try did go out")
    expect(box(desk)).to_have_value("First, and more")
    assert texts(server) == ["First"]
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "First, and more")).to_be_visible()
    assert texts(server) == ["First, and more", "First"]


def test_the_form_is_free_before_a_slow_answer(desk: Page, server: Server) -> None:
    server.create_feed("other", title="Other feed")
    desk.reload()
    waiting: list[Route] = []
    desk.route(PUBLISH, lambda route: waiting.append(route), times=1)
    box(desk).fill("First")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(box(desk)).to_have_value("")
    expect(box(desk)).to_be_focused()
    expect(desk.locator("#going").get_by_role("listitem")).to_contain_text("First")
    desk.keyboard.type("Second")
    feed = desk.get_by_role("combobox", name="Feed")
    until(desk, lambda: bool(waiting))
    feed.select_option("other")
    expect(box(desk)).to_have_value("")
    waiting[0].continue_()
    until(desk, lambda: texts(server) == ["First"])
    feed.select_option("news")
    expect(row(desk, "First")).to_be_visible()
    expect(box(desk)).to_have_value("Second")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "Second")).to_be_visible()
    assert texts(server) == ["Second", "First"]


def test_what_was_refused_comes_back_beside_what_is_written_by_then(desk: Page, server: Server) -> None:
    waiting: list[Route] = []
    desk.route(PUBLISH, lambda route: waiting.append(route), times=1)
    box(desk).fill("First")
    box(desk).press("Control+Enter")
    until(desk, lambda: bool(waiting))
    desk.keyboard.type("Second")
    waiting[0].abort()
    draft = desk.locator("#drafts").get_by_role("listitem")
    expect(draft).to_contain_text("First")
    until(
        desk,
        lambda: [item["content"]["text"] for item in server.call("GET", "/news/items")["items"]] == ["First"],
    )
    expect(draft).to_contain_text("changed")  # the server's, no longer this tab's
    expect(draft).to_contain_text("Not sent. The server cannot be reached")
    expect(box(desk)).to_have_value("Second")
    expect(box(desk)).to_be_focused()
    press(draft, "Publish")
    expect(row(desk, "First")).to_be_visible()
    expect(desk.locator("#drafts")).not_to_contain_text("cannot be reached")
    expect(box(desk)).to_have_value("Second")
    assert texts(server) == ["First"]


def test_red_words_go_when_their_reason_does(desk: Page, server: Server) -> None:
    alert = compose(desk).get_by_role("alert")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(desk.get_by_text("Write something first.")).to_be_visible()
    box(desk).fill("Something")
    expect(desk.get_by_text("Write something first.")).to_have_count(0)
    expect(alert).to_be_hidden()
    expect(box(desk)).not_to_have_attribute("aria-invalid", "true")

    server.publish("Hello")
    desk.route(PUBLISH, lambda route: route.abort(), times=1)
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(alert).to_contain_text("cannot be reached")
    press(row(desk, "Hello"), "Pin")
    expect(row(desk, "Hello").locator(".label-pinned")).to_be_visible()
    expect(alert).to_contain_text("Not sent")  # which is true until it is sent
    box(desk).press("Control+Enter")
    expect(row(desk, "Something")).to_be_visible()
    expect(alert).to_be_hidden()

    server.stop()
    expect(desk.get_by_role("status")).to_have_text("Reconnecting")
    press(row(desk, "Hello"), "Pin")
    expect(row(desk, "Hello").get_by_role("alert")).to_contain_text("cannot be reached")
    server.start()
    desk.evaluate("dispatchEvent(new Event('online'))")
    expect(desk.get_by_role("status")).to_have_text("Live", timeout=40_000)
    expect(row(desk, "Hello").get_by_role("alert")).to_be_hidden()


def test_what_the_server_refuses_is_said_beside_the_field(desk: Page, server: Server) -> None:
    form = compose(desk)
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(box(desk)).to_have_attribute("aria-invalid", "true")
    box(desk).fill("Text")
    form.get_by_label("Tags").fill(", ".join(str(number) for number in range(11)))
    box(desk).press("Control+Enter")
    expect(form.get_by_label("Tags")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Tags")).to_be_focused()
    expect(form.get_by_label("Tags")).to_have_accessible_description(re.compile("10"))
    expect(box(desk)).not_to_have_attribute("aria-invalid", "true")
    said, tags = (
        form.locator(".field-problem:visible").bounding_box(),
        form.get_by_label("Tags").bounding_box(),
    )
    assert said
    assert tags
    assert said["x"] == tags["x"]
    assert 0 <= said["y"] - tags["y"] - tags["height"] < 20
    assert texts(server) == []
    form.get_by_label("Tags").fill("one")
    box(desk).press("Control+Enter")
    expect(row(desk, "Text")).to_be_visible()
    expect(form.get_by_label("Tags")).not_to_have_attribute("aria-invalid", "true")


def test_a_server_that_is_away_is_said_and_nothing_is_lost(desk: Page, server: Server) -> None:
    server.stop()
    expect(desk.get_by_role("status")).to_have_text("Reconnecting")
    box(desk).fill("Written meanwhile")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(compose(desk).get_by_role("alert")).to_contain_text("cannot be reached")
    server.start()
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "Written meanwhile")).to_be_visible()
    expect(desk.get_by_role("status")).to_have_text("Live", timeout=40_000)
    assert texts(server) == ["Written meanwhile"]


# Editing ----------------------------------------------------------------------------------------


def test_editing_with_a_correction(desk: Page, server: Server) -> None:
    server.publish("It was three", title="Title", tags=["a"], time=TIME)
    press(row(desk, "It was three"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    expect(form.get_by_label("Text")).to_be_focused()
    expect(form.get_by_label("Time")).to_have_value("2026-11-22T10:16:52")
    form.get_by_label("Text").fill("It was four")
    form.get_by_label("Title").fill("")
    form.get_by_label("Correction").fill("Not three")
    form.get_by_label("Text").press("Control+Enter")
    expect(row(desk, "It was four")).to_contain_text("Correction: Not three")
    expect(row(desk, "It was four")).to_contain_text("Updated")
    expect(form).to_have_count(0)
    (update,) = server.page()["updates"]
    assert (update["rev"], update["title"], update["tags"], update["time"]) == (2, None, ["a"], TIME)


def test_a_minor_edit_is_not_shown_as_one(desk: Page, server: Server) -> None:
    server.publish("A tpyo")
    press(row(desk, "A tpyo"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("A typo")
    form.get_by_label("Minor").check()
    form.get_by_role("button", name="Save").click()
    expect(row(desk, "A typo")).to_be_visible()
    assert server.page()["updates"][0]["edited"] is None


def test_a_conflict_shows_both_texts_and_loses_neither(desk: Page, server: Server) -> None:
    update = server.publish("Original")
    press(row(desk, "Original"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Mine")
    server.edit(update["id"], text="Theirs")
    expect(row(desk, "Theirs")).to_be_visible()
    expect(form.get_by_label("Text")).to_have_value("Mine")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("heading", name="Somebody else changed this")).to_be_focused()
    sides = form.locator(".side")
    expect(sides.nth(0)).to_contain_text("Theirs, which readers see now")
    expect(sides.nth(0).locator("ins")).to_contain_text("Theirs")
    expect(sides.nth(1).locator("ins")).to_contain_text("Mine")
    expect(form.get_by_label("Text")).to_have_value("Mine")
    assert texts(server) == ["Theirs"]
    form.get_by_role("button", name="Put theirs below mine").click()
    form.get_by_role("button", name="Save what the form says").click()
    expect(form).to_have_count(0)
    assert texts(server) == ["Mine\n\nTheirs"]


def test_changes_of_other_fields_are_no_conflict(desk: Page, server: Server) -> None:
    update = server.publish("Original")
    press(row(desk, "Original"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Mine")
    server.edit(update["id"], pinned=True, tags=["theirs"])
    expect(row(desk, "Original")).to_contain_text("Pinned")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    (now,) = server.page()["updates"]
    assert (now["text"], now["pinned"], now["tags"], now["rev"]) == ("Mine", True, ["theirs"], 3)


def test_the_same_words_are_no_conflict(desk: Page, server: Server) -> None:
    update = server.publish("Original")
    press(row(desk, "Original"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Same")
    server.edit(update["id"], text="Same")
    expect(row(desk, "Same")).to_be_visible()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert server.page()["updates"][0]["rev"] == 2


def test_a_saved_edit_whose_answer_was_lost_is_no_conflict_with_itself(desk: Page, server: Server) -> None:
    server.publish("Original")
    press(row(desk, "Original"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Mine")
    lose_the_answer(desk, "**/v1/feeds/news/updates/*")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("cannot be reached")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert server.page()["updates"][0]["rev"] == 2


def test_an_edit_survives_a_reload(desk: Page, server: Server) -> None:
    server.publish("Original")
    press(row(desk, "Original"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Half done")
    desk.reload()
    expect(form.get_by_label("Text")).to_have_value("Half done")
    form.get_by_role("button", name="Cancel").click()
    desk.get_by_role("dialog").get_by_role("button", name="Keep editing").click()
    expect(form.get_by_label("Text")).to_have_value("Half done")
    form.get_by_role("button", name="Cancel").click()
    desk.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(form).to_have_count(0)
    desk.reload()
    expect(row(desk, "Original")).to_be_visible()
    expect(form).to_have_count(0)


def test_a_text_whose_update_was_deleted_stays(desk: Page, server: Server) -> None:
    update = server.publish("Original")
    press(row(desk, "Original"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("My words")
    server.delete(update["id"])
    expect(form.get_by_role("alert")).to_contain_text("Your text is still here")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("deleted")
    desk.reload()
    expect(form.get_by_label("Text")).to_have_value("My words")
    form.get_by_role("button", name="Put my text into the compose form").click()
    expect(form).to_have_count(0)
    expect(box(desk)).to_have_value("My words")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(row(desk, "My words")).to_be_visible()
    assert texts(server) == ["My words"]


# Deleting, marking ------------------------------------------------------------------------------


def test_deleting_asks_once_and_says_what_remains(desk: Page, server: Server) -> None:
    server.publish("Wrong")
    press(row(desk, "Wrong"), "Delete")
    dialog = desk.get_by_role("dialog", name="Delete this update?")
    expect(dialog).to_contain_text("What remains")
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(row(desk, "Wrong")).to_be_visible()
    assert texts(server) == ["Wrong"]
    press(row(desk, "Wrong"), "Delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(row(desk, "Wrong")).to_have_count(0)
    expect(desk.get_by_text("Nothing is published")).to_be_visible()
    assert texts(server) == []


def test_pin_key_event_and_breaking_are_one_click(desk: Page, server: Server) -> None:
    server.publish("Hello")
    press(row(desk, "Hello"), "Pin")
    expect(row(desk, "Hello").locator(".label-pinned")).to_be_visible()
    press(row(desk, "Hello"), "Key event")
    expect(row(desk, "Hello").locator(".label-key")).to_be_visible()
    press(row(desk, "Hello"), "Breaking")
    expect(row(desk, "Hello").locator(".label-breaking")).to_be_visible()
    pin = row(desk, "Hello").get_by_role("button", name="Pin")
    expect(pin).to_have_attribute("aria-pressed", "true")
    pin.click()
    expect(row(desk, "Hello").locator(".label-pinned")).to_have_count(0)
    expect(pin).to_have_attribute("aria-pressed", "false")
    expect(pin).to_be_focused()
    (update,) = server.page()["updates"]
    assert (update["pinned"], update["key"], update["breaking"], update["edited"]) == (
        False,
        True,
        True,
        None,
    )


def test_what_goes_wrong_in_a_row_is_said_there(desk: Page, server: Server) -> None:
    server.publish("Hello")
    desk.route("**/v1/feeds/news/updates/*", lambda route: route.abort(), times=1)
    press(row(desk, "Hello"), "Pin")
    expect(row(desk, "Hello").get_by_role("alert")).to_contain_text("cannot be reached")


# Phone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(context: BrowserContext, server: Server, width: int) -> None:
    server.publish("x" * 300 + "\n\n| a | b |\n|---|---|\n| " + "y" * 200 + " | c |", title="z" * 200)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    press(row(page, "x" * 50), "Edit")
    expect(page.get_by_role("form", name="Edit")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.get_by_role("button").all():
        bounds = button.bounding_box()
        assert bounds is None or (bounds["height"] >= 24 and bounds["x"] + bounds["width"] <= width)


def test_a_contributor_reads_and_submits(page: Page, server: Server) -> None:
    server.publish("Hello")
    token = run_command("token", "create", "Ann", "--role", "contributor", "--data-dir", server.data_dir)
    page.goto(f"{server.url}/desk")
    page.get_by_label("Token").fill(token.stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Ann (contributor)")).to_be_visible()
    expect(row(page, "Hello")).to_be_visible()
    server.publish("Live, too")
    expect(row(page, "Live, too")).to_be_visible()
    for name in ("Edit", "Pin", "Delete", "Publish", "New feed", "Settings"):
        expect(page.get_by_role("button", name=re.compile(f"^{name}"))).to_have_count(0)


def test_whoever_signs_in_next_has_their_own_rights(desk: Page, server: Server) -> None:
    server.publish("Hello")
    press(row(desk, "Hello"), "Edit")
    form = desk.get_by_role("form", name="Edit")
    form.get_by_label("Text").fill("Half done")
    token = run_command("token", "create", "Ben", "--role", "contributor", "--data-dir", server.data_dir)
    desk.context.clear_cookies()
    form.get_by_role("button", name="Save").click()
    desk.get_by_label("Token").fill(token.stdout.strip())
    desk.get_by_role("button", name="Sign in").click()
    expect(desk.get_by_text("Ben (contributor)")).to_be_visible()
    expect(row(desk, "Hello")).to_be_visible()
    expect(form).to_have_count(0)
    expect(compose(desk).get_by_role("button", name="Publish")).to_have_count(0)
    desk.context.clear_cookies()
    desk.reload()
    sign_in(desk, server)
    expect(form.get_by_label("Text")).to_have_value("Half done")


def test_a_draft_is_live_at_the_desk_and_nowhere_else(page: Page, server: Server) -> None:
    server.create_feed("rehearsal", title="Rehearsal", status="draft")
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    page.get_by_role("combobox", name="Feed").select_option("rehearsal")
    expect(page.get_by_role("status")).to_have_text("Live")
    server.publish("Not yet for readers", feed="rehearsal")
    expect(row(page, "Not yet for readers")).to_be_visible()
    assert page.request.get(f"{server.url}/feeds/rehearsal").status == 404
