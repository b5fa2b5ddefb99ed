"""For operators and their machines: alive, ready, metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livefeed.errors import NotReady
from livefeed.fanout.admission import Admission
from livefeed.fanout.hub import Hub
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.site import site_of

__all__ = ["CANARY_MAX_AGE_S", "METRICS", "routes"]

CANARY_MAX_AGE_S = 15.0
"""A canary comes every 5 seconds: two may be lost before readers are sent elsewhere."""

METRICS = {
    "canary_age_seconds": "Seconds since a canary last came through Redis; absent before the first.",
    "changes_total": "Changes read from the logs in Redis.",
    "channels": "Logs that this process follows: of feeds and of desks.",
    "desk_streams": "Streams of desks that are open in this process.",
    "draining": "1 while readers are being sent away.",
    "frames_total": "Changes made ready for readers, once for each form they go out in.",
    "parked_total": "How often a reader was set aside because it took nothing, until it did.",
    "places": "Readers that this process takes at most.",
    "readers": "Streams that are open in this process: WebSocket, SSE and long polls.",
    "readers_refused_total": "Readers refused, by `reason`: address, origin, rate, total.",
    "redis_connected": "1 while the hub's reading connection to Redis is up.",
    "redis_reconnects_total": "How often the hub's reading connection was opened again.",
    "window_bytes": "Bytes of changes kept in memory.",
    "window_entries": "Changes kept in memory.",
    "writes_total": "Writes of changes to readers; one may carry several changes.",
}
"""Metrics by their names without ``livefeed_``; docs/operating.md has the same table."""


async def _healthz(request: Request) -> Response:
    return answer(request, b'{"status":"alive"}', cache=NO_STORE)


async def _readyz(request: Request) -> Response:
    if reasons := list(_reasons(site_of(request).hub)):
        raise NotReady(reasons)
    return answer(request, b'{"status":"ready"}', cache=NO_STORE)


def _reasons(hub: Hub) -> Iterator[str]:
    if hub.draining:
        yield "Draining: readers are being sent away."
    age_s = hub.canary_age_s
    if age_s is None:
        yield "No canary has come through Redis yet."
    elif age_s > CANARY_MAX_AGE_S:
        yield f"The last canary came through Redis {age_s:.0f} s ago."


async def _metrics(request: Request) -> Response:
    # A registry of its own each time: prometheus-client's global one would be shared by all
    # applications of a process, and its numbers by all tests.
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    site = site_of(request)
    registry.register(_HubCollector(site.hub))
    registry.register(_AdmissionCollector(site.admission))
    media_type = "text/plain; version=0.0.4; charset=utf-8"
    return answer(request, generate_latest(registry), cache=NO_STORE, media_type=media_type)


class _HubCollector(Collector):
    """Asks the hub when it is asked; nothing is counted twice."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        numbers = {**self._hub.statistics(), "draining": int(self._hub.draining)}
        if (age_s := self._hub.canary_age_s) is not None:
            numbers["canary_age_seconds"] = age_s
        for name, value in sorted(numbers.items()):
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield kind(f"livefeed_{name}", METRICS.get(name, name), value)


class _AdmissionCollector(Collector):
    """Likewise of who was refused."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("livefeed_places", METRICS["places"], self._admission.most)
        name = "readers_refused_total"
        refused = CounterMetricFamily(f"livefeed_{name}", METRICS[name], labels=["reason"])
        for cap, count in self._admission.refused.items():
            refused.add_metric([cap], count)
        yield refused


routes = [
    Route("/healthz", _healthz),
    Route("/readyz", _readyz),
    Route("/metrics", _metrics),
]
