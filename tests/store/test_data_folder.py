from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.store.data_folder import DataFolder, in_words
from livefeed.store.redis_binary import RedisVersion

REDIS_6_2 = RedisVersion("redis", (6, 2), 14)
REDIS_7_0 = RedisVersion("redis", (7, 0), 0)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.fixture
def long_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    path = tmp_path / ("a" * 60) / ("b" * 60)
    path.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return DataFolder(path)


def test_in_words(tmp_path: Path) -> None:
    with pytest.raises(StartupError) as caught, in_words(tmp_path):
        raise PermissionError(13, "Permission denied")
    assert str(caught.value) == (
        f"The data folder {tmp_path} cannot be used (Permission denied): "
        "make it a folder that this user may write to, or choose another with --data-dir."
    )


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    os.close(DataFolder(tmp_path / "new" / "data").take())
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700


def test_one_holder_at_a_time(folder: DataFolder) -> None:
    lock = folder.take()
    with pytest.raises(StartupError, match=rf"^Another livefeed \(process {os.getpid()}\) already serves"):
        folder.take()
    os.close(lock)
    os.close(folder.take())


def test_the_servers_lock(folder: DataFolder) -> None:
    assert not folder.has_server()
    with folder.server_lock():
        assert folder.has_server()
        with pytest.raises(StartupError, match="A redis-server already works in"), folder.server_lock():
            pass
    assert not folder.has_server()


def test_who_wrote_the_data(folder: DataFolder) -> None:
    assert folder.writer() is None
    folder.note_writer(REDIS_6_2)
    folder.note_writer(REDIS_6_2)
    assert folder.writer() == REDIS_6_2
    assert (folder.path / "redis.version").read_text() == "redis 6.2.14\n"


@pytest.mark.parametrize("marked", [None, REDIS_6_2])
def test_the_files_know_better_than_the_marker(folder: DataFolder, marked: RedisVersion | None) -> None:
    if marked is not None:
        folder.note_writer(marked)
    (folder.path / "appendonlydir").mkdir()
    assert folder.writer() == REDIS_7_0


def test_a_marker_that_says_nothing(folder: DataFolder) -> None:
    (folder.path / "redis.version").write_bytes(b"\xff")
    with pytest.raises(StartupError, match=r"redis\.version does not name the server that wrote the data"):
        folder.writer()


def test_a_dump_matters_only_alone(folder: DataFolder) -> None:
    (folder.path / "dump.rdb").touch()
    with pytest.raises(StartupError, match=r"has a dump\.rdb but no append-only file"):
        folder.writer()
    (folder.path / "appendonly.aof").touch()
    assert folder.writer() is None


def test_cleaning(folder: DataFolder) -> None:
    assert folder.server_pid() is None
    folder.pidfile.write_text("71\n")
    assert folder.server_pid() == 71
    for name in ("temp-rewriteaof-bg-71.aof", "temp-rewriteaof-71.aof", "appendonly.aof"):
        (folder.path / name).touch()
    folder.clean()
    assert [path.name for path in folder.path.iterdir()] == ["appendonly.aof"]


def test_a_short_socket_stays(folder: DataFolder) -> None:
    assert folder.find_socket() == folder.place_socket() == folder.path / "redis.sock"


def test_a_long_socket_moves_and_is_remembered(long_folder: DataFolder, tmp_path: Path) -> None:
    assert long_folder.find_socket() is None
    socket = long_folder.place_socket()
    assert socket.parent.parent == tmp_path
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert long_folder.place_socket() == long_folder.find_socket() == socket
    long_folder.remove_socket(socket)
    assert long_folder.find_socket() is None
    assert not socket.parent.exists()


def test_a_socket_in_a_folder_open_to_others_is_not_trusted(long_folder: DataFolder) -> None:
    socket = long_folder.place_socket()
    socket.parent.chmod(0o755)
    assert long_folder.find_socket() is None
    assert long_folder.place_socket() != socket


def test_no_place_is_short_enough(
    long_folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(long_folder.path))
    with pytest.raises(
        StartupError, match="are both too long for a socket: choose a shorter --data-dir or set TMPDIR"
    ):
        long_folder.place_socket()
    assert list(long_folder.path.iterdir()) == []


def test_the_url_survives_odd_characters() -> None:
    assert DataFolder.url(Path("/a b/100%?#é")) == "unix:///a%20b/100%25%3F%23%C3%A9"
