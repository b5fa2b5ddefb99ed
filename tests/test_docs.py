"""What the code offers stands in docs/, and nothing stands there that the code does not have."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from livefeed.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
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
