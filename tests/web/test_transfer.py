from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette

from livefeed.core.models import UpdateCreate
from livefeed.core.paging import PageQuery
from livefeed.store.store import Store
from livefeed.web import transfer
from livefeed.web.site import MAX_IMPORTS
from livefeed.wires.fetching import MAX_BYTES
from tests.web.asserting import assert_problem
from tests.web.conftest import BASE, Desk

IMPORT = "/v1/feeds/news/import"
SAMPLES = Path(__file__).parent.parent / "wires/samples"
LINES = (
    b'{"id":"a","text":"One","time":"2026-11-22T08:00:00Z"}\n{"id":"b","title":"Two","text":"2"}\nrubbish\n'
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(LINES)))
        self.end_headers()
        self.wfile.write(LINES)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/feed"
        server.shutdown()
        thread.join()


async def sent(
    client: httpx.AsyncClient, desk: Desk, data: bytes, query: str = "", kind: str = "application/x-ndjson"
) -> httpx.Response:
    return await client.post(
        IMPORT + query, content=data, headers={**desk.headers, "Content-Type": kind}, timeout=60
    )


async def position(store: Store) -> str:
    return str((await store.updates.page("news", PageQuery(limit=1))).position)


async def test_a_preview_and_then_the_import(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    before = await position(store)
    preview = (await sent(client, editor, LINES, "?preview=1")).json()
    assert await position(store) == before
    assert preview == {
        "preview": True,
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "refused": preview["refused"],
        "updates": [
            {"kind": "added", "id": None, "headline": "One", "time": "2026-11-22T08:00:00Z"},
            {"kind": "added", "id": None, "headline": "Two", "time": preview["updates"][1]["time"]},
        ],
    }
    ((entry, why),) = [(each["entry"], each["why"]) for each in preview["refused"]]
    assert entry == "line 3"
    assert "no JSON" in why

    done = await sent(client, editor, LINES)
    assert done.headers["cache-control"] == "no-store"
    report = done.json()
    assert [report[name] for name in ("preview", "added", "refused")] == [False, 2, preview["refused"]]
    ids = [update["id"] for update in report["updates"]]
    assert (await client.get(f"/v1/feeds/news/updates/{ids[0]}")).json()["text"] == "One"

    await store.updates.delete("news", ids[1])
    changed = LINES.replace(b'"One"', b'"Uno"')
    for query in ("?preview=1", ""):
        again = (await sent(client, editor, changed, query)).json()
        assert [again[name] for name in ("added", "changed", "unchanged")] == [0, 1, 0]
        assert again["updates"][0] | {"time": ""} == {
            "kind": "changed",
            "id": ids[0],
            "headline": "Uno",
            "time": "",
        }
        assert again["refused"][1] == {"entry": "b", "why": "it was deleted here, and stays so"}
    assert (await sent(client, editor, changed)).json()["unchanged"] == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("windows-1251.rss.xml", "text/xml"),
        ("xhtml.atom.xml", "application/octet-stream"),
        ("feed.json", "application/json"),
        ("updates.ndjson", "application/json"),
        ("updates.ndjson", ""),
    ],
)
async def test_what_a_file_is_its_content_tells(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk, name: str, kind: str
) -> None:
    response = await sent(client, editor, (SAMPLES / name).read_bytes(), kind=kind)
    assert response.json()["added"] > 0, response.text


@pytest.mark.parametrize(
    "data", [b"", b"neither", b"<html><body>A page</body></html>", b"\x89PNG\r\n", b"PK\x03\x04"]
)
async def test_what_is_no_wire(client: httpx.AsyncClient, news: str, editor: Desk, data: bytes) -> None:
    assert_problem(await sent(client, editor, data), 422, "invalid-input", "file")


async def test_too_large(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    response = await sent(client, editor, b"x" * (MAX_BYTES + 1))
    assert "10 MiB" in assert_problem(response, 413, "too-large")["detail"]


async def by_address(client: httpx.AsyncClient, desk: Desk, body: object) -> httpx.Response:
    return await client.post(IMPORT, json=body, headers=desk.headers, timeout=60)


async def test_an_address_in_here_is_not_fetched(
    client: httpx.AsyncClient, news: str, editor: Desk, site: str
) -> None:
    for address in (site, site.replace("127.0.0.1", "localhost"), "http://169.254.169.254/latest/meta-data/"):
        problem = assert_problem(
            await by_address(client, editor, {"url": address}), 422, "invalid-input", "url"
        )
        assert "LIVEFEED_IMPORT_PRIVATE" in problem["detail"]


async def test_unless_the_operator_allows_it(
    client: httpx.AsyncClient, app: Starlette, news: str, editor: Desk, site: str
) -> None:
    object.__setattr__(
        app.state.site, "settings", app.state.site.settings.model_copy(update={"import_private": True})
    )
    assert (await by_address(client, editor, {"url": site})).json()["added"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": 1}, "url"),
        ({}, "url"),
        ({"url": "x" * 2_001}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://example.org/", "feed": "news"}, "feed"),
    ],
)
async def test_no_address(
    client: httpx.AsyncClient, news: str, editor: Desk, body: dict[str, Any], field: str
) -> None:
    assert_problem(await by_address(client, editor, body), 422, "invalid-input", field)


async def test_a_closed_feed_is_not_changed_by_half(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    await store.updates.publish("news", UpdateCreate(source="a", text="Before"))
    await store.feeds.patch("news", {"status": "closed"})
    before = await position(store)
    for query in ("?preview=1", ""):
        assert_problem(await sent(client, editor, LINES, query), 409, "feed-closed")
    assert await position(store) == before


async def test_who_may(
    client: httpx.AsyncClient, store: Store, news: str, contributor: Desk, sports_editor: Desk, editor: Desk
) -> None:
    for desk in (contributor, sports_editor):
        assert_problem(await sent(client, desk, LINES), 403, "forbidden")
        for path in ("export", "story"):
            response = await client.get(f"/v1/feeds/news/{path}", headers=desk.headers)
            assert_problem(response, 403, "forbidden")
    cookie = {"Cookie": f"livefeed_session={await store.sessions.open(editor.secret)}"}
    evil = cookie | {"Origin": "https://evil.example"}
    assert_problem(await client.post(IMPORT, content=LINES, headers=evil), 403, "forbidden")
    ours = await client.post(IMPORT, content=LINES, headers=cookie | {"Origin": BASE}, timeout=60)
    assert ours.status_code == 200


async def test_few_at_a_time(
    client: httpx.AsyncClient, app: Starlette, news: str, editor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "_PLACE_S", 0.05)
    places = app.state.site.imports
    for _ in range(MAX_IMPORTS):
        await places.acquire()
    assert_problem(await sent(client, editor, LINES), 409, "conflict")
    places.release()
    assert (await sent(client, editor, LINES)).status_code == 200
    assert (await sent(client, editor, b"rubbish")).status_code == 422  # it gives its place back
    assert (await sent(client, editor, LINES)).status_code == 200


async def test_two_at_once_import_it_once(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    reports = await asyncio.gather(*(sent(client, editor, LINES) for _ in range(2)))
    assert sum(report.json()["added"] for report in reports) == 2
    assert len((await client.get("/v1/feeds/news/updates")).json()["updates"]) == 2


async def test_what_is_exported_is_imported_the_same(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    for at in range(130):
        await store.updates.publish("news", UpdateCreate(text=f"Number {at}", key=at % 2 == 0))
    exported = await client.get("/v1/feeds/news/export", headers=editor.headers)
    assert exported.headers["content-type"] == "application/x-ndjson"
    assert exported.headers["content-disposition"] == 'attachment; filename="news.ndjson"'
    assert exported.headers["cache-control"] == "no-store"
    lines = [orjson.loads(line) for line in exported.content.splitlines()]
    assert [line["text"] for line in lines] == [f"Number {at}" for at in range(130)]
    report = (await sent(client, editor, exported.content)).json()
    assert (report["unchanged"], report["added"], report["changed"]) == (130, 0, 0)
    nowhere = await client.get("/v1/feeds/nowhere/export", headers=editor.headers)
    assert_problem(nowhere, 404, "feed-not-found")
