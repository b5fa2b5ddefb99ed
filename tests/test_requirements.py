"""The locks in requirements/ fit pyproject.toml and name no registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
GROUPS = PROJECT["dependency-groups"]
TEST = [Requirement(line) for line in GROUPS["test"]]
DEV = [Requirement(line) for line in GROUPS["dev"] if isinstance(line, str)]
BUILD = [Requirement(line) for line in PROJECT["build-system"]["requires"]]


def text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")


def pinned(lock: str) -> dict[str, Version]:
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", text(lock), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in pins}


@pytest.mark.parametrize("lock", ["run", "dev", "build", "lowest"])
def test_each_lock_has_hashes_and_no_addresses(lock: str) -> None:
    assert "://" not in text(lock)
    assert "index" not in text(lock)
    entries = re.split(r"\n(?=[a-z])", text(lock).partition("\n")[2])
    assert [e.partition(" ")[0] for e in entries if "--hash=sha256:" not in e] == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [("run", RUN), ("dev", RUN + TEST + DEV), ("build", BUILD), ("lowest", RUN + TEST)],
    ids=["run", "dev", "build", "lowest"],
)
def test_each_lock_has_what_pyproject_asks_for(lock: str, wanted: list[Requirement]) -> None:
    pins = pinned(lock)
    unfit = [
        str(w) for w in wanted if (v := pins.get(canonicalize_name(w.name))) is None or v not in w.specifier
    ]
    assert unfit == [], "run `make lock`"


def test_the_developers_run_the_versions_that_users_get() -> None:
    run, dev = pinned("run"), pinned("dev")
    assert run.items() <= dev.items()


@pytest.mark.parametrize("wanted", RUN + TEST, ids=lambda wanted: wanted.name)
def test_lower_bounds_are_the_versions_that_are_tried(wanted: Requirement) -> None:
    (bound,) = wanted.specifier
    assert bound.operator == ">="
    assert pinned("lowest")[canonicalize_name(wanted.name)] == Version(bound.version)
