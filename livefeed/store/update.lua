-- Put before the scripts that write updates: the sets that they stand in, and how many may be pinned.
--
-- `sets` is a table: the keys `timeline`, `key_events`, `pinned`, `tags`, the `prefix` of the feed's keys.

local MAX_PINNED = 100

local function refuse_wrong_tags(sets, update)
  for _, tag in ipairs(update and update.tags or {}) do
    local refusal = refuse_other_than(sets.prefix .. 'tag:' .. tag, 'zset')
    if refusal then return refusal end
  end
end

local function refuse_too_many_pinned(sets, update, old)
  if update and update.pinned and not (old and old.pinned) and redis.call('ZCARD', sets.pinned) >= MAX_PINNED then
    return {'pinned', whole(MAX_PINNED)}
  end
end

local function index(sets, update, score)
  redis.call('ZADD', sets.timeline, score, update.id)
  if update.key then redis.call('ZADD', sets.key_events, score, update.id) end
  if update.pinned then redis.call('ZADD', sets.pinned, score, update.id) end
  for _, tag in ipairs(update.tags) do
    redis.call('ZADD', sets.prefix .. 'tag:' .. tag, score, update.id)
    redis.call('HINCRBY', sets.tags, tag, 1)
  end
end

local function unindex(sets, update)
  redis.call('ZREM', sets.timeline, update.id)
  redis.call('ZREM', sets.key_events, update.id)
  redis.call('ZREM', sets.pinned, update.id)
  for _, tag in ipairs(update.tags) do
    redis.call('ZREM', sets.prefix .. 'tag:' .. tag, update.id)
    if redis.call('HINCRBY', sets.tags, tag, -1) <= 0 then redis.call('HDEL', sets.tags, tag) end
  end
end
