"""What the code offers stands in docs/, and nothing stands there that the code does not have."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from starlette.routing import Route, WebSocketRoute

from livefeed.app import create_app
from livefeed.fanout import closes
from livefeed.settings import Settings
from livefeed.web.openapi import description

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
TOO_LARGE = 1009  # closed so by the WebSocket library itself
OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_code_s() -> None:
    command = [sys.executable, str(ROOT / "scripts/settings-table")]
    table = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert table in OPERATING, "renew it: .venv/bin/python scripts/settings-table --write"


def test_each_setting_has_one_row() -> None:
    rows = re.findall(r"^\| `(LIVEFEED_\w+)` \|", OPERATING, re.MULTILINE)
    assert rows == [f"LIVEFEED_{name.upper()}" for name in Settings.model_fields]


def test_no_page_names_a_setting_that_is_not_there() -> None:
    known = {f"LIVEFEED_{name.upper()}" for name in Settings.model_fields}
    not_settings = {"LIVEFEED_TEST_CHROMIUM"}  # for the tests alone: CONTRIBUTING.md
    for page in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "docker-compose.yml",
        ROOT / "Dockerfile",
    ]:
        named = set(re.findall(r"\bLIVEFEED_[A-Z0-9_]*[A-Z0-9]", page.read_text(encoding="utf-8")))
        assert named <= known | not_settings, page.name


def test_each_close_code_is_documented_with_a_sentence() -> None:
    table = (DOCS / "protocol.md").read_text()
    codes = {value.code for value in vars(closes).values() if isinstance(value, closes.Close)}
    documented = {int(code) for code in re.findall(r"^\| (\d{4}) \| .+\. \|$", table, re.MULTILINE)}
    assert codes | {TOO_LARGE} == documented


def test_each_route_is_documented() -> None:
    """In OpenAPI (which is made from the same table), or in words."""
    words = "".join(path.read_text() for path in [*DOCS.glob("*.md"), ROOT / "README.md"])
    described = description()["paths"]
    routes = create_app(Settings(redis_url="redis://localhost")).routes
    paths = {route.path for route in routes if isinstance(route, Route | WebSocketRoute)} - {"/"}
    missing = {path for path in paths if path not in described and _address(path) not in words}
    assert missing == set()


def _address(path: str) -> str:
    """A path as it stands in the documentation."""
    return path.replace("/static/{path:path}", "/static/embed.js").replace("{update}", "{id}")
