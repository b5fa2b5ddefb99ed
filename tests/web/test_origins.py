from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import AnyHttpUrl

from livefeed.core.editing import create_feed
from livefeed.core.models import Feed, FeedCreate
from livefeed.settings import Settings
from livefeed.web.origins import (
    allowed,
    cors_headers,
    frame_ancestors,
    origin_of,
    own_origin,
    preflight_headers,
)

OURS, PARTNER, OTHER = "https://live.example.org", "https://partner.example", "https://other.example"
LIST = [PARTNER]
PUBLIC = Settings(public_url=AnyHttpUrl(OURS))
LAPTOP = Settings(host="127.0.0.1", port=8000)


@pytest.mark.parametrize(
    ("origin", "origins", "expected"),
    [
        (PARTNER, LIST, True),
        (OURS, LIST, True),
        (OURS, [], True),
        (OTHER, LIST, False),
        ("https://partner.example:444", LIST, False),
        ("http://partner.example", LIST, False),
        ("https://partner.example.evil.example", LIST, False),
        ("null", LIST, False),
        (None, LIST, False),
        ("", LIST, False),
        ("*", LIST, False),
        (OTHER, ["*"], True),
        ("null", ["*"], True),
        (None, ["*"], True),
        (OTHER, [PARTNER, "*"], True),
    ],
)
def test_who_may_use_a_feed(origin: str | None, origins: list[str], expected: bool) -> None:
    assert allowed(origin, origins, OURS) is expected


@pytest.mark.parametrize("origin", [OTHER, PARTNER, "null", None])
def test_for_everybody_a_star_and_no_vary(origin: str | None) -> None:
    headers = cors_headers(origin, ["*"], OURS)
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in headers


@pytest.mark.parametrize("origin", [PARTNER, OURS])
def test_a_list_echoes(origin: str) -> None:
    headers = cors_headers(origin, LIST, OURS)
    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [OTHER, "null", None])
def test_a_list_says_nothing_to_others_but_varies(origin: str | None) -> None:
    assert cors_headers(origin, LIST, OURS) == {"Vary": "Origin"}


@pytest.mark.parametrize("origins", [["*"], LIST])
def test_never_credentials(origins: list[str]) -> None:
    headers = cors_headers(PARTNER, origins, OURS) | preflight_headers()
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    ("settings", "headers", "expected"),
    [
        (PUBLIC, {}, OURS),
        (PUBLIC, {"origin": OTHER, "host": "other.example"}, OURS),
        (LAPTOP, {}, "http://127.0.0.1:8000"),
        (LAPTOP, {"origin": "http://localhost:8000", "host": "localhost:8000"}, "http://localhost:8000"),
        (LAPTOP, {"origin": "https://live.test", "host": "Live.test"}, "https://live.test"),
        (LAPTOP, {"origin": "http://localhost:3000", "host": "localhost:8000"}, "http://127.0.0.1:8000"),
        (LAPTOP, {"origin": "ftp://localhost:8000", "host": "localhost:8000"}, "http://127.0.0.1:8000"),
        (LAPTOP, {"origin": "null", "host": "null"}, "http://127.0.0.1:8000"),
        (LAPTOP, {"origin": "http://", "host": ""}, "http://127.0.0.1:8000"),
    ],
)
def test_our_own_origin(settings: Settings, headers: dict[str, str], expected: str) -> None:
    assert own_origin(settings, headers) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"origin": OTHER}, OTHER),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, "null"),
        ({"sec-fetch-site": "same-origin"}, OURS),
        ({"sec-fetch-site": "same-site"}, None),
        ({"sec-fetch-site": "none"}, None),
        ({"sec-fetch-site": "cross-site", "referer": f"{OURS}/feeds/news"}, None),
        ({"referer": f"{OURS}/feeds/news"}, OURS),
        ({"referer": f"{OTHER}/{OURS}"}, None),
        ({"referer": "http://["}, None),
    ],
)
def test_where_a_request_comes_from(headers: dict[str, str], expected: str | None) -> None:
    assert origin_of(PUBLIC, headers) == expected


def test_a_page_of_ours_on_the_local_network() -> None:
    headers = {"referer": "http://192.168.1.7:8000/", "host": "192.168.1.7:8000"}
    assert origin_of(LAPTOP, headers) == LAPTOP.origin


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        (["*"], "frame-ancestors *"),
        ([], "frame-ancestors 'self'"),
        ([PARTNER, OTHER], f"frame-ancestors 'self' {PARTNER} {OTHER}"),
    ],
)
def test_who_may_frame(origins: list[str], expected: str) -> None:
    assert frame_ancestors(_feed(origins)) == expected


def _feed(origins: list[str]) -> Feed:
    return create_feed(FeedCreate(slug="news", origins=origins), now=datetime.now(UTC))


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("desk.example.org", "https://desk.example.org", "https://desk.example.org"),
        ("desk.example.org:8443", "https://desk.example.org:8443", "https://desk.example.org:8443"),
        ("evil.example", "https://evil.example", OURS),
        ("desk.example.org", "https://evil.example", OURS),
    ],
)
def test_the_desk_may_have_a_host_of_its_own(host: str, origin: str, ours: str) -> None:
    settings = Settings(public_url=AnyHttpUrl(OURS), desk_host="desk.example.org")
    assert own_origin(settings, {"origin": origin, "host": host}) == ours
