"""The shape of a problem, checked in one place."""

from __future__ import annotations

from typing import Any

import httpx

from livefeed.web.problems import PROBLEM_NAMES

__all__ = ["assert_problem", "bearer"]


def assert_problem(response: httpx.Response, status: int, name: str, *fields: str) -> dict[str, Any]:
    """That this is the problem ``name``, naming exactly ``fields``; returns its members."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"/problems/{name}"
    assert name in PROBLEM_NAMES
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"].endswith((".", "?", "!"))
    assert [error["field"] for error in problem.get("errors", [])] == list(fields), problem
    assert all(error["message"] for error in problem.get("errors", []))
    if status == 401:
        assert response.headers["www-authenticate"] == "Bearer"
    if status == 503:
        assert int(response.headers["retry-after"]) > 0
    return problem


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}
