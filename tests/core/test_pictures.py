"""Where an update names pictures of ours."""

from __future__ import annotations

import orjson
import pytest

from livefeed.core.markdown import render
from livefeed.core.pictures import (
    PICTURE_ADDRESS,
    PICTURE_NAME,
    address_of,
    lacks_alt,
    name_of,
    pictures_in,
    pictures_shown_in,
)

A, B, C = (f"{letter * 32}.{end}" for letter, end in (("a", "jpg"), ("b", "png"), ("c", "webp")))


def update(text: str, image: str | None = None) -> bytes:
    return orjson.dumps(
        {"text": text, "html": render(text, "markdown"), "image": image and {"url": image, "alt": "x"}}
    )


def test_a_name_is_that_of_the_content() -> None:
    assert PICTURE_NAME.fullmatch(name_of(b"1", "jpg"))
    assert name_of(b"1", "jpg") == name_of(b"1", "jpg") != name_of(b"2", "jpg")
    assert PICTURE_ADDRESS.fullmatch(address_of(A))


@pytest.mark.parametrize(
    "name", ["", "../x", "a.jpg", A + "x", A.upper(), f"{'a' * 32}.gif", f"{'a' * 31}.jpg"]
)
def test_what_is_no_name(name: str) -> None:
    assert not PICTURE_NAME.fullmatch(name)


def test_they_are_found_in_text_and_image() -> None:
    body = update(f"![one](/media/{A}) and ![two](https://live.example/media/{B})", f"/media/{C}")
    assert pictures_in(body) == {A, B, C}
    assert pictures_shown_in(body) == {A, C}


def test_what_only_looks_like_one_is_none() -> None:
    assert pictures_in(update(f"/media/{A}x /media/f{A} /media/{A[:-1]}")) == frozenset()
    assert pictures_shown_in(update(f"see /media/{A}.")) == frozenset()


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        (f"![An owl](/media/{A})", False),
        (f"![](/media/{A})", True),
        (f"![ ](/media/{A})", True),
        (f"![An owl](/media/{A}) ![](/media/{B})", True),
        ("![](https://elsewhere.example/1.png)", False),
    ],
)
def test_a_picture_of_ours_needs_words(text: str, lacks: bool) -> None:
    assert lacks_alt(render(text, "markdown")) == lacks
    assert lacks_alt(f'<p><img width="3" src="/media/{A}"></p>')
    assert not lacks_alt(f'<p><img alt="a" src="/media/{A}"></p>')
