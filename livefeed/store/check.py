"""Whether the keys of a feed agree with each other: what ``doctor`` and the tests ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from livefeed.core.changes import FEED_KEY, Change
from livefeed.core.times import to_ms
from livefeed.errors import FeedNotFound, StoreInconsistent
from livefeed.store.check_desk import check_desk
from livefeed.store.check_log import check_ends, check_offsets
from livefeed.store.keys import FeedKeys
from livefeed.store.log import LogEntry
from livefeed.store.scripts import Scripts, pairs_of

__all__ = ["check_feed"]

_META = (b"feed", b"log:epochs", b"log:floor", b"log:head", b"log:run_id")


@dataclass
class _Feed:
    """Everything of a feed, read in one transaction."""

    meta: dict[bytes, bytes]
    info: dict[bytes, Any]
    log: list[LogEntry]
    updates: dict[str, dict[str, Any]]
    timeline: dict[str, int]
    key_events: dict[str, int]
    pinned: dict[str, int]
    offsets: dict[bytes, bytes]
    sources: dict[str, str]
    said: set[str]
    imported: set[str]
    gone: set[str]
    tags: dict[str, int]
    tagged: dict[str, dict[str, int]]
    problems: list[str] = field(default_factory=list)


async def check_feed(scripts: Scripts, feed: str) -> list[str]:
    """Compare log, offsets, hash, sorted sets, tombstones, head, desk; one sentence for each contradiction.

    Reads the whole feed at once: meant for now and then, not for every request.

    Raises:
        FeedNotFound, StoreError
    """
    try:
        return _compare(await _read(scripts, feed)) + await check_desk(scripts, feed)
    except (ValueError, KeyError) as error:
        raise StoreInconsistent("something there was not written by livefeed") from error


def _compare(feed: _Feed) -> list[str]:
    if missing := [name.decode() for name in _META if name not in feed.meta]:
        return [f"meta lacks {', '.join(missing)}"]
    feed.problems += check_ends("log", feed.meta, feed.info, feed.log)
    feed.problems += check_offsets("log", feed.offsets, feed.log)
    _check_log(feed)
    _check_sets(feed)
    _check_sources(feed)
    return feed.problems


async def _read(scripts: Scripts, feed: str) -> _Feed:
    """Read until no tag has come up whose set was not among what was read."""
    got = await _read_once(scripts, feed, [])
    while new := set(got.tags) - set(got.tagged):
        got = await _read_once(scripts, feed, sorted(new | set(got.tagged)))
    return got


async def _read_once(scripts: Scripts, feed: str, tags: list[str]) -> _Feed:
    keys = FeedKeys(feed)
    known, has_log = await scripts.read(keys.meta, ("HEXISTS", keys.meta, "feed"), ("EXISTS", keys.log()))
    if not known:
        raise FeedNotFound(feed)
    hashes = [keys.meta, keys.updates, keys.offsets(), keys.gone, keys.tags]
    hashes += [keys.sources, keys.said, keys.imported]
    sets = [keys.timeline, keys.key_events, keys.pinned, *map(keys.tag, tags)]
    log, info, *rest = await scripts.read(
        keys.meta,
        ("XRANGE", keys.log(), "-", "+"),
        ("XINFO", "STREAM", keys.log()) if has_log else ("HGETALL", keys.meta),
        *(("HGETALL", name) for name in hashes),
        *(("ZRANGE", name, 0, -1, "WITHSCORES") for name in sets),
    )
    meta, updates, offsets, gone, counts, sources, said, imported = (
        dict(pairs_of(answer)) for answer in rest[: len(hashes)]
    )
    timeline, key_events, pinned, *tagged = (_scores(answer) for answer in rest[len(hashes) :])
    return _Feed(
        meta=meta,
        info=dict(pairs_of(info)) if has_log else {},
        log=[LogEntry.parse(entry_id, dict(pairs_of(fields))) for entry_id, fields in log],
        updates={id_.decode(): orjson.loads(body) for id_, body in updates.items()},
        timeline=timeline,
        key_events=key_events,
        pinned=pinned,
        offsets=offsets,
        gone={id_.decode() for id_ in gone},
        sources={source.decode(): id_.decode() for source, id_ in sources.items()},
        said={source.decode() for source in said},
        imported={id_.decode() for id_ in imported},
        tags={tag.decode(): int(count) for tag, count in counts.items()},
        tagged=dict(zip(tags, tagged, strict=True)),
    )


def _scores(answer: list[bytes]) -> dict[str, int]:
    return {member.decode(): int(float(score)) for member, score in pairs_of(answer)}


def _check_sources(feed: _Feed) -> None:
    if lost := set(feed.sources.values()) - set(feed.updates) - feed.gone:
        feed.problems.append(f"a source made what is nowhere: {sorted(lost)[:5]}")
    if feed.said != set(feed.sources):
        feed.problems.append("of other sources it is known what they said than what they made")
    if left := feed.imported - set(feed.updates):
        feed.problems.append(f"imported, and not there: {sorted(left)[:5]}")


def _check_log(feed: _Feed) -> None:
    seen = {entry.change.key: entry for entry in feed.log}
    for key, entry in seen.items():
        if problem := _check_entry(feed, key, entry.change):
            feed.problems.append(f"offset {entry.offset}: {problem}")
    missing = (set(feed.updates) | feed.gone) - set(seen)
    if missing and int(feed.meta[b"log:floor"]) == 0:
        feed.problems.append(f"not in the log, which was never trimmed: {sorted(missing)[:5]}")


def _check_entry(feed: _Feed, key: str, change: Change) -> str | None:
    if key == FEED_KEY:
        return (
            None
            if change.raw == b'{"op":"feed","feed":' + feed.meta[b"feed"] + b"}"
            else "not the feed as it stands"
        )
    if change.op == "delete":
        return (
            None
            if key in feed.gone and key not in feed.updates
            else f"{key} is deleted here, but not in the hash"
        )
    same = orjson.loads(change.raw)["update"] == feed.updates.get(key)
    return None if same else f"{key} is not the update as it stands"


def _check_sets(feed: _Feed) -> None:
    if both := set(feed.updates) & feed.gone:
        feed.problems.append(f"deleted, and yet there: {sorted(both)[:5]}")
    times = {id_: to_ms(update["time"]) for id_, update in feed.updates.items()}
    wanted = {
        "timeline": (feed.timeline, times),
        "key events": (feed.key_events, {id_: ms for id_, ms in times.items() if feed.updates[id_]["key"]}),
        "pinned": (feed.pinned, {id_: ms for id_, ms in times.items() if feed.updates[id_]["pinned"]}),
    }
    for name, (is_, should) in wanted.items():
        if is_ != should:
            wrong = sorted(dict(is_.items() ^ should.items()))[:5]
            feed.problems.append(f"the sorted set of {name} disagrees with the updates: {wrong}")
    tagged: dict[str, dict[str, int]] = {}
    for id_, update in feed.updates.items():
        for tag in update["tags"]:
            tagged.setdefault(tag, {})[id_] = times[id_]
    if tagged != feed.tagged:
        feed.problems.append("the sorted sets of tags disagree with the updates")
    if {tag: len(members) for tag, members in tagged.items()} != feed.tags:
        feed.problems.append("the counts of tags disagree with the updates")
