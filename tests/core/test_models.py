from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from livefeed.core import models
from livefeed.core.models import FeedCreate, RenderRequest, UpdateCreate, UpdateEdit, headline_of
from livefeed.core.validation import parse
from livefeed.errors import InvalidInput


def refused(model: type[BaseModel], data: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse(model, data)
    return {error.field: error.message for error in caught.value.errors}


REQUIRED = "this field is required"
EMPTY = "this must not be empty"
UNKNOWN = "there is no such field, or it cannot be set"
STRING = "give a text"
ALT = "say what the picture shows, for those who do not see it"
WEB = "give a web address that begins with http:// or https://"
ID = "use 1 to 64 of A-Z, a-z, 0-9, the hyphen and the underscore"
RFC3339 = "give an RFC 3339 time with its zone, as 2026-11-22T08:16:52Z"

BAD_UPDATES = [
    ({"text": ""}, "text", EMPTY),
    ({"text": " \n\t "}, "text", "the text must not be empty"),
    ({"text": None}, "text", STRING),
    ({"text": 5}, "text", STRING),
    ({"text": ["a"]}, "text", STRING),
    ({"text": "a\x00"}, "text", "the control character U+0000 is not allowed"),
    ({"text": "a\x1b[31m"}, "text", "the control character U+001B is not allowed"),
    ({"text": "a\x85"}, "text", "the control character U+0085 is not allowed"),
    ({"text": "a\ud800"}, "text", "the control character U+D800 is not allowed"),
    ({"text": "a" * 20_001}, "text", "at most 20,000 characters are allowed"),
    ({"title": "a" * 10_000}, "title", "at most 300 characters are allowed"),
    ({"title": " "}, "title", EMPTY),
    ({"title": "a\nb"}, "title", "line breaks and tabs are not allowed here"),
    ({"title": "a\x07"}, "title", "the control character U+0007 is not allowed"),
    ({"title": {"a": 1}}, "title", STRING),
    ({"author": "a" * 201}, "author", "at most 200 characters are allowed"),
    ({"time": "2026-11-22T08:16:52"}, "time", RFC3339),
    ({"time": "2026-11-22"}, "time", RFC3339),
    ({"time": "9999-12-31T23:59:59Z"}, "time", "give a time between the years 1970 and 2099"),
    ({"time": "1969-12-31T23:59:59Z"}, "time", "give a time between the years 1970 and 2099"),
    ({"time": "2026-02-30T00:00:00Z"}, "time", "there is no such time: 2026-02-30T00:00:00Z"),
    ({"time": "٢٠٢٦-11-22T08:16:52Z"}, "time", "there is no such time: ٢٠٢٦-11-22T08:16:52Z"),
    ({"time": 1_763_799_412}, "time", STRING),
    ({"format": "rst"}, "format", "give markdown or html"),
    ({"tags": "a"}, "tags", "give a list"),
    ({"tags": ["a"] * 11}, "tags", "at most 10 entries are allowed"),
    ({"tags": ["a", ""]}, "tags.1", EMPTY),
    ({"tags": ["a", "b" * 51]}, "tags.1", "at most 50 characters are allowed"),
    ({"tags": [1]}, "tags.0", STRING),
    ({"link": "https://example.org"}, "link", "give a JSON object"),
    ({"link": {}}, "link.url", REQUIRED),
    ({"link": {"url": "javascript:alert(1)"}}, "link.url", WEB),
    ({"link": {"url": "//example.org"}}, "link.url", WEB),
    ({"link": {"url": "https://"}}, "link.url", WEB),
    ({"link": {"url": "https://[broken"}}, "link.url", WEB),
    ({"link": {"url": "https://example.org/a b"}}, "link.url", WEB),
    ({"link": {"url": "https://example.org/\x01"}}, "link.url", WEB),
    ({"link": {"url": 'https://example.org/"><script>'}}, "link.url", WEB),
    ({"link": {"url": "https://example.org", "text": "a"}}, "link.text", UNKNOWN),
    (
        {"image": {"url": "http://example.org/a.png"}},
        "image.url",
        "give an address that begins with https://",
    ),
    (
        {"image": {"url": "/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.png"}},
        "image.alt",
        ALT,
    ),
    (
        {"image": {"url": "/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.png", "alt": " "}},
        "image.alt",
        ALT,
    ),
    ({"image": {"url": "/media/0a1b.png", "alt": "An owl"}}, "image.url", WEB),
    ({"image": {"url": "/media/../v1/feeds"}}, "image.url", WEB),
    ({"image": {"url": '/media/a" onerror="b'}}, "image.url", WEB),
    ({"image": {"url": "https://example.org/a", "width": 0}}, "image.width", None),
    ({"image": {"url": "https://example.org/a", "width": 1.5}}, "image.width", None),
    ({"image": {"url": "https://example.org/a", "height": "1"}}, "image.height", None),
    ({"image": {"url": "https://example.org/a", "height": True}}, "image.height", None),
    ({"breaking": 1}, "breaking", "give true or false"),
    ({"key": "yes"}, "key", "give true or false"),
    ({"pinned": None}, "pinned", "give true or false"),
    ({"id": "a b"}, "id", ID),
    ({"id": "a\n"}, "id", ID),
    ({"id": "@feed"}, "id", ID),
    ({"id": "a" * 65}, "id", ID),
    ({"source": ""}, "source", EMPTY),
    ({"source": "a\nb"}, "source", "line breaks and tabs are not allowed here"),
    ({"rev": 3}, "rev", UNKNOWN),
    ({"minor": True}, "minor", UNKNOWN),
    ({"colour": "red"}, "colour", UNKNOWN),
]


@pytest.mark.parametrize(("fields", "field", "message"), BAD_UPDATES)
def test_a_bad_update_is_refused_with_the_field_and_in_words(
    fields: dict[str, Any], field: str, message: str | None
) -> None:
    errors = refused(UpdateCreate, {"text": "a"} | fields)
    assert list(errors) == [field]
    assert errors[field] == (message or errors[field])


def test_every_bad_field_is_named() -> None:
    errors = refused(UpdateCreate, {"title": "", "time": "x", "tags": [""], "colour": 1})
    assert errors.keys() == {"text", "title", "time", "tags.0", "colour"}
    assert errors["text"] == REQUIRED


BAD_SLUG = "use 1 to 64 of a-z, 0-9 and the hyphen"
BAD_ZONE = "give a time zone of the IANA list, as Europe/Kyiv"
BAD_ORIGIN = "give “*” or an origin as https://www.example.org, without a path"
BAD_FEEDS = [
    *(({"slug": slug}, "slug", BAD_SLUG) for slug in ("", "A", "a_b", "a b", "é", "a/b", "a\n", "a" * 65)),
    *(({"timezone": zone}, "timezone", BAD_ZONE) for zone in ("", "Mars/Base", "../etc/passwd", "a\0")),
    *(({"lang": lang}, "lang", "give a language tag, as en or pt-BR") for lang in ("", "e", "en_GB", "en\n")),
    *(
        ({"origins": [origin]}, "origins.0", BAD_ORIGIN)
        for origin in (
            *("null", "example.org", "ftp://example.org", "https://example.org/", "https://u@example.org"),
            *(
                "https://example.org:99999",
                "https://[broken",
                "https://example.org?a",
                "https://",
                "*.example.org",
            ),
        )
    ),
    ({"status": "gone"}, "status", "give open, closed or draft"),
    ({"hold_s": 31}, "hold_s", "give at most 30"),
    ({"opened": None}, "opened", UNKNOWN),
    ({"description": "a" * 1_001}, "description", "at most 1,000 characters are allowed"),
]


@pytest.mark.parametrize(("fields", "field", "message"), BAD_FEEDS)
def test_a_bad_feed_is_refused_with_the_field_and_in_words(
    fields: dict[str, Any], field: str, message: str
) -> None:
    assert refused(FeedCreate, {"slug": "news"} | fields) == {field: message}


@pytest.mark.parametrize("data", [None, [], "a", 1, True])
def test_only_objects_are_read(data: Any) -> None:
    assert refused(RenderRequest, data) == {"body": "send a JSON object"}


def test_what_is_allowed_is_kept_or_made_plain() -> None:
    update = parse(
        UpdateCreate,
        {
            "title": " a ",
            "text": "a\r\nb\rc\t ",
            "time": "2026-11-22T09:16:52.123456+01:00",
            "tags": ["a", " a", "b"],
            "image": {"url": "/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.png", "alt": "An owl"},
            "id": "Az_-9",
        },
    )
    assert (update.title, update.text, update.tags) == ("a", "a\nb\nc\t ", ["a", "b"])
    assert update.time == "2026-11-22T08:16:52.123Z"
    assert update.model_fields_set == {"title", "text", "time", "tags", "image", "id"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://Example.ORG", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://example.org:80", "http://example.org"),
        ("https://example.org:80", "https://example.org:80"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("*", "*"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(sent: str, kept: str) -> None:
    assert parse(FeedCreate, {"slug": "a", "origins": [sent]}).origins == [kept]


def test_an_edit_may_name_what_an_update_may_be_made_with() -> None:
    assert set(models.EDITABLE) == set(UpdateCreate.model_fields) - {"id", "source"}
    assert set(UpdateEdit.model_fields) == {*models.EDITABLE, "minor"}
    assert set(models.EDITABLE) < set(models.Update.model_fields)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*UpdateCreate.model_fields, "other"]), json))
def test_any_json_is_read_or_refused_by_field(data: dict[str, Any]) -> None:
    try:
        update = parse(UpdateCreate, data)
    except InvalidInput as error:
        fields = {broken.field.split(".")[0] for broken in error.errors}
        assert fields <= {*data, "text"}
    else:
        assert parse(UpdateCreate, update.model_dump(exclude_unset=True)) == update


@pytest.mark.parametrize(
    ("title", "text", "headline"),
    [
        ("A title", "a text", "A title"),
        (None, " a\n  text ", "a text"),
        (None, "a" * 110, "a" * 110),
        (None, "a" * 111, "a" * 109 + "…"),
        (None, "word " * 30, ("word " * 21).strip() + "…"),
        (None, "long, " + "word " * 20 + ", – and more of it", "long, " + ("word " * 20).strip() + "…"),
        (None, "", "…"),
    ],
)
def test_the_headline(title: str | None, text: str, headline: str) -> None:
    assert headline_of(title, text) == headline


@given(st.text())
def test_a_headline_is_one_short_line(text: str) -> None:
    headline = headline_of(None, text)
    assert 1 <= len(headline) <= models.MAX_HEADLINE
    assert "\n" not in headline


def test_the_time_of_a_commit_has_its_milliseconds_always() -> None:
    assert models.now_text(datetime(2026, 11, 22, 8, 16, 53, tzinfo=UTC)) == "2026-11-22T08:16:53.000Z"
    assert models.now_text(datetime(2026, 11, 22, 8, 16, 53, 120_999, UTC)) == "2026-11-22T08:16:53.120Z"
