"""Adding a picture at the desk: from a file, by paste and by drop; what is refused is said."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import Server
from tests.e2e.test_desk import sign_in
from tests.e2e.ticker import until
from tests.media.pictures import encoded, photo

JPEG = encoded(photo(400, 300))

PLUG_IN = """async () => {
  const script = document.querySelector('script[src$="/desk/desk.js"]').src;
  const { imageField } = await import(script.replace('desk.js', 'images.js'));
  // In the place of the form that has one already.
  const form = document.createElement('form');
  const root = document.createElement('div');
  const text = document.createElement('textarea');
  text.ariaLabel = 'Update';
  form.append(text, root);
  document.querySelector('#compose').replaceWith(form);
  form.id = 'compose';
  window.changes = 0;
  window.field = imageField(root, { oninput: () => (window.changes += 1) });
}"""

GIVE = """([kind, type, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  const target = document.querySelector('#compose textarea');
  const options = { bubbles: true, cancelable: true };
  const event = kind === 'paste' ? new ClipboardEvent('paste', { ...options, clipboardData: data })
    : new DragEvent(kind, { ...options, dataTransfer: data });
  target.dispatchEvent(event);
  return event.defaultPrevented;
}"""


@pytest.fixture
def desk(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/desk")
    sign_in(page, server)
    expect(page.locator("#compose .preview")).to_be_visible()
    page.evaluate(PLUG_IN)
    return page


@pytest.fixture(autouse=True)
def _nothing_was_thrown(errors: list[str]) -> Iterator[None]:
    yield
    assert errors == []


def field(page: Page) -> Locator:
    return page.get_by_role("group", name="Picture")


def choose(
    page: Page, body: bytes, name: str = "a.jpg", kind: str = "image/jpeg", by: str = "Add a picture"
) -> None:
    with page.expect_file_chooser() as chooser:
        field(page).get_by_role("button", name=by).click()
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": body})


def give(page: Page, how: str, body: bytes = JPEG, kind: str = "image/jpeg") -> bool:
    taken: bool = page.evaluate(GIVE, [how, kind, "a.jpg", base64.b64encode(body).decode()])
    return taken


def alt(page: Page) -> Locator:
    return field(page).get_by_label("What the picture shows")


def value(page: Page) -> Any:
    return page.evaluate("field.value")


def test_a_chosen_file_is_shown_and_described(desk: Page, server: Server) -> None:
    choose(desk, JPEG)
    expect(alt(desk)).to_be_focused()
    expect(field(desk).locator("[aria-live]")).to_have_text("The picture is there. Say what it shows.")
    until(desk, lambda: desk.evaluate("document.querySelector('.image-field img').naturalWidth") == 400)
    assert not desk.evaluate("field.check()")
    expect(field(desk).get_by_role("alert")).to_have_text(
        "Say what the picture shows, for those who do not see it."
    )
    alt(desk).fill("An owl on a roof")
    expect(field(desk).get_by_role("alert")).to_be_hidden()
    field(desk).get_by_label("Credit").fill("A. Photographer")
    assert desk.evaluate("field.check()")
    image = value(desk)
    assert image | {"url": ""} == {
        "url": "",
        "width": 400,
        "height": 300,
        "alt": "An owl on a roof",
        "caption": None,
        "credit": "A. Photographer",
    }
    assert desk.evaluate("changes") > 1
    server.publish("Look", image=image)
    desk.goto(f"{server.url}/feeds/news")
    shown = desk.get_by_role("img", name="An owl on a roof")
    expect(shown).to_be_visible()
    until(desk, lambda: desk.evaluate("document.querySelector('.picture img').naturalWidth") == 400)


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_pasted_or_dropped_picture_is_taken(desk: Page, how: str) -> None:
    if how == "drop":
        assert give(desk, "dragover")
        expect(field(desk)).to_have_class("image-field is-over")
    assert give(desk, how)
    expect(alt(desk)).to_be_visible()
    expect(field(desk)).to_have_class("image-field")
    assert value(desk)["width"] == 400


def test_a_pasted_text_is_left_alone(desk: Page) -> None:
    left = desk.evaluate("""() => {
      const data = new DataTransfer();
      data.setData('text/plain', 'words');
      data.items.add(new File(['x'], 'a.png', { type: 'image/png' }));
      const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data });
      return document.querySelector('#compose textarea').dispatchEvent(event);
    }""")
    assert left
    expect(field(desk).get_by_role("button", name="Add a picture")).to_be_visible()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"PK\x03\x04" + bytes(1_000), "This is a ZIP archive, not a picture: send JPEG, PNG or WebP."),
        (JPEG[:5_000], "This picture is broken or incomplete: save or export it again."),
        (bytes(16 << 20), "The body is larger than 15 MiB."),
    ],
    ids=["zip", "half", "too large"],
)
def test_what_is_refused_is_said_and_nothing_is_lost(desk: Page, body: bytes, words: str) -> None:
    box = desk.get_by_label("Update", exact=True)
    box.fill("Typed before")
    choose(desk, body)
    expect(field(desk).get_by_role("alert")).to_have_text(words)
    expect(field(desk).get_by_role("button", name="Add a picture")).to_be_focused()
    expect(box).to_have_value("Typed before")
    assert value(desk) is None
    choose(desk, JPEG)
    expect(alt(desk)).to_be_visible()
    expect(field(desk).get_by_role("alert")).to_be_hidden()


def test_an_upload_can_be_cancelled_and_its_progress_is_seen(desk: Page) -> None:
    held: list[Route] = []
    desk.route("**/v1/images", lambda route: held.append(route))
    choose(desk, JPEG)
    expect(field(desk).get_by_role("progressbar", name="Uploading the picture")).to_be_visible()
    assert not desk.evaluate("field.check()")
    expect(field(desk).get_by_role("alert")).to_contain_text("still on its way")
    field(desk).get_by_role("button", name="Cancel").click()
    expect(field(desk).get_by_role("button", name="Add a picture")).to_be_focused()
    expect(field(desk).get_by_role("alert")).to_be_hidden()
    assert value(desk) is None


def test_a_lost_network_keeps_what_was_there(desk: Page) -> None:
    choose(desk, JPEG)
    alt(desk).fill("An owl")
    desk.route("**/v1/images", lambda route: route.abort())
    give(desk, "paste", encoded(photo(200, 100)))
    expect(field(desk).get_by_role("alert")).to_contain_text("cannot be reached")
    assert value(desk)["alt"] == "An owl"
    assert value(desk)["width"] == 400


def test_it_is_removed_restored_and_told_what_the_server_says(desk: Page) -> None:
    choose(desk, JPEG)
    alt(desk).fill("An owl")
    kept = json.dumps(value(desk))
    field(desk).get_by_role("button", name="Remove the picture").click()
    assert value(desk) is None
    expect(field(desk).get_by_role("button", name="Add a picture")).to_be_focused()
    desk.evaluate(f"field.value = {kept}")
    assert json.dumps(value(desk)) == kept
    said = "{ fields: [{ field: 'image', message: 'there is no picture' }, { field: 'text', message: 'x' }] }"
    assert desk.evaluate(f"field.show({said})")
    expect(field(desk).get_by_role("alert")).to_have_text("There is no picture.")
    desk.evaluate("field.destroy()")
    assert not give(desk, "paste")


def test_everybody_can_use_it(desk: Page, tmp_path: Path) -> None:
    assert violations(desk, within="#compose") == []
    choose(desk, JPEG)
    expect(alt(desk)).to_be_focused()
    assert not desk.evaluate("field.check()")
    assert violations(desk, within="#compose") == []
    desk.set_viewport_size({"width": 360, "height": 740})
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(desk, within="#compose") == []
