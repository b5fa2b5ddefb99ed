"""A cache before livefeed: how long it shows what was deleted, and what it takes off livefeed."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.peers.proxies import CACHE, CACHE_STATUS
from tests.peers.report import Report

__all__ = ["verify_cache"]

FEED = "cached"
STATED_S = 2.0
ALLOWED_S = 0.5
"""For a machine that is busy."""
ROUNDS = 4
AFTER_S = STATED_S + 1.5
EVERY_S = 0.04
READERS, READ_S = 10, 5.0
POLLERS = 30
# nginx lets who waits for another's request look every half second whether it is answered.
POLLED_S = 1.5

LD = re.compile(r'id="livefeed-ld">(.*?)</script', re.DOTALL)


@dataclass
class Address:
    """Something that tells of updates: ``path`` for an id and the position before it was published."""

    name: str
    path: str
    part: Callable[[str], str] = str
    """Of an answer, the part that is meant."""
    by_id: bool = False
    """Whether it names an update by its id, and never by its text."""
    last_s: float = 0.0
    fetched: asyncio.Event = field(default_factory=asyncio.Event)
    """The cache has just asked livefeed for it."""
    statuses: Counter[str] = field(default_factory=Counter)

    def shows(self, answer: httpx.Response, update: dict[str, Any], word: str) -> bool:
        return (update["id"] if self.by_id else word) in self.part(answer.text)


ADDRESSES = (
    Address("ticker", "/feeds/{feed}"),
    Address("JSON-LD of the ticker", "/feeds/{feed}", part=lambda text: "".join(LD.findall(text))),
    Address("ticker, key events", "/feeds/{feed}?key=1"),
    Address("ticker, by tag", "/feeds/{feed}?tag=owls"),
    Address("update", "/feeds/{feed}/updates/{id}"),
    Address("feed.json", "/feeds/{feed}/feed.json"),
    Address("feed.atom", "/feeds/{feed}/feed.atom"),
    Address("feed.atom, by tag", "/feeds/{feed}/feed.atom?tag=owls"),
    Address("API, page", "/v1/feeds/{feed}/updates"),
    Address("API, update", "/v1/feeds/{feed}/updates/{id}"),
    Address("poll, snapshot", "/v1/feeds/{feed}/changes?wait=0"),
    Address("poll, changes", "/v1/feeds/{feed}/changes?wait=0&after={after}"),
    Address("frame", "/embed/{feed}"),
    Address("fragment", "/embed/{feed}.html"),
    Address("sitemap", "/feeds/{feed}/sitemap.xml", by_id=True),
)


async def verify_cache(url: str, editor: httpx.AsyncClient, report: Report) -> None:
    """Check the cache at ``url``; ``editor`` writes, past it."""
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=40, limits=limits) as http:
        (await editor.post("/v1/feeds", json={"slug": FEED})).raise_for_status()
        for number in range(ROUNDS):
            await _delete_and_watch(http, editor, f"strix{number}")
        for address in ADDRESSES:
            late = address.last_s > STATED_S + ALLOWED_S
            told = f"last shown {address.last_s:.2f} s after the deletion"
            report.say(CACHE, address.name, told if late else "", f"{told}; {_ratio(address.statuses)}")
        await _verify_ratio(http, editor, report)
        await _verify_polls(http, editor, report)
        await _verify_draft(http, editor, report)


async def _delete_and_watch(http: httpx.AsyncClient, editor: httpx.AsyncClient, word: str) -> None:
    """Publish, have the cache show it everywhere, delete, and see when it shows it last."""
    after = (await editor.get(f"/v1/feeds/{FEED}/updates")).json()["position"]
    update = await _publish(
        editor, FEED, f"About {word}", title=f"The {word}", key=True, pinned=True, tags=["owls"]
    )
    place = {"feed": FEED, "id": update["id"], "after": after}
    deleted: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    everywhere = [asyncio.Event() for _ in ADDRESSES]
    watching = [
        asyncio.create_task(_watch(http, address, address.path.format(**place), update, word, shown, deleted))
        for address, shown in zip(ADDRESSES, everywhere, strict=True)
    ]
    await asyncio.wait_for(asyncio.gather(*(shown.wait() for shown in everywhere)), 10 * STATED_S)
    # The worst moment is when the cache has just asked anew, which it does for all of them about then.
    ADDRESSES[0].fetched.clear()
    await asyncio.wait_for(ADDRESSES[0].fetched.wait(), 10 * STATED_S)
    (await editor.delete(f"/v1/feeds/{FEED}/updates/{update['id']}")).raise_for_status()
    deleted.set_result(time.monotonic())
    await asyncio.gather(*watching)


async def _watch(
    http: httpx.AsyncClient,
    address: Address,
    path: str,
    update: dict[str, Any],
    word: str,
    shown: asyncio.Event,
    deleted: asyncio.Future[float],
) -> None:
    while not deleted.done() or time.monotonic() < deleted.result() + AFTER_S:
        asked = time.monotonic()
        answer = await http.get(path)
        if answer.status_code == 200:  # 410 is kept by nobody
            address.statuses[answer.headers[CACHE_STATUS]] += 1
        if answer.headers[CACHE_STATUS] != "HIT":
            address.fetched.set()
        if address.shows(answer, update, word):
            shown.set()
            if deleted.done():
                address.last_s = max(address.last_s, asked - deleted.result())
        await asyncio.sleep(EVERY_S)


async def _verify_ratio(http: httpx.AsyncClient, editor: httpx.AsyncClient, report: Report) -> None:
    """Many readers of one ticker while it is written."""
    statuses: Counter[str] = Counter()
    until = time.monotonic() + READ_S

    async def read() -> None:
        while time.monotonic() < until:
            answer = await http.get(f"/feeds/{FEED}")
            statuses[answer.headers[CACHE_STATUS]] += 1

    async def write() -> None:
        while time.monotonic() < until:
            await _publish(editor, FEED, "One more")
            await asyncio.sleep(0.5)

    await asyncio.gather(write(), *(read() for _ in range(READERS)))
    few = statuses["HIT"] < 0.9 * statuses.total()
    report.say(CACHE, f"{READERS} readers", _ratio(statuses) if few else "", _ratio(statuses))


async def _verify_polls(http: httpx.AsyncClient, editor: httpx.AsyncClient, report: Report) -> None:
    """Many who wait for the same news: livefeed holds one poll."""
    after = (await editor.get(f"/v1/feeds/{FEED}/updates")).json()["position"]

    async def poll() -> tuple[httpx.Response, float]:
        answer = await http.get(f"/v1/feeds/{FEED}/changes?wait=25&after={after}")
        return answer, time.monotonic()

    polling = [asyncio.create_task(poll()) for _ in range(POLLERS)]
    while not await _readers(editor):
        await asyncio.sleep(EVERY_S)
    await asyncio.sleep(STATED_S)  # whoever the cache would let through as well is through by now
    held = await _readers(editor)
    await _publish(editor, FEED, "At last")
    published = time.monotonic()
    answers = await asyncio.gather(*polling)
    slowest = max(at for _, at in answers) - published
    problem = "" if held == 1 else f"livefeed held {held:.0f} polls"
    if any("At last" not in answer.text for answer, _ in answers):
        problem = "not everyone was told"
    elif slowest > POLLED_S:
        problem = f"the slowest was told after {slowest:.2f} s"
    good = f"livefeed held one, the slowest was told after {slowest:.2f} s"
    report.say(CACHE, f"{POLLERS} polls", problem, good)


async def _verify_draft(http: httpx.AsyncClient, editor: httpx.AsyncClient, report: Report) -> None:
    """What an editor reads through the cache of a draft stays with the editor."""
    (await editor.post("/v1/feeds", json={"slug": "rehearsal", "status": "draft"})).raise_for_status()
    await _publish(editor, "rehearsal", "Nobody reads this")
    path, own = "/v1/feeds/rehearsal/updates", {"Authorization": editor.headers["Authorization"]}
    editors = [await http.get(path, headers=own) for _ in range(2)]
    anybody = await http.get(path)
    leaked = any("HIT" in answer.headers[CACHE_STATUS] for answer in editors) or anybody.status_code != 404
    seen = all("Nobody reads this" in answer.text for answer in editors)
    report.say(
        CACHE,
        "draft",
        "it is in the cache" if leaked else "" if seen else "not seen at all",
        "is in no cache",
    )


async def _publish(editor: httpx.AsyncClient, feed: str, text: str, **fields: Any) -> dict[str, Any]:
    answer = await editor.post(f"/v1/feeds/{feed}/updates", json={"text": text, **fields})
    answer.raise_for_status()
    update: dict[str, Any] = answer.json()
    return update


async def _readers(editor: httpx.AsyncClient) -> float:
    """How many streams and polls livefeed holds."""
    found = re.search(r"^livefeed_readers (\S+)", (await editor.get("/metrics")).text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def _ratio(statuses: Counter[str]) -> str:
    return f"{statuses['HIT'] / statuses.total():.1%} of {statuses.total()} from the cache"
