from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from livefeed.errors import StartupError
from livefeed.store.embedded import EmbeddedRedis
from livefeed.store.redis_binary import RedisVersion
from livefeed.store.redis_probe import _version_in, ask, describe


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    server = EmbeddedRedis(tmp_path)
    server.start()
    yield tmp_path / "redis.sock"
    server.stop()


def test_nobody_is_there(tmp_path: Path) -> None:
    assert ask(tmp_path / "redis.sock") == "silent"
    with pytest.raises(StartupError, match=r"redis.sock broke off \(.*\): start"):
        describe(tmp_path / "redis.sock")


def test_a_server(socket: Path) -> None:
    assert ask(socket) == "ready"
    facts = describe(socket)
    assert facts.pid == int((socket.parent / "redis.pid").read_text())
    assert str(facts.version) == (socket.parent / "redis.version").read_text().strip()
    assert facts.settings["appendfsync"] == "always"
    assert facts.empty
    with redis.Redis(unix_socket_path=str(socket)) as client:
        client.set("key", 1)
    assert not describe(socket).empty


def test_a_server_that_is_busy_with_a_script(socket: Path) -> None:
    def run_for_ever() -> None:
        with redis.Redis(unix_socket_path=str(socket)) as client, pytest.raises(redis.ResponseError):
            client.eval("while true do end", 0)

    with redis.Redis(unix_socket_path=str(socket)) as client:
        client.config_set("lua-time-limit", 50)
        thread = threading.Thread(target=run_for_ever)
        thread.start()
        while True:  # it is refused with "no scripts in execution right now" until one runs
            try:
                client.ping()
            except redis.ResponseError:
                break
        assert ask(socket) == "ready"
        client.script_kill()
        thread.join()


@pytest.mark.parametrize(
    ("info", "version"),
    [
        ({"redis_version": "7.0.15"}, RedisVersion("redis", (7, 0), 15)),
        ({"redis_version": "7.2.4", "valkey_version": "8.1.0"}, RedisVersion("valkey", (8, 1))),
    ],
)
def test_version_in(info: dict[str, str], version: RedisVersion) -> None:
    assert _version_in(info) == version
