"""Which place the settings name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.media.bucket import Bucket
from livefeed.media.folder import Folder
from livefeed.media.storing import open_media
from livefeed.settings import Settings


def test_without_any_it_is_a_folder_of_the_data_directory(tmp_path: Path) -> None:
    store = open_media(Settings(data_dir=tmp_path))
    assert isinstance(store, Folder)
    assert store.path == tmp_path / "media"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_its_own(tmp_path: Path) -> None:
    store = open_media(Settings(media_dir=tmp_path))
    assert isinstance(store, Folder)
    assert store.path == tmp_path


def test_a_bucket() -> None:
    assert isinstance(open_media(Settings(media_url="s3://pictures")), Bucket)


def test_a_bucket_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    monkeypatch.delitem(sys.modules, "livefeed.media.bucket", raising=False)
    with pytest.raises(StartupError, match=r"pip install 'livefeed\[s3\]'"):
        open_media(Settings(media_url="s3://pictures"))
