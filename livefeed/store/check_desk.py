"""Whether the keys of a feed's desk agree with each other."""

from __future__ import annotations

from typing import Any

import orjson

from livefeed.core.times import to_ms
from livefeed.store.check_log import check_ends, check_offsets
from livefeed.store.keys import FeedKeys
from livefeed.store.log import LogEntry
from livefeed.store.scripts import Scripts, pairs_of

__all__ = ["check_desk"]

Json = dict[str, Any]


async def check_desk(scripts: Scripts, feed: str) -> list[str]:
    """Compare the desk's log, items, what is due and tombstones; one sentence for each contradiction.

    Raises:
        StoreError
    """
    keys = FeedKeys(feed)
    log = keys.log("desklog")
    (has_log,) = await scripts.read(keys.meta, ("EXISTS", log))
    meta, rows, info, offsets, items, due, discarded, updates, gone = await scripts.read(
        keys.meta,
        ("HGETALL", keys.meta),
        ("XRANGE", log, "-", "+"),
        ("XINFO", "STREAM", log) if has_log else ("HGETALL", log),
        ("HGETALL", keys.offsets("desklog")),
        ("HGETALL", keys.items),
        ("ZRANGE", keys.due, 0, -1, "WITHSCORES"),
        ("HKEYS", keys.discarded),
        ("HKEYS", keys.updates),
        ("HKEYS", keys.gone),
    )
    on_desk = {id_.decode(): orjson.loads(body) for id_, body in pairs_of(items)}
    entries = [LogEntry.parse(entry_id, dict(pairs_of(fields))) for entry_id, fields in rows]
    problems = []
    if dict(pairs_of(meta)).get(b"desklog:head") or has_log or on_desk:  # else nobody has used it yet
        problems += check_ends("desklog", dict(pairs_of(meta)), dict(pairs_of(info)), entries)
        problems += check_offsets("desklog", dict(pairs_of(offsets)), entries)
    left = {id_.decode() for id_ in discarded}, {id_.decode() for id_ in (*updates, *gone)}
    problems += _check_items(on_desk, {id_.decode(): float(ms) for id_, ms in pairs_of(due)}, *left)
    return problems + _check_entries(on_desk, entries, *left)


def _check_items(
    items: dict[str, Json], due: dict[str, float], discarded: set[str], published: set[str]
) -> list[str]:
    problems = []
    if wrong := {id_ for id_, item in items.items() if item["id"] != id_}:
        problems.append(f"items under the id of another: {sorted(wrong)[:5]}")
    if wrong := set(items) & (discarded | published) | discarded & published:
        problems.append(f"of items, deleted and updates these are more than one: {sorted(wrong)[:5]}")
    if wrong := {
        id_ for id_, item in items.items() if (item["state"] in ("going", "scheduled")) != bool(item["due"])
    }:
        problems.append(f"state and due time do not go together: {sorted(wrong)[:5]}")
    if due != {id_: to_ms(item["due"]) for id_, item in items.items() if item["due"]}:
        problems.append("what is due disagrees with the items")
    return problems


def _check_entries(
    items: dict[str, Json], entries: list[LogEntry], discarded: set[str], published: set[str]
) -> list[str]:
    problems = []
    for entry in entries:
        change, key = orjson.loads(entry.change.raw), entry.change.key
        if change["op"] == "item":
            is_right = change["item"] == items.get(key)
        else:
            is_right = key not in items and key in (published if change["published"] else discarded)
        if not is_right:
            problems.append(f"desklog, offset {entry.offset}: {key} is not what it is here")
    return problems
