"""Pictures in a bucket of a real S3-compatible server, over a real socket."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Iterator

import pytest

from livefeed.core.pictures import name_of
from livefeed.errors import MediaUnavailable, StartupError
from livefeed.media.storing import MediaStore, open_media
from livefeed.settings import Settings
from tests.media.weed import KEY, SECRET, Weed

pytestmark = pytest.mark.anyio

START_S = 60.0
BODY = b"picture" * 1_000
NAME = name_of(BODY, "webp")


def bucket(url: str, key: str = KEY, secret: str = SECRET) -> MediaStore:
    return open_media(
        Settings.model_validate({"media_url": url, "media_key_id": key, "media_secret": secret})
    )


@pytest.fixture(scope="module")
def weed() -> Iterator[Weed]:
    with Weed() as weed:
        asyncio.run(_wait_for(bucket(weed.url())))
        yield weed


async def _wait_for(store: MediaStore) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            await store.check()
            return
        except MediaUnavailable:
            assert time.monotonic() < deadline, "SeaweedFS does not come up"
            await asyncio.sleep(0.2)


async def test_what_is_put_is_there_until_it_is_deleted(weed: Weed) -> None:
    store = bucket(weed.url())
    assert not await store.exists(NAME)
    assert await store.read(NAME) is None
    for _ in range(2):
        await store.put(NAME, BODY)
    assert await store.exists(NAME)
    assert await bucket(weed.url()).read(NAME) == BODY
    assert await bucket(weed.url(folder="elsewhere")).read(NAME) is None
    for _ in range(2):
        await store.delete(NAME)
    assert not await store.exists(NAME)
    assert await store.check() == "pictures in the bucket pictures"


@pytest.mark.parametrize(("key", "secret"), [(KEY, "wrong-secret"), ("wrong-key", SECRET)])
async def test_wrong_keys_are_told_without_the_secret(weed: Weed, key: str, secret: str) -> None:
    store = bucket(weed.url(), key, secret)
    with pytest.raises(MediaUnavailable, match="the bucket pictures cannot be used") as caught:
        await store.put(NAME, BODY)
    assert secret not in str(caught.value)
    assert "\n" not in str(caught.value)
    for act in (store.read(NAME), store.exists(NAME), store.delete(NAME), store.check()):
        with pytest.raises(MediaUnavailable):
            await act


async def test_a_server_that_is_away_is_told_in_time() -> None:
    store = bucket("s3://pictures?endpoint=http://127.0.0.1:9")
    begun = time.monotonic()
    with pytest.raises(MediaUnavailable, match="the bucket pictures cannot be used"):
        await store.read(NAME)
    assert time.monotonic() - begun < 20


def test_nobody_reads_it_without_a_key(weed: Weed) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{weed.port}/pictures/live/{NAME}", timeout=10)


def test_an_option_that_there_is_not_is_named() -> None:
    with pytest.raises(StartupError, match="there is no option “secret”"):
        bucket("s3://pictures?secret=x")
