"""What every endpoint can reach: made once by ``create_app``, kept in ``app.state.site``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from livefeed.fanout.admission import Admission
from livefeed.fanout.hub import Hub
from livefeed.media.encoder import Encoder
from livefeed.settings import Settings
from livefeed.store.store import Store
from livefeed.web.static_tree import StaticTree
from livefeed.web.templating import Templates

__all__ = ["MAX_IMPORTS", "Site", "site_of"]


MAX_IMPORTS = 2
"""So many imports at a time in one process."""


@dataclass(frozen=True, slots=True)
class Site:
    settings: Settings
    store: Store
    hub: Hub
    static: StaticTree
    admission: Admission
    templates: Templates
    imports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_IMPORTS))
    encoder: Encoder = field(default_factory=Encoder)


def site_of(connection: HTTPConnection) -> Site:
    site = connection.app.state.site
    assert isinstance(site, Site)
    return site
