from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from livefeed.app import create_app
from livefeed.settings import Settings
from livefeed.web.site import Site, site_of


def request_of(app: Starlette) -> Request:
    return Request({"type": "http", "app": app, "headers": []})


def test_endpoints_reach_what_the_application_was_made_with() -> None:
    settings = Settings(redis_url="redis://localhost")
    site = site_of(request_of(create_app(settings)))
    assert isinstance(site, Site)
    assert site.settings is settings


def test_another_application_has_no_site() -> None:
    with pytest.raises(AttributeError):
        site_of(request_of(Starlette()))
