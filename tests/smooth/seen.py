"""What a browser saw of a page for a while: layout shifts, what moved, and what kept it busy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from tests.smooth.busy import Busy, busy

__all__ = ["PROBE", "Seen", "watch"]

# A frame's geometry as it is painted is told by intersection observers alone: scripts that ask for it come
# before the browser has corrected the scroll position.
PROBE = """
const name = (node) => node ? node.id.replace(/-.*/, '') || node.className || node.localName : 'removed';
const observe = (type, entries) =>
  new PerformanceObserver((list) => entries(list.getEntries())).observe({ type });
window.probe = {
  begin() {
    Object.assign(probe, { tasks: [], shifts: [], tops: [], going: true });
    probe.read = [...document.querySelectorAll('.updates > article')]
      .find((one) => one.getBoundingClientRect().top >= 0);
    requestAnimationFrame(probe.frame);
  },
  frame() {
    if (!probe.going) return;
    new IntersectionObserver(([entry], observer) => {
      probe.tops.push(entry.boundingClientRect.top);
      observer.disconnect();
    }).observe(probe.read);
    requestAnimationFrame(probe.frame);
  },
  end() {
    probe.going = false;
    const { tasks, shifts, tops } = probe;
    return { tasks, shifts, tops };
  },
};
observe('longtask', (tasks) => probe.tasks?.push(...tasks.map(({ duration }) => duration)));
observe('layout-shift', (shifts) => probe.shifts?.push(...shifts
  .filter(({ hadRecentInput }) => !hadRecentInput)
  .map(({ startTime, value, sources }) => [startTime, value, sources.map(({ node }) => name(node))])));
"""
_TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]


@dataclass(frozen=True)
class Seen:
    """Long tasks in ms; of each shift its moment in ms, value and nodes; of each frame a top in pixels."""

    tasks: list[float]
    shifts: list[tuple[float, float, list[str]]]
    tops: list[float]
    busy: Busy

    @property
    def cls(self) -> float:
        """The worst window of layout shifts: of 5 s at most, and without a second of peace (web.dev/cls)."""
        worst = value = 0.0
        began = before = float("-inf")
        for moment, shift, _ in self.shifts:
            if moment - before > 1000 or moment - began > 5000:
                began, value = moment, 0.0
            before = moment
            value += shift
            worst = max(worst, value)
        return worst

    @property
    def shifted(self) -> str:
        """What shifted most often."""
        most = Counter(name for _, _, names in self.shifts for name in names).most_common(3)
        return ", ".join(name for name, _ in most)

    @property
    def moved(self) -> float:
        """How far the first update on the screen went, in pixels."""
        return max(abs(top - self.tops[0]) for top in self.tops)


def watch(browser: Browser, page: Page, meanwhile: Iterator[object]) -> Seen:
    """What is seen until ``meanwhile`` has come to its end. The page has ``PROBE`` for an init script."""
    page.evaluate("probe.begin()")
    browser.start_tracing(page=page, categories=_TRACED)
    for _ in meanwhile:
        pass
    page.wait_for_timeout(1000)
    trace: dict[str, Any] = json.loads(browser.stop_tracing())
    return Seen(**page.evaluate("probe.end()"), busy=busy(trace["traceEvents"]))
