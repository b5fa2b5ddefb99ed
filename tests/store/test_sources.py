from __future__ import annotations

from livefeed.core.models import UpdateCreate
from livefeed.store.sources import source_of, taken_over


def _draft(**fields: object) -> UpdateCreate:
    return UpdateCreate.model_validate({"source": "a", "text": "One", **fields})


def test_the_same_words_have_the_same_digest() -> None:
    one, other = source_of(_draft(tags=["x"])), source_of(_draft(tags=["x"]))
    assert one == other
    assert source_of(_draft(tags=["y"])) != one
    assert source_of(UpdateCreate(text="One")) is None


def test_what_is_said_again_changes_nothing() -> None:
    source = source_of(_draft())
    assert source is not None
    assert taken_over(_draft(), source.digest) == {}


def test_only_what_is_said_is_taken_over() -> None:
    assert taken_over(_draft(), "before") == {"text": "One"}
    assert taken_over(_draft(time=None, tags=[]), "before") == {"text": "One", "tags": []}
    link = {"url": "https://example.org/", "label": None}
    assert taken_over(_draft(link={"url": "https://example.org/"}), "before")["link"] == link
