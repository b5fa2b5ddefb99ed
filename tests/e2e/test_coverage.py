"""A whole coverage: two editors and a contributor at work, a reader, and a restart in the middle."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.newsroom import PEOPLE, Newsroom, newsroom
from tests.e2e.test_desk import box, compose, press, row
from tests.e2e.test_desk_feeds import menu
from tests.e2e.test_desk_hold import drafts, going
from tests.e2e.test_desk_items import kept, region
from tests.e2e.test_desk_together import edit, save
from tests.e2e.ticker import until
from tests.e2e.wire import Recording, look, seconds

HOLD_S = 25
"""Long enough for all that is done while something is held."""

PUBLISHED = ("Mill Street. Houses", "Two houses", "The school", "Boats are", "The mayor")
NEVER = ("The dam", "a rumour", "What we know", "Thanks to all", "Ask the fire brigade", *PEOPLE)


@pytest.mark.timeout(400)
def test_a_whole_coverage(browser: Browser, server: Server) -> None:
    server.call("PATCH", "/news", {"hold_s": HOLD_S})
    with newsroom(browser, server) as room:
        a_contributors_text_is_returned_and_approved(room)
        one_is_cancelled(room)
        one_is_sent_now(room)
        the_server_restarts_while_one_is_held_and_others_type(room)
        one_is_published_again_that_the_restart_kept_back(room)
        two_edit_the_same(room)
        two_edit_different_fields(room)
        one_is_corrected_and_pinned(room)
        one_is_scheduled(room)
        what_is_deleted_is_gone(room)
        expect_as_a_fresh_page(room)
        the_feed_is_closed(room)
        expect_as_a_fresh_page(room)
        expect_nothing_lost(room)
        expect_each_published_once(room)
        expect_nothing_on_the_wire_before_its_release(room)


def send_now(room: Newsroom, desk: Page, text: str) -> None:
    """What is held is shown on every desk, and nowhere else."""
    for one in room.desks:
        expect(held(one, text)).to_contain_text("Going out")
    room.expect_held_back(text)
    press(held(desk, text), "Send now")
    room.expect_published(text)


def held(desk: Page, text: str) -> Locator:
    return going(desk).filter(has_text=text)


# What they do -----------------------------------------------------------------------------------


def a_contributors_text_is_returned_and_approved(room: Newsroom) -> None:
    pia = room.contributor
    room.write(pia, "Water stands in Mill Street.")
    expect(kept(pia)).to_have_text("Saved as a draft")
    box(pia).press("Control+Enter")
    waiting = region(room.chief, "Waiting for review")
    expect(waiting).to_contain_text("Mill Street")
    press(waiting, "Return")
    dialog = room.chief.get_by_role("dialog", name="Return this text")
    dialog.get_by_label("Note").fill("Which houses? Ask the fire brigade.")
    dialog.get_by_role("button", name="Return it").click()
    expect(drafts(pia)).to_contain_text("Returned by Iris")
    expect(drafts(pia)).to_contain_text("Which houses?")
    press(drafts(pia), "Edit")
    room.write(pia, "Houses 2 to 18 are cut off.")
    box(pia).press("Control+Enter")
    expect(region(room.editor, "Waiting for review")).to_contain_text("cut off")
    room.expect_held_back("Mill Street")
    press(region(room.editor, "Waiting for review"), "Publish")
    send_now(room, room.editor, "Mill Street")


def one_is_cancelled(room: Newsroom) -> None:
    room.publish(room.chief, "The dam has burst.")
    expect(held(room.editor, "dam")).to_be_visible()
    room.expect_held_back("The dam")
    press(held(room.chief, "dam"), "Cancel")
    expect(box(room.chief)).to_have_value("The dam has burst.")
    for desk in room.desks:
        expect(going(desk)).to_have_count(0)
    room.expect_held_back("The dam")
    room.chief.get_by_role("button", name="Discard").click()
    room.chief.get_by_role("dialog").get_by_role("button", name="Discard").click()
    until(room.chief, lambda: room.items() == [])
    room.gone.append("The dam has burst.")


def one_is_sent_now(room: Newsroom) -> None:
    room.publish(room.editor, "One house is flooded. Nobody is hurt.")
    send_now(room, room.chief, "One house")


def the_server_restarts_while_one_is_held_and_others_type(room: Newsroom) -> None:
    room.publish(room.editor, "The school is open to everybody.")
    for desk in room.desks:
        expect(held(desk, "The school")).to_be_visible()
    room.write(room.contributor, "Forty people sleep")
    room.expect_held_back("The school")
    room.server.stop()
    room.write(room.contributor, "in the gym.")
    room.publish(room.chief, "Boats are on their way.")
    expect(compose(room.chief).get_by_role("alert")).to_contain_text("cannot be reached")
    expect(box(room.chief)).to_have_value("Boats are on their way.")
    room.server.start()
    room.expect_all_live()
    room.expect_published("The school")
    for desk in room.desks:
        expect(row(desk, "The school")).to_have_count(1)
        expect(going(desk)).to_have_count(0)
    update = room.update("The school")
    assert update["time"] == update["published"]
    expect(kept(room.contributor)).to_have_text("Saved as a draft")
    expect(box(room.contributor)).to_have_value("Forty people sleep in the gym.")


def one_is_published_again_that_the_restart_kept_back(room: Newsroom) -> None:
    box(room.chief).press("Control+Enter")
    send_now(room, room.chief, "Boats are")
    box(room.contributor).press("Control+Enter")
    waiting = region(room.chief, "Waiting for review")
    press(waiting, "Edit")
    expect(compose(room.chief)).to_contain_text("This text by Pia waits for review")
    room.write(room.chief, "More beds are coming.")
    box(room.chief).press("Control+Enter")
    send_now(room, room.editor, "Forty people")


def two_edit_the_same(room: Newsroom) -> None:
    mine, theirs = (edit(desk, "One house") for desk in (room.chief, room.editor))
    mine.get_by_label("Text").fill("Two houses are flooded. Nobody is hurt.")
    theirs.get_by_label("Text").fill("One house is flooded. Three people are hurt.")
    save(theirs)
    room.expect_published("Three people")
    save(mine)
    expect(mine.get_by_role("heading", name="Somebody else changed this")).to_be_visible()
    sides = mine.locator(".side")
    expect(sides.nth(0).locator("ins")).to_contain_text("Three people are")
    expect(sides.nth(1).locator("ins")).to_contain_text("Two houses are")
    mine.get_by_role("button", name="Use both changes").click()
    expect(mine.get_by_label("Text")).to_have_value("Two houses are flooded. Three people are hurt.")
    mine.get_by_role("button", name="Save what the form says").click()
    expect(mine).to_have_count(0)
    room.expect_published("Two houses are flooded. Three people are hurt.")
    room.typed += ["Two houses are flooded.", "Three people are hurt."]
    assert room.wire.first("Two houses are flooded. Nobody is hurt.") is None


def two_edit_different_fields(room: Newsroom) -> None:
    mine, theirs = (edit(desk, "Boats are") for desk in (room.chief, room.editor))
    mine.get_by_label("Text").fill("Boats are on their way to Mill Street.")
    theirs.get_by_label("Title").fill("Help is coming")
    save(theirs)
    expect(theirs).to_have_count(0)
    save(mine)
    expect(mine).to_have_count(0)
    room.typed += ["Boats are on their way to Mill Street.", "Help is coming"]
    update = room.update("Boats are on their way to Mill Street.")
    assert (update["title"], update["rev"]) == ("Help is coming", 3)


def one_is_corrected_and_pinned(room: Newsroom) -> None:
    form = edit(room.editor, "Mill Street. Houses")
    form.get_by_label("Text").fill("Water stands in Mill Street. Houses 2 to 20 are cut off.")
    form.get_by_label("Correction").fill("It is up to house 20.")
    save(form)
    expect(form).to_have_count(0)
    room.typed += ["Houses 2 to 20 are cut off.", "It is up to house 20."]
    article = room.reader.locator(".updates > article").filter(has_text="Houses 2 to 20")
    expect(article.locator(".correction")).to_have_text("Correction: It is up to house 20.")
    press(row(room.chief, "Houses 2 to 20"), "Pin")
    expect(room.reader.locator(".pinned article")).to_contain_text("Houses 2 to 20")
    press(row(room.chief, "Help is coming"), "Key event")
    expect(room.reader.locator(".key li")).to_contain_text("Help is coming")


SOON = """() => {
  const at = Date.now() + 20000;
  return new Date(at - new Date(at).getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}"""


def one_is_scheduled(room: Newsroom) -> None:
    desk, text = room.editor, "The mayor speaks now."
    room.write(desk, text)
    desk.get_by_role("button", name="Schedule…").click()
    dialog = desk.get_by_role("dialog", name="When does it go out?")
    dialog.get_by_label("Day and time").fill(desk.evaluate(SOON))
    dialog.get_by_role("button", name="Schedule", exact=True).click()
    expect(region(room.chief, "Scheduled")).to_contain_text(text)
    (item,) = room.items()
    assert item["state"] == "scheduled"
    room.expect_held_back(text)
    room.expect_published(text)
    late_s = seconds(room.update(text)["published"]) - seconds(item["due"])
    assert 0 <= late_s < 3, "on an idle machine it is within a second"
    expect(region(desk, "Scheduled")).to_have_count(0)


def what_is_deleted_is_gone(room: Newsroom) -> None:
    text = "Here is a rumour that nobody should read."
    room.write(room.contributor, text)
    box(room.contributor).press("Control+s")
    room.expect_drafts(room.contributor, text)
    until(room.contributor, lambda: len(room.items()) == 1)
    item = room.item(text)
    press(drafts(room.contributor), "Delete")
    room.contributor.get_by_role("dialog").get_by_role("button", name="Delete").click()
    room.expect_drafts(room.contributor)
    room.expect_held_back(text, item)
    room.gone.append(text)

    article = room.reader.locator(".updates > article").filter(has_text="Forty people")
    press(row(room.chief, "Forty people"), "Delete")
    room.chief.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(article).to_have_count(0)
    room.gone += ["Forty people sleep", "in the gym.", "More beds are coming."]


def the_feed_is_closed(room: Newsroom) -> None:
    """While one text is a draft, and another one is half written."""
    room.write(room.contributor, "What we know of the causes.")
    box(room.contributor).press("Control+s")
    for desk in room.desks:
        room.expect_drafts(desk, "What we know")
    room.write(room.editor, "Thanks to all who")
    menu(room.chief, "Close this feed")
    room.chief.get_by_role("dialog").get_by_role("button", name="Close it").click()
    expect(room.reader.get_by_role("status")).to_contain_text("Coverage has ended")
    for desk in room.desks:
        expect(desk.get_by_text("This feed is closed.")).to_be_visible()
    expect(box(room.editor)).to_have_value("Thanks to all who")


# What comes of it -------------------------------------------------------------------------------


def expect_as_a_fresh_page(room: Newsroom) -> None:
    fresh = room.reader.context.new_page()
    wire = Recording(fresh)
    fresh.goto("/feeds/news")
    expect(fresh.get_by_role("status")).to_have_text(re.compile("Live|Coverage has ended"))
    now = look(fresh)
    assert (len(now["pinned"]), len(now["key"]), len(now["updates"])) == (1, 1, 5)
    assert look(room.reader) == now
    assert [text for text in PUBLISHED if wire.first(text) is None] == []
    assert [text for text in (*room.gone, *NEVER) if wire.first(text) is not None] == []
    fresh.close()


def expect_nothing_lost(room: Newsroom) -> None:
    there = room.everything()
    lost = [text for text in room.typed if text not in there]
    assert sorted(lost) == sorted(room.gone), "what was deleted on purpose, and nothing else"


def expect_each_published_once(room: Newsroom) -> None:
    texts = [update["text"] for update in room.server.page()["updates"]]
    assert [len([text for text in texts if words in text]) for words in PUBLISHED] == [1] * len(texts)
    puts = Counter(
        (change["update"]["id"], change["update"]["rev"])
        for change in room.wire.changes()
        if change["op"] == "put"
    )
    assert len({update for update, _ in puts}) == len(texts) + 1, "and the one that was deleted"
    assert set(puts.values()) == {1}


def expect_nothing_on_the_wire_before_its_release(room: Newsroom) -> None:
    for text, published in room.released.items():
        heard = room.wire.first(text)
        assert heard is not None, f"{text}: the record would not have it, were it told too early"
        assert heard >= published, text
    assert [text for text in NEVER if room.wire.first(text) is not None] == []
    assert {message["type"] for message in room.wire.messages} <= {"sync", "change", "ping", "bye"}
    assert {change["op"] for change in room.wire.changes()} == {"put", "delete", "feed"}
    # Where nothing was found while it was held back, it is found now.
    places = room.wire.places("The school", room.update("The school")["id"])
    assert {"/feeds/news", "/embed/news", "/feeds/news/feed.atom", "/feeds/news/feed.json"} <= set(places)
    assert {"/v1/feeds/news/updates", "/feeds/news/updates/{id}", "/v1/feeds/news/updates/{id}"} <= set(
        places
    )
