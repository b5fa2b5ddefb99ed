"""Which pictures are in use, so that with the last update that shows one its file goes too.

``commit.lua`` counts in each feed (``livefeed:{feed}:media``: picture → how many revisions and items
name it) and puts down in ``:unused`` what is named no more. Files belong to all feeds, whose keys no script
sees together, so two rules keep one from being removed while it is about to be used:

- Who will name a picture, or has just uploaded one, first claims it for a time; then looks whether it is
  there.
- Who removes it first marks it, which a claim prevents, and which prevents claims; then looks whether a feed
  names it; then removes the file; then takes the mark back.

Claims and marks are made by scripts in one slot: of two who come together, one sees the other. Who dies in
between leaves a claim that runs out, or a mark that another takes over.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from livefeed.core.pictures import address_of, pictures_in, pictures_shown_in
from livefeed.errors import InvalidInput, LivefeedError, MediaUnavailable, StoreError, TooManyUploads
from livefeed.media.storing import MediaStore
from livefeed.store.keys import FEEDS, UPLOADS, FeedKeys, PictureKeys
from livefeed.store.translate import translated

__all__ = ["GRACE_S", "Pictures"]

_log = logging.getLogger("livefeed.store")

GRACE_S = 86_400
"""How long an upload is kept that nothing uses yet."""

COMMIT_S = 60
"""How long a claim holds at most: longer than a commit may take."""

STALE_S = 60
"""So old a mark is of somebody who died."""

REMOVAL_S = 30
"""Within this time of marking, a file is removed or left: half of what makes a mark stale."""

_PATIENCE_S = 5.0
_POLL_S = 0.05
_AT_ONCE = 100
_UPLOADED = "uploaded"

# Redis's clock, since several machines take part.
_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# KEYS: marks, claims of the picture, due; ARGV: picture, claim, seconds, '1' for an upload
_CLAIM = (
    _NOW
    + """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
local until_ms = now + ARGV[3] * 1000
redis.call('ZADD', KEYS[2], until_ms, ARGV[2])
redis.call('PEXPIREAT', KEYS[2], redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2])
if ARGV[4] == '1' then redis.call('ZADD', KEYS[3], until_ms, ARGV[1]) end
return 1
"""
)

# KEYS: likewise; ARGV: picture, mark, seconds until another's mark is stale
_MARK = (
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
if last then
  redis.call('ZADD', KEYS[3], last, ARGV[1])
  return 'claimed'
end
local since = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^%d+')
if since and now - since < ARGV[3] * 1000 then return 'marked' end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
return 'ours'
"""
)

# KEYS: marks, due; ARGV: picture, mark
_UNMARK = """
local mark = redis.call('HGET', KEYS[1], ARGV[1])
if not mark or string.match(mark, ' (.*)$') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
"""

# KEYS: due; ARGV: how many
_DUE = (
    _NOW
    + """
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
local later = redis.call('ZRANGE', KEYS[1], #names, #names, 'WITHSCORES')[2]
return {names, later and math.max(later - now, 0) or -1}
"""
)

# KEYS: due; ARGV: pictures. A full Redis lets a script write once it has removed something.
_PUT_DOWN = (
    _NOW
    + """
for _, name in ipairs(ARGV) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('ZADD', KEYS[1], now, name)
end
"""
)

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], 3600) end
return {count, redis.call('TTL', KEYS[1])}
"""


class Pictures:
    """The pictures of all feeds. All raise :class:`~livefeed.errors.StoreError` and ``MediaUnavailable``."""

    def __init__(self, client: Any, media: MediaStore, *, per_hour: int) -> None:
        self._client, self._media, self._per_hour = client, media, per_hour

    # Using --------------------------------------------------------------------------------------

    async def admit(self, name: str) -> None:
        """Count an upload of who is called ``name``.

        Raises:
            TooManyUploads
        """
        if self._per_hour:
            key = UPLOADS + hashlib.sha256(name.encode()).hexdigest()[:32]
            count, left_s = await self._run(_COUNT, [key])
            if count > self._per_hour:
                raise TooManyUploads(self._per_hour, max(left_s, 1))

    async def upload(self, name: str, body: bytes) -> None:
        """Keep a file, at first for a day: then it is removed unless something names it."""
        await self._claim(name, _UPLOADED, GRACE_S)
        await self._media.put(name, body)

    @asynccontextmanager
    async def held(self, feed: str, json: bytes) -> AsyncIterator[None]:
        """While this is open, no picture that an update's (or an item's) JSON names is removed.

        Raises:
            InvalidInput: one that would be shown is not there.
        """
        names = pictures_in(json)
        if not names:
            yield
            return
        claim = secrets.token_hex(8)
        for name in sorted(names):
            await self._claim(name, claim, COMMIT_S)
        try:
            await self._look(feed, pictures_shown_in(json))
            yield
        except LivefeedError as error:
            # A commit whose answer was lost may still come: then the claim runs out by itself.
            if not isinstance(error, StoreError):
                await self._let_go(names, claim)
            raise
        await self._let_go(names, claim, _UPLOADED)

    async def check(self, feed: str, json: bytes) -> None:
        """What :meth:`held` would refuse is refused here; nothing is held.

        Raises:
            InvalidInput
        """
        await self._look(feed, pictures_shown_in(json))

    async def _look(self, feed: str, names: Iterable[str]) -> None:
        """What the feed shows already may be shown again, whatever happened to its file."""
        for name in names:
            with translated():
                known = await self._client.hexists(FeedKeys(feed).media, name)
            if not known and not await self._media.exists(name):
                raise InvalidInput.of("image", f"there is no picture {address_of(name)}: add it once more")

    async def _claim(self, name: str, claim: str, seconds: int) -> None:
        keys, upload = PictureKeys(name), "1" if claim == _UPLOADED else "0"
        deadline = time.monotonic() + _PATIENCE_S
        while not await self._run(_CLAIM, [keys.marks, keys.claims, keys.due], name, claim, seconds, upload):
            if time.monotonic() > deadline:
                raise MediaUnavailable(f"{address_of(name)} is being removed, try again in a minute")
            await asyncio.sleep(_POLL_S)

    async def _let_go(self, names: Iterable[str], *claims: str) -> None:
        with suppress(StoreError), translated():
            for name in names:
                await self._client.zrem(PictureKeys(name).claims, *claims)

    # Removing -----------------------------------------------------------------------------------

    async def sweep(self) -> float | None:
        """Remove the files that nothing names any more; returns in how many seconds to look again."""
        await self._collect(await self._slugs())
        while True:
            names, later_ms = await self._run(_DUE, [PictureKeys.due], _AT_ONCE)
            done = [await self._remove(name.decode()) for name in names]
            if names and not any(done):  # somebody else is at it, or the place cannot be used
                return STALE_S
            if not names:
                return None if later_ms < 0 else later_ms / 1000

    async def release(self, slug: str) -> None:
        """What a removed feed had named, to be called before its slug is forgotten."""
        await self._collect([slug])

    async def _collect(self, slugs: Sequence[str]) -> None:
        """From the feeds' own lists of what they name no more to the one of all feeds."""
        with translated():
            pipeline = self._client.pipeline(transaction=False)
            for slug in slugs:
                pipeline.smembers(FeedKeys(slug).unused)
            found = await pipeline.execute() if slugs else []
        for slug, names in zip(slugs, found, strict=True):
            if names:
                await self._run(_PUT_DOWN, [PictureKeys.due], *names)
                with translated():
                    await self._client.srem(FeedKeys(slug).unused, *names)
                # Once more: what was used and dropped meanwhile stood in the feed's list until just now.
                await self._run(_PUT_DOWN, [PictureKeys.due], *names)

    async def _remove(self, name: str) -> bool:
        """Whether it is done with, for now at least."""
        keys, mark, begun = PictureKeys(name), secrets.token_hex(8), time.monotonic()
        got = await self._run(_MARK, [keys.marks, keys.claims, keys.due], name, mark, STALE_S)
        if got != b"ours":
            return bool(got == b"claimed")
        try:
            if not await self._is_named(name):
                if time.monotonic() - begun > REMOVAL_S:
                    return False
                await self._media.delete(name)
        except MediaUnavailable as error:
            _log.warning("A picture that is not used any more stays for now: %s", error)
            return False
        await self._run(_UNMARK, [keys.marks, keys.due], name, mark)
        return True

    async def _is_named(self, name: str) -> bool:
        slugs = await self._slugs()
        with translated():
            pipeline = self._client.pipeline(transaction=False)
            for slug in slugs:
                pipeline.hexists(FeedKeys(slug).media, name)
            return bool(slugs) and any(await pipeline.execute())

    async def _slugs(self) -> list[str]:
        with translated():
            return [slug.decode() for slug in await self._client.smembers(FEEDS)]

    async def _run(self, script: str, keys: list[str], *args: str | bytes | int) -> Any:
        with translated():
            return await self._client.eval(script, len(keys), *keys, *args)
