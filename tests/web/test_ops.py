from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from livefeed.errors import ServerFull
from livefeed.fanout.admission import Admission
from livefeed.web import ops
from tests.web.asserting import assert_problem

DOCS = Path(__file__).resolve().parents[2] / "docs/operating.md"

ADMISSION = {"places", "readers_refused_total"}


class FakeHub:
    """What operators ask of a hub."""

    def __init__(self) -> None:
        self.draining = False
        self.canary_age_s: float | None = 1.0
        self.numbers: dict[str, int | float] = {"readers": 3, "changes_total": 7}

    def statistics(self) -> dict[str, int | float]:
        return self.numbers


@pytest.fixture
def hub(app: Starlette) -> FakeHub:
    fake, site = FakeHub(), app.state.site
    app.state.site = replace(site, hub=fake)
    return fake


async def test_alive(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})
    assert response.headers["cache-control"] == "no-store"


async def test_ready(client: httpx.AsyncClient, hub: FakeHub) -> None:
    response = await client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("draining", "canary_age_s", "reasons"),
    [
        (True, 1.0, ["Draining"]),
        (False, None, ["No canary"]),
        (False, 15.1, ["The last canary"]),
        (True, None, ["Draining", "No canary"]),
    ],
)
async def test_not_ready(
    client: httpx.AsyncClient, hub: FakeHub, draining: bool, canary_age_s: float | None, reasons: list[str]
) -> None:
    hub.draining, hub.canary_age_s = draining, canary_age_s
    response = await client.get("/readyz")
    body = assert_problem(response, 503, "not-ready")
    assert len(body["reasons"]) == len(reasons)
    assert all(said.startswith(reason) for said, reason in zip(body["reasons"], reasons, strict=True))


async def _values(client: httpx.AsyncClient) -> dict[str, tuple[str, float]]:
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.text)
    return {s.name: (family.type, s.value) for family in families for s in family.samples if not s.labels}


async def test_metrics(client: httpx.AsyncClient, hub: FakeHub) -> None:
    values = await _values(client)
    assert values["livefeed_readers"] == ("gauge", 3)
    assert values["livefeed_changes_total"] == ("counter", 7)
    assert values["livefeed_draining"] == ("gauge", 0)
    assert values["livefeed_canary_age_seconds"] == ("gauge", 1)
    assert values["process_resident_memory_bytes"][1] > 0


async def test_metrics_before_the_first_canary(client: httpx.AsyncClient, hub: FakeHub) -> None:
    hub.canary_age_s = None
    assert "livefeed_canary_age_seconds" not in await _values(client)


async def test_refusals_are_counted_by_reason(
    app: Starlette, client: httpx.AsyncClient, hub: FakeHub
) -> None:
    site = app.state.site
    admission = Admission(site.settings.model_copy(update={"max_readers": 1}))
    app.state.site = replace(site, admission=admission)
    with admission.take(None, None), pytest.raises(ServerFull):
        admission.take(None, None)
    text = (await client.get("/metrics")).text
    assert 'livefeed_readers_refused_total{reason="total"} 1.0' in text
    assert 'livefeed_readers_refused_total{reason="address"} 0.0' in text
    assert (await _values(client))["livefeed_places"] == ("gauge", 1)


async def test_the_hub_s_numbers_are_the_ones_that_are_described(
    app: Starlette, client: httpx.AsyncClient
) -> None:
    hub = app.state.site.hub
    await hub.start()
    try:
        with anyio.fail_after(30):
            while hub.canary_age_s is None:
                await anyio.sleep(0.01)
        assert set(hub.statistics()) | {"draining", "canary_age_seconds"} | ADMISSION == set(ops.METRICS)
        assert (await _values(client))["livefeed_readers"] == ("gauge", 0)
        assert (await client.get("/readyz")).status_code == 200
    finally:
        await hub.close()


def test_every_metric_is_documented() -> None:
    rows = re.findall(r"^\| `livefeed_(\w+)` \| (.+?) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert rows == sorted(ops.METRICS.items())
