"""How many read each feed, over all processes: each hub says its own counts and hears the others'."""

from __future__ import annotations

from collections.abc import Mapping

from livefeed.errors import StoreError
from livefeed.store.keys import FeedKeys
from livefeed.store.scripts import Scripts

__all__ = ["GOOD_S", "Readers"]

GOOD_S = 15.0
"""What a hub said counts for so long: that of a process that was killed goes by itself."""


class Readers:
    """The counts in Redis, one small hash with a TTL for each feed that somebody reads."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def exchange(self, hub: str, counts: Mapping[str, int | None]) -> dict[str, int | StoreError]:
        """Say how many read each feed at ``hub`` (None: say nothing), and hear how many do elsewhere.

        Redis writes only what is said. What goes wrong with one feed stands in its place.
        """
        good_ms = int(GOOD_S * 1000)
        calls = [
            ([FeedKeys(feed).readers], [hub, "" if count is None else count, good_ms])
            for feed, count in counts.items()
        ]
        answers = await self._scripts.readers_many(calls)
        return {
            feed: answer if isinstance(answer, StoreError) else int(answer[0])
            for feed, answer in zip(counts, answers, strict=True)
        }
