from __future__ import annotations

import gzip

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from livefeed.web.caching import (
    BRIEF,
    NO_STORE,
    answer,
    etag_of,
    etag_of_rev,
    keep_nowhere,
    none_match,
    rev_to_match,
)


def ask(method: str = "GET", **headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": pairs})


def test_the_same_bytes_have_the_same_tag() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
    assert etag_of_rev(3) == '"3"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ('"x", "a"', True),
        ('"x",W/"a" , "y"', True),
        ("*", True),
        (" * ", True),
        ('"x"', False),
        ("a", False),
        ('"a', False),
        ('"aa"', False),
        ('"x,a"', False),
    ],
)
def test_if_none_match(header: str | None, expected: bool) -> None:
    assert none_match(header, '"a"') is expected


def test_an_answer_that_the_client_has() -> None:
    etag = etag_of(b"{}")
    response = answer(ask(if_none_match=etag), b"{}")
    assert response.status_code == 304
    assert response.body == b""
    assert response.headers["etag"] == etag
    assert response.headers["cache-control"] == BRIEF
    assert "content-type" not in response.headers
    assert "content-length" not in response.headers


def test_an_answer_that_it_has_not() -> None:
    response = answer(ask(if_none_match='"old"'), b"{}", headers={"X": "y"})
    assert (response.status_code, response.body) == (200, b"{}")
    assert response.headers["x"] == "y"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_nginx_is_told_in_its_own_way_how_long_the_brief_is() -> None:
    fresh = answer(ask(), b"{}")
    known = answer(ask(if_none_match=etag_of(b"{}")), b"{}")
    assert fresh.headers["x-accel-expires"] == known.headers["x-accel-expires"] == "1"
    assert "x-accel-expires" not in answer(ask(), b"{}", cache=NO_STORE).headers
    assert "x-accel-expires" not in answer(ask(), b"{}", cache="public, max-age=300").headers
    keep_nowhere(fresh)
    assert fresh.headers["cache-control"] == "no-store"
    assert "x-accel-expires" not in fresh.headers


PAGE, HTML = b"<p>page</p>" * 500, "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("*", True),
        ("gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("br", False),
        ("", False),
    ],
)
def test_pages_go_out_packed_where_they_are_taken_so(accepted: str, packed: bool) -> None:
    response = answer(ask(accept_encoding=accepted), PAGE, media_type=HTML, headers={"Vary": "Origin"})
    assert response.headers["vary"] == "Origin, Accept-Encoding"
    assert response.headers["etag"] == ("W/" if packed else "") + etag_of(PAGE)
    assert response.headers["content-length"] == str(len(response.body))
    assert response.headers.get("content-encoding") == ("gzip" if packed else None)
    assert (gzip.decompress(bytes(response.body)) if packed else response.body) == PAGE
    known = answer(
        ask(accept_encoding=accepted, if_none_match=response.headers["etag"]), PAGE, media_type=HTML
    )
    assert (known.status_code, known.headers["etag"]) == (304, response.headers["etag"])
    assert "content-encoding" not in known.headers


def test_what_is_short_or_secret_or_json_is_not_packed() -> None:
    asked = ask(accept_encoding="gzip")
    for response in (
        answer(asked, b"<p>short</p>", media_type=HTML),
        answer(asked, PAGE, media_type=HTML, cache=NO_STORE),
        answer(asked, PAGE),
    ):
        assert "content-encoding" not in response.headers


def test_writes_are_never_answered_with_304() -> None:
    assert answer(ask("POST", if_none_match="*"), b"{}", etag='"1"').status_code == 200


def test_what_is_not_kept_needs_no_tag() -> None:
    assert "etag" not in answer(ask(), b"{}", cache=NO_STORE).headers


def test_shared_caches_keep_at_most_two_seconds_and_serve_nothing_stale() -> None:
    assert "s-maxage=2" in BRIEF
    assert "must-revalidate" in BRIEF
    assert "stale" not in BRIEF


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"3"', 3),
        ('W/"3"', 3),
        ("*", None),
        (' "3" ', 3),
        ('"0"', -1),
        ('"03"', -1),
        ('"abc"', -1),
        ('""', -1),
    ],
)
def test_if_match(header: str, expected: int | None) -> None:
    assert rev_to_match(ask(if_match=header)) == expected


def test_no_if_match() -> None:
    assert rev_to_match(ask()) is None


@pytest.mark.parametrize("header", ["", "3", "abc", '"3', '"3", "4"', 'w/"3"', '"3"x', "*, *", '"a"b"', "**"])
def test_if_match_that_is_no_tag(header: str) -> None:
    with pytest.raises(HTTPException) as refused:
        rev_to_match(ask(if_match=header))
    assert refused.value.status_code == 400
