"""Pictures in a folder: whole under their name, or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livefeed.core.pictures import name_of
from livefeed.errors import MediaUnavailable
from livefeed.media.folder import Folder

pytestmark = pytest.mark.anyio

NAME = name_of(b"picture", "png")


async def test_what_is_put_is_there_until_it_is_deleted(tmp_path: Path) -> None:
    store = Folder(tmp_path / "a" / "media")
    assert await store.read(NAME) is None
    assert not await store.exists(NAME)
    for _ in range(2):
        await store.put(NAME, b"picture")
    assert await Folder(store.path).read(NAME) == b"picture"
    assert await store.exists(NAME)
    assert [path.name for path in store.path.iterdir()] == [NAME]
    for _ in range(2):
        await store.delete(NAME)
    assert list(store.path.iterdir()) == []


async def test_only_its_owner_may_look(tmp_path: Path) -> None:
    store = Folder(tmp_path / "media")
    await store.put(NAME, b"picture")
    assert store.path.stat().st_mode & 0o077 == 0
    assert (store.path / NAME).stat().st_mode & 0o077 == 0


async def test_checking_leaves_nothing(tmp_path: Path) -> None:
    store = Folder(tmp_path / "media")
    assert await store.check() == f"pictures in {store.path}"
    assert list(store.path.iterdir()) == []


async def test_what_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Folder(tmp_path / "file" / "media")
    for act in (store.put(NAME, b"1"), store.check(), store.read(NAME), store.delete(NAME)):
        with pytest.raises(MediaUnavailable, match=r"the folder .* cannot be used"):
            await act


async def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(MediaUnavailable, match="No space left"):
        await Folder(tmp_path).put(NAME, b"picture")
    assert list(tmp_path.iterdir()) == []
