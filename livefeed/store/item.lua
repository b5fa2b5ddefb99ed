-- The writer of a feed's items, and of the update that one becomes: checks everything, then writes; what it
-- refuses has changed nothing.
--
-- KEYS: meta, log, updates, timeline, offsets, gone, key, pinned, tags, desklog, deskoffsets, items, due,
--       deskgone, idem:<hash>
-- ARGV: candidate epoch, op, id, expected, body, ms, request hash, idem seconds, log bound, prefix of the
--       feed's keys, 'open' if a closed feed is to refuse, most items of a feed
--
--   item       expected: '' for a new item, else the revision that it follows; body: the item's JSON; ms: when it
--              goes out by itself, '' never
--   withdraw   the same for an item that goes out by itself no more: works when Redis is full
--   discard    the item for ever; expected: '' for any revision
--   publish    item away, update out; expected: the item's revision, '' where there is no item with this id;
--              body: the update's JSON; ms: its shown time
--
-- Returns {'done', id, rev} or {'replay', id, rev} (this request was committed before), or a refusal: {'mismatch'},
-- {'missing'}, {'gone', tombstone} (published, and deleted), {'published', update's JSON}, {'discarded', tombstone},
-- {'unknown'}, {'conflict', item's JSON}, {'closed'}, {'crowded', bound}, {'pinned', bound},
-- {'inconsistent', reason}.
--
-- As in commit.lua, no write may fail, and cjson only reads.

local meta, log, updates, timeline, offsets, gone, key_events, pinned, tags = unpack(KEYS, 1, 9)
local desklog, deskoffsets, items, due, discarded, idem = unpack(KEYS, 10, 15)
local candidate, op, id, expected, body, ms = unpack(ARGV, 1, 6)
local request, idem_s, bound, prefix, wants_open, most = unpack(ARGV, 7, 12)

local TYPES = {'hash', 'stream', 'hash', 'zset', 'hash', 'hash', 'zset', 'zset', 'hash', 'stream', 'hash', 'hash', 'zset',
  'hash', 'string'}

local changes = {meta = meta, log = log, offsets = offsets, name = 'log', bound = bound}
local desk = {meta = meta, log = desklog, offsets = deskoffsets, name = 'desklog', bound = bound}
local sets = {timeline = timeline, key_events = key_events, pinned = pinned, tags = tags, prefix = prefix}

-- Checks ---------------------------------------------------------------------------------------

local refusal = refuse_wrong_types(TYPES)
if refusal then return refusal end

local before = done_before(idem, request, idem_s)
if before then return before end

local feed = redis.call('HGET', meta, 'feed')
if not feed then return {'missing'} end

local tombstone = redis.call('HGET', gone, id)
if tombstone then return {'gone', tombstone} end
local update = redis.call('HGET', updates, id)
if update then return {'published', update} end
tombstone = redis.call('HGET', discarded, id)
if tombstone then return {'discarded', tombstone} end

local current = redis.call('HGET', items, id)
local old = current and cjson.decode(current)
if expected == '' and op ~= 'discard' then
  if current then return {'conflict', current} end
elseif not current then
  return {'unknown'}
elseif expected ~= '' and whole(old.rev) ~= expected then
  return {'conflict', current}
end

if wants_open == 'open' and cjson.decode(feed).status == 'closed' then return {'closed'} end
if op == 'item' and not current and redis.call('HLEN', items) >= tonumber(most) then return {'crowded', most} end

local becomes = op == 'publish' and cjson.decode(body)
refusal = refuse_wrong_pictures(prefix) or refuse_too_many_pinned(sets, becomes) or refuse_wrong_tags(sets, becomes) or refuse_broken(changes)
  or refuse_broken(desk)
if refusal then return refusal end

-- Writes ---------------------------------------------------------------------------------------

if op == 'item' or op == 'publish' then
  -- Refused when Redis is full, before anything else has been written.
  redis.call('HSET', meta, 'log:head', head_of(changes))
end

supersede(desk, id)
redis.call('ZREM', due, id)

if op == 'item' or op == 'withdraw' then
  count_pictures(prefix, body, 1)
  if current then count_pictures(prefix, current, -1) end
  redis.call('HSET', items, id, body)
  if ms ~= '' then redis.call('ZADD', due, ms, id) end
  append(desk, candidate, id, '{"op":"item","item":' .. body .. '}')
  local rev = whole(cjson.decode(body).rev)
  remember(idem, request, idem_s, id, rev)
  return {'done', id, rev}
end

local time = becomes and becomes.time or old.created
local told = '{"op":"item-delete","id":"' .. id .. '","time":"' .. time .. '","published":' .. tostring(op == 'publish') .. '}'
redis.call('HDEL', items, id)
if becomes then count_pictures(prefix, body, 1) end
if current then count_pictures(prefix, current, -1) end
if op == 'publish' then
  redis.call('HSET', updates, id, body)
  index(sets, becomes, ms)
  append(changes, candidate, id, '{"op":"put","update":' .. body .. '}')
else
  redis.call('HSET', discarded, id, '{"id":"' .. id .. '","time":"' .. time .. '"}')
end
if current then append(desk, candidate, id, told) end
remember(idem, request, idem_s, id, becomes and '1' or '0')
return {'done', id, becomes and '1' or '0'}
