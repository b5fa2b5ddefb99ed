"""HTTP as tests on this machine need it."""

from __future__ import annotations

from typing import Any

import httpx

__all__ = ["plain_http"]


def plain_http(base: str = "", **options: Any) -> httpx.AsyncClient:
    """A client that knows no proxy and no certificate authority: to load those takes 25 ms each time."""
    return httpx.AsyncClient(base_url=base, trust_env=False, verify=False, **options)
