"""The application as a whole: every route has its place, and nothing starts without a Redis."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Route, WebSocketRoute

from livefeed.app import create_app
from livefeed.errors import StartupError
from livefeed.settings import Settings


def paths(routes: list[BaseRoute], *kinds: type[BaseRoute]) -> list[str]:
    return [route.path for route in routes if isinstance(route, kinds or (Route, WebSocketRoute))]  # type: ignore[attr-defined]


def test_it_needs_a_redis() -> None:
    with pytest.raises(StartupError, match="LIVEFEED_REDIS_URL"):
        create_app(Settings(redis_url=None))


def test_it_needs_the_folder_of_templates_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="LIVEFEED_TEMPLATES_DIR: there is no folder"):
        create_app(Settings(redis_url="redis://localhost", templates_dir=tmp_path / "nowhere"))


def test_each_path_is_routed_once() -> None:
    found = paths(create_app(Settings(redis_url="redis://localhost")).routes, Route)
    assert len(found) == len(set(found))


def test_the_stable_addresses_are_there() -> None:
    found = paths(create_app(Settings(redis_url="redis://localhost")).routes)
    assert {
        "/",
        "/desk",
        "/embed/{feed}",
        "/feeds/{feed}",
        "/feeds/{feed}/feed.atom",
        "/feeds/{feed}/feed.json",
        "/feeds/{feed}/updates/{update}",
        "/healthz",
        "/metrics",
        "/readyz",
        "/static/{path:path}",
        "/v1/feeds/{feed}/changes",
        "/v1/feeds/{feed}/events",
        "/v1/feeds/{feed}/socket",
        "/v1/feeds/{feed}/updates",
        "/v1/openapi.json",
    } <= set(found)
