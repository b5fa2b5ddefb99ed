-- A page and the position that it was read at, together.
--
-- KEYS: meta, log, updates, timeline, gone, pinned, key, two sets: members of both are paged through
-- ARGV: log name, candidate epoch, limit, mode, ms, id, number of key events
--
--   mode  'newest' | 'oldest'   from that end
--         'older' | 'newer'     from the place (ms, id), which is not included
--         'around'              the update id (or where it stood) in the middle
--
-- Returns {epochs, head, floor, feed JSON, updates newest first, is there more older, is there more
-- newer, pinned, key events}, or {'missing'} (no such feed), {'unknown'} (no such update),
-- {'gone', tombstone}.
--
-- Places are ranks: ZSETs order by (score, member), and a binary search finds where (ms, id) would
-- stand, so that equal times page exactly and a cursor needs no update to stand there.

local meta, log, updates, timeline, gone, pinned, key_events, set, filter = unpack(KEYS, 1, 9)
local name, candidate, limit, mode, ms, id, key_limit = unpack(ARGV, 1, 7)
limit = tonumber(limit)

if redis.call('HEXISTS', meta, 'feed') == 0 then return {'missing'} end
if redis.call('ZCARD', filter) < redis.call('ZCARD', set) then set, filter = filter, set end

-- Sorted sets order by bytes; Lua's own < goes by the locale that the server was started in.
local function before(one, other)
  for at = 1, math.min(#one, #other) do
    local mine, theirs = string.byte(one, at), string.byte(other, at)
    if mine ~= theirs then return mine < theirs end
  end
  return #one < #other
end

-- How many members stand below (score, member), oldest first.
local function rank_of(score, member)
  local low = redis.call('ZCOUNT', set, '-inf', '(' .. score)
  local high = redis.call('ZCOUNT', set, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if before(redis.call('ZRANGE', set, middle, middle)[1], member) then low = middle + 1 else high = middle end
  end
  return low
end

-- Up to `count` members that pass the filter, from rank `from` on, going up (step 1) or down (-1).
-- Second result: whether there is more.
local function walk(from, step, count)
  local found, size = {}, redis.call('ZCARD', set)
  local at = from
  while at >= 0 and at < size do
    local chunk
    if step > 0 then
      chunk = redis.call('ZRANGE', set, at, at + 127)
    else
      local rev = size - 1 - at
      chunk = redis.call('ZREVRANGE', set, rev, rev + 127)
    end
    for _, member in ipairs(chunk) do
      if filter == set or redis.call('ZSCORE', filter, member) then
        if #found == count then return found, 1 end
        found[#found + 1] = member
      end
    end
    at = at + step * #chunk
  end
  return found, 0
end

local function reversed(list)
  local out = {}
  for at = #list, 1, -1 do out[#out + 1] = list[at] end
  return out
end

local function bodies(ids)
  local out = {}
  for at = 1, #ids, 1000 do
    local got = redis.call('HMGET', updates, unpack(ids, at, math.min(at + 999, #ids)))
    for _, body in ipairs(got) do out[#out + 1] = body end
  end
  return out
end

-- The first rank above the place (ms, id): the one after it if somebody stands there.
local function rank_above(rank)
  local here = redis.call('ZRANGE', set, rank, rank, 'WITHSCORES')
  if here[1] == id and tonumber(here[2]) == tonumber(ms) then return rank + 1 end
  return rank
end

if mode == 'around' and ms == '' then
  ms = redis.call('ZSCORE', timeline, id)
  if not ms then
    local tombstone = redis.call('HGET', gone, id)
    return tombstone and {'gone', tombstone} or {'unknown'}
  end
end

local ids, older, newer, _
if mode == 'newest' then
  ids, older = walk(redis.call('ZCARD', set) - 1, -1, limit)
  newer = 0
elseif mode == 'oldest' then
  ids, newer = walk(0, 1, limit)
  ids, older = reversed(ids), 0
else
  local rank = rank_of(ms, id)
  local above = rank_above(rank)
  if mode == 'older' then
    ids, older = walk(rank - 1, -1, limit)
    _, newer = walk(rank, 1, 0)
  elseif mode == 'newer' then
    ids, newer = walk(above, 1, limit)
    ids = reversed(ids)
    _, older = walk(above - 1, -1, 0)
  else
    ids, newer = walk(above, 1, math.floor(limit / 2))
    local rest
    rest, older = walk(above - 1, -1, limit - #ids)
    ids = reversed(ids)
    for _, member in ipairs(rest) do ids[#ids + 1] = member end
  end
end

local reign = reign_of(meta, log, name, candidate)
return {reign.epochs, reign.head, reign.floor, redis.call('HGET', meta, 'feed'), bodies(ids), older, newer,
  bodies(redis.call('ZREVRANGE', pinned, 0, -1)), bodies(redis.call('ZREVRANGE', key_events, 0, tonumber(key_limit) - 1))}
