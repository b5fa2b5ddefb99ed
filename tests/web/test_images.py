"""Uploading pictures and serving them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from livefeed.core.models import FeedCreate
from livefeed.core.pictures import PICTURE_ADDRESS
from tests.media.pictures import encoded, opened, photo
from tests.web.asserting import assert_problem, bearer
from tests.web.served import ORIGIN, Served, served

pytestmark = pytest.mark.anyio

JPEG = encoded(photo(300, 200))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(media_dir=tmp_path / "media", images_per_hour=5, image_bytes=65_536) as site:
        site.client.headers.update(bearer(await site.store.tokens.create("Ada", "contributor")))
        yield site


async def upload(site: Served, body: bytes = JPEG, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await site.client.post("/v1/images", content=body, headers={"Content-Type": "image/jpeg"} | named)


async def test_what_is_uploaded_is_served(site: Served, tmp_path: Path) -> None:
    answer = await upload(site)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert said.keys() == {"url", "width", "height", "bytes"}
    assert PICTURE_ADDRESS.fullmatch(said["url"])
    assert answer.headers["location"] == said["url"]
    picture = await site.client.get(said["url"])
    assert picture.status_code == 200
    assert len(picture.content) == said["bytes"] == int(picture.headers["content-length"])
    assert opened(picture.content).size == (300, 200) == (said["width"], said["height"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "public, max-age=31536000, s-maxage=60, immutable"
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert picture.headers["access-control-allow-origin"] == "*"
    assert picture.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (await site.client.head(said["url"])).status_code == 200
    again = {"If-None-Match": picture.headers["etag"]}
    assert (await site.client.get(said["url"], headers=again)).status_code == 304
    assert (await upload(site)).json() == said
    assert len(list((tmp_path / "media").iterdir())) == 1


async def test_the_content_says_what_it_is_and_not_the_header(site: Served) -> None:
    answer = await upload(site, encoded(Image.new("RGB", (9, 9)), "PNG"), Content_Type="text/html")
    assert answer.json()["url"].endswith(".png")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"PK\x03\x04", "image: this is a ZIP archive, not a picture: send JPEG, PNG or WebP."),
        (b"", "nothing was sent"),
        (JPEG[:2_000], "broken"),
    ],
)
async def test_what_is_no_picture_is_told_in_words(site: Served, body: bytes, words: str) -> None:
    assert words in assert_problem(await upload(site, body), 422, "invalid-input", "image")["detail"]


async def test_too_large_a_file_is_refused(site: Served) -> None:
    problem = assert_problem(await upload(site, JPEG + bytes(65_536)), 413, "too-large")
    assert problem["detail"] == "The body is larger than 64 KiB."


async def test_too_many_uploads_are_refused(site: Served) -> None:
    for _ in range(5):
        assert (await upload(site)).status_code == 201
    answer = await upload(site)
    assert_problem(answer, 429, "too-many-uploads")
    assert 0 < int(answer.headers["retry-after"]) <= 3_600


async def test_only_who_may_write_uploads(site: Served) -> None:
    del site.client.headers["authorization"]
    assert_problem(await upload(site), 401, "unauthenticated")


async def test_the_desk_s_session_uploads_from_our_own_page_only(site: Served) -> None:
    secret = site.client.headers.pop("authorization").removeprefix("Bearer ")
    await site.client.post("/v1/session", json={"token": secret}, headers={"Origin": ORIGIN})
    assert (await upload(site, Origin=ORIGIN)).status_code == 201
    assert_problem(await upload(site, Origin="https://other.example"), 403, "forbidden")
    assert_problem(await upload(site), 403, "forbidden")


@pytest.mark.parametrize(
    "name", ["a" * 32 + ".jpg", "x.jpg", "%2e%2e", "%2e%2e%2fredis.log", ".new-1", "a" * 32 + ".gif"]
)
async def test_what_is_not_there_is_404(site: Served, name: str) -> None:
    answer = await site.client.get(f"/media/{name}", headers={"Accept": "image/*"})
    assert_problem(answer, 404, "not-found")


async def test_a_place_that_cannot_be_used_is_told(site: Served, tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    problem = assert_problem(await upload(site), 503, "media-unavailable")
    assert str(tmp_path) not in problem["detail"]


async def publish(site: Served, **fields: Any) -> httpx.Response:
    secret = await site.store.tokens.create("Grace", "editor")
    await site.store.feeds.create(FeedCreate(slug="news"))
    draft = {"text": "Look", **fields}
    return await site.client.post("/v1/feeds/news/updates", json=draft, headers=bearer(secret))


async def test_an_update_shows_it_until_it_is_deleted(site: Served) -> None:
    said = (await upload(site)).json()
    del said["bytes"]
    answer = await publish(site, image=said | {"alt": "An owl"})
    assert answer.status_code == 201
    page = (await site.get("/feeds/news")).text
    assert f'<img src="{said["url"]}" alt="An owl" width="300" height="200"' in page
    await site.store.updates.delete("news", answer.json()["id"])
    await site.store.sweeper.close()
    assert (await site.get(said["url"])).status_code == 404


async def test_an_update_needs_words_for_it(site: Served) -> None:
    said = (await upload(site)).json()
    assert_problem(await publish(site, image={"url": said["url"]}), 422, "invalid-input", "image.alt")


async def test_an_update_cannot_show_what_is_not_there(site: Served) -> None:
    missing = {"url": f"/media/{'a' * 32}.jpg", "alt": "An owl"}
    problem = assert_problem(await publish(site, image=missing), 422, "invalid-input", "image")
    assert "add it once more" in problem["detail"]


@pytest.mark.parametrize("path", ["/", "/feeds/news", "/embed/news", "/desk"])
async def test_pages_may_show_pictures_of_ours(site: Served, path: str) -> None:
    await site.store.feeds.create(FeedCreate(slug="news"))
    answer = await site.client.get(path, follow_redirects=True)
    assert "img-src 'self' https:" in answer.headers["content-security-policy"]
