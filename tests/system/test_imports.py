"""Files are imported while a WebSocket, an SSE, a polling client and a Chromium page watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import orjson
import pytest
from playwright.async_api import Page, async_playwright

from tests.clients import TRANSPORTS, Client, fresh_page
from tests.e2e.conftest import ARGUMENTS
from tests.live import FEED, Serving, serving
from tests.livefeed_process import run_command
from tests.real_data import REAL_FEEDS
from tests.redis_servers import RedisServer, newest_binary

pytestmark = pytest.mark.anyio

TESTS = Path(__file__).resolve().parent.parent
OWN = [
    TESTS / "wires/samples" / name
    for name in ("updates.ndjson", "windows-1251.rss.xml", "xhtml.atom.xml", "feed.json")
]


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@asynccontextmanager
async def chromium(path: str, address: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            page = await browser.new_page()
            await page.goto(address)
            await page.get_by_role("status").filter(has_text="Live").wait_for()
            yield page
        finally:
            await browser.close()


async def shown(page: Page) -> list[list[str]]:
    """Id and revision of each update on the page, from the top; pinned copies apart."""
    got: list[list[str]] = await page.eval_on_selector_all(
        "article[id^='update-']", "nodes => nodes.map(n => [n.id.slice(7), n.dataset.rev])"
    )
    return got


async def import_all(live: Serving, url: str) -> list[str]:
    said = []
    for file in OWN + REAL_FEEDS:
        done = await asyncio.to_thread(run_command, "import", FEED, file, "--redis-url", url)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    await live.caught_up()
    return said


async def all_the_same(live: Serving, clients: list[Client], page: Page) -> None:
    """Each client holds byte for byte what a fresh load gives; the page shows the same."""
    fresh = await fresh_page(live.base, FEED, None)
    head = (await live.store.log(FEED).attach()).reigns.position
    for client in clients:
        await client.comes_to(head)
        assert orjson.dumps(client.reader.page()) == orjson.dumps(fresh), client
        assert (client.gaps, client.duplicates, client.reconnects) == (0, 0, 0), client
    wanted = [[update["id"], str(update["rev"])] for update in fresh["updates"]]
    for _ in range(200):
        if (got := await shown(page)) == wanted:
            return
        await asyncio.sleep(0.02)
    assert got == wanted


async def test_four_watchers_end_with_the_same_updates(redis_server: RedisServer, chromium_path: str) -> None:
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(serving(redis_server.url))
        await live.open_feed(title="Imports")
        clients = [await stack.enter_async_context(kind(live.base, FEED)) for kind in TRANSPORTS.values()]
        for client in clients:
            await client.comes_to((await live.store.log(FEED).attach()).reigns.position)
        page = await stack.enter_async_context(chromium(chromium_path, f"{live.base}/feeds/{FEED}"))

        first = await import_all(live, redis_server.url)
        assert not any(said.startswith("0 published") for said in first), first
        await all_the_same(live, clients, page)

        head = (await live.store.log(FEED).attach()).reigns.head
        again = await import_all(live, redis_server.url)
        assert all(said.startswith("0 published, 0 edited") for said in again), again
        assert (await live.store.log(FEED).attach()).reigns.head == head
        await all_the_same(live, clients, page)
