from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from livefeed.web import static
from livefeed.web.problems import exception_handlers
from livefeed.web.site import Site
from livefeed.web.static_tree import StaticTree
from tests.plain_http import plain_http
from tests.web.test_static_tree import make_tree

FOREVER = "public, max-age=31536000, immutable"
OLD = "0123456789ab"


@pytest.fixture
def tree(tmp_path: Path) -> StaticTree:
    return make_tree(tmp_path)


@pytest.fixture
async def client(tree: StaticTree) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=static.routes, exception_handlers=exception_handlers)
    # Neither settings nor store nor hub are asked for a file.
    app.state.site = Site(None, None, None, tree, None, None)  # type: ignore[arg-type]
    async with plain_http(
        "http://x", transport=httpx.ASGITransport(app), headers={"Accept-Encoding": "identity"}
    ) as client:
        yield client


async def test_files_under_the_hash_are_for_ever(client: httpx.AsyncClient, tree: StaticTree) -> None:
    answer = await client.get(f"{tree.prefix}/ticker/page.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOREVER
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_an_unknown_hash_gets_the_current_file(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/static/{OLD}/ticker/ticker.css")
    assert answer.text == "p { color: red }"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


async def test_what_other_sites_name_has_stable_addresses() -> None:
    tree = StaticTree()
    for name in ("embed.js", "embed-frame.js"):
        found = tree.find(name)
        assert found is not None
        assert found[1] == "public, max-age=300"
    assert tree.find("ticker/define.js") is None


async def test_the_loader_has_a_stable_address_and_names_the_build(
    client: httpx.AsyncClient, tree: StaticTree
) -> None:
    for path, cache in ((f"{tree.prefix}/embed.js", FOREVER), ("/static/embed.js", "public, max-age=300")):
        answer = await client.get(path)
        assert answer.text == f"import('/static/{tree.hash}/ticker/define.js');"
        assert answer.headers["cache-control"] == cache


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "ticker/page.js",
        "PREFIX/nothing.js",
        "PREFIX/../pyproject.toml",
        "PREFIX/%2e%2e/%2e%2e/pyproject.toml",
        "PREFIX/..%2fsettings.py",
        "PREFIX//etc/passwd",
        "PREFIX/ticker/",
        "PREFIX/.hidden",
        "",
        f"{OLD}/embed.js/",
    ],
)
async def test_only_known_names_are_served(client: httpx.AsyncClient, tree: StaticTree, path: str) -> None:
    answer = await client.get("/static/" + path.replace("PREFIX", tree.hash))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("*", True),
        ("gzip;q=0, *", False),
        ("gzip; q=0", False),
        ("*;q=0", False),
        ("br", False),
        ("identity", False),
    ],
)
async def test_gzip_where_it_is_accepted(
    client: httpx.AsyncClient, tree: StaticTree, accepted: str, packed: bool
) -> None:
    answer = await client.get(f"{tree.prefix}/ticker/page.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
    assert answer.headers["etag"].endswith('-gz"') == packed
    assert answer.text.startswith("const a")


async def test_what_is_packed_already_or_grows_is_sent_as_it_is(
    client: httpx.AsyncClient, tree: StaticTree
) -> None:
    for name in ("ticker/dot.png", "ticker/ticker.css"):
        answer = await client.get(f"{tree.prefix}/{name}", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers
        assert "vary" not in answer.headers


async def test_head_says_the_same_without_the_body(client: httpx.AsyncClient, tree: StaticTree) -> None:
    for encoding in ("identity", "gzip"):
        path, headers = f"{tree.prefix}/ticker/page.js", {"Accept-Encoding": encoding}
        head, get = await client.head(path, headers=headers), await client.get(path, headers=headers)
        assert head.headers == get.headers
        assert head.content == b""


async def test_etags(client: httpx.AsyncClient, tree: StaticTree) -> None:
    path = f"{tree.prefix}/ticker/page.js"
    for encoding in ("identity", "gzip"):
        etag = (await client.get(path, headers={"Accept-Encoding": encoding})).headers["etag"]
        for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": given})
            assert answer.status_code == 304
            assert answer.content == b""
            assert answer.headers["etag"] == etag
            assert answer.headers["cache-control"] == FOREVER
            assert answer.headers["access-control-allow-origin"] == "*"
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_other_methods_are_refused(client: httpx.AsyncClient, tree: StaticTree) -> None:
    assert (await client.post(f"{tree.prefix}/ticker/page.js")).status_code == 405
