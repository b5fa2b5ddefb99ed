"""What all tests share; each folder's conftest adds its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.livefeed_process import Livefeed

ROOT = Path(__file__).resolve().parent.parent

# The same examples in every run, and no failure because a machine is slow.
settings.register_profile("livefeed", derandomize=True, deadline=None, database=None)
settings.load_profile("livefeed")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that `make test` found or installed; by hand, the one that is there."""
    if path := os.environ.get("LIVEFEED_TEST_CHROMIUM"):
        return path
    found = subprocess.run([ROOT / "scripts/browser", "--find"], capture_output=True, text=True, timeout=60)
    if found.returncode != 0:
        pytest.fail(found.stderr.strip())
    return found.stdout.strip()


@pytest.fixture(scope="module")
def livefeed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Livefeed]:
    """``livefeed serve``, for the commands that a module types."""
    running = Livefeed(tmp_path_factory.mktemp("cli"))
    try:
        running.start()
        yield running
    finally:
        running.clean_up()
