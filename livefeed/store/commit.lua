-- The writer of a feed and its updates: checks everything, then writes; what it refuses has changed nothing.
--
-- KEYS: meta, log, updates, timeline, offsets, gone, sources, revisions:<id>, idem:<hash>, key, pinned, tags,
--       said, imported, items, deskgone
-- ARGV: log name, candidate epoch, op, id, expected, body, ms, source, request hash, idem seconds,
--       log bound, prefix of the feed's keys, digest of what the source says, hash of the source
--
--   put      expected: '' for a new update, else the revision that it follows; body: the update's JSON
--   delete   expected: '' for any revision
--   feed     expected: the feed's JSON as it stands, '' for a new feed; body: its new JSON
--   remove   the feed with everything in it; expected: as for feed
--   note     nothing but that this request (and this source) found the revision that is the body; told as -<rev>
--   recall   nothing: has this request been committed before?
--
-- Returns {'done', id, rev, offset} or {'replay', id, rev} (this request was committed before), or a
-- refusal: {'mismatch'}, {'missing'}, {'exists', id}, {'item', id} (there is one with this id),
-- {'discarded', tombstone} (there was one), {'source', id, digest}, {'gone', tombstone}, {'unknown'},
-- {'conflict', current JSON}, {'closed'}, {'pinned', bound}, {'inconsistent', reason}; to recall {'fresh'} too.
--
-- Lua has no roll-back, so no write may fail: types are checked first, and what needs memory comes
-- after a write that Redis refuses when it is full (put, feed) or never refuses (delete). cjson
-- reads here and never writes: it would spoil empty lists and large integers.

local meta, log, updates, timeline, offsets, gone, sources = unpack(KEYS, 1, 7)
local revisions, idem, key_events, pinned, tags, said, imported, items, discarded = unpack(KEYS, 8, 16)
local name, candidate, op, id, expected, body = unpack(ARGV, 1, 6)
local ms, source, request, idem_s, bound, prefix, digest, source_hash = unpack(ARGV, 7, 14)

local MAX_REVISIONS = 100
local TYPES = {'hash', 'stream', 'hash', 'zset', 'hash', 'hash', 'hash', 'list', 'string', 'zset', 'zset', 'hash', 'hash',
  'hash', 'hash', 'hash'}

local changes = {meta = meta, log = log, offsets = offsets, name = name, bound = bound}
local sets = {timeline = timeline, key_events = key_events, pinned = pinned, tags = tags, prefix = prefix}

-- The update that this source made. An update's own id counts as its source too: that is what stands
-- in an export of this feed.
local function known_source()
  local made = redis.call('HGET', sources, source_hash)
  if made then return made end
  local is_ours = redis.call('HEXISTS', updates, source) == 1 or redis.call('HEXISTS', gone, source) == 1
  return is_ours and source
end

-- What outlives a deletion is a hash: a source is often an address with the headline in it.
local function know_source()
  if source == '' then return end
  redis.call('HSET', sources, source_hash, id)
  redis.call('HSET', said, source_hash, digest)
  if source ~= id then redis.call('HSET', imported, id, source) end
end

-- Checks ---------------------------------------------------------------------------------------

local refusal = op ~= 'remove' and (refuse_wrong_types(TYPES) or refuse_wrong_pictures(prefix))
if refusal then return refusal end

local before = done_before(idem, request, idem_s)
if before then return before end
if op == 'recall' then return {'fresh'} end

local feed = redis.call('HGET', meta, 'feed')
if op == 'feed' or op == 'remove' then
  if not feed and expected ~= '' then return {'missing'} end
  if feed and expected == '' then return {'exists', ''} end
  if feed and feed ~= expected then return {'conflict', feed} end
elseif not feed then
  return {'missing'}
end

local current, old
local update = op == 'put' and cjson.decode(body)
if op == 'put' or op == 'delete' then
  local tombstone = redis.call('HGET', gone, id)
  if tombstone then return {'gone', tombstone} end
  current = redis.call('HGET', updates, id)
  old = current and cjson.decode(current)
  if expected ~= '' or op == 'delete' then
    if not current then return {'unknown'} end
    if expected ~= '' and whole(old.rev) ~= expected then return {'conflict', current} end
  else
    local known = source ~= '' and known_source()
    if known and redis.call('HEXISTS', gone, known) == 1 then return {'gone', redis.call('HGET', gone, known)} end
    if known then return {'source', known, redis.call('HGET', said, source_hash) or ''} end
    if current then return {'exists', id} end
    if redis.call('HEXISTS', items, id) == 1 then return {'item', id} end
    local thrown_away = redis.call('HGET', discarded, id)
    if thrown_away then return {'discarded', thrown_away} end
    if cjson.decode(feed).status == 'closed' then return {'closed'} end
  end
end

refusal = refuse_too_many_pinned(sets, update, old) or refuse_wrong_tags(sets, old) or refuse_wrong_tags(sets, update)
if not refusal and op ~= 'remove' then refusal = refuse_broken(changes) end  -- what is broken can still be removed
if refusal then return refusal end

-- Writes ---------------------------------------------------------------------------------------

if op == 'remove' then
  -- pcall: of the wrong type, a key has no fields; it goes all the same.
  for _, update_id in ipairs(redis.pcall('HKEYS', updates)) do redis.call('DEL', prefix .. 'revisions:' .. update_id) end
  for _, tag in ipairs(redis.pcall('HKEYS', tags)) do redis.call('DEL', prefix .. 'tag:' .. tag) end
  local named = redis.pcall('HKEYS', prefix .. 'media')
  redis.call('DEL', prefix .. 'media', meta, log, updates, timeline, offsets, gone, sources, said, imported, key_events,
    pinned, tags, prefix .. 'desklog', prefix .. 'deskoffsets', items, prefix .. 'due', discarded, prefix .. 'desk')
  for _, name in ipairs(named) do redis.pcall('SADD', prefix .. 'unused', name) end
  remember(idem, request, idem_s, id, '0')
  return {'done', id, '0', '0'}
end

if op == 'note' then
  know_source()
  remember(idem, request, idem_s, id, '-' .. body)
  return {'done', id, '-' .. body, head_of(changes)}
end

if op ~= 'delete' then
  -- Refused when Redis is full, before anything else has been written.
  redis.call('HSET', meta, name .. ':head', head_of(changes))
end
local rev, offset

if op == 'put' then
  supersede(changes, id)
  if old then
    unindex(sets, old)
    redis.call('RPUSH', revisions, current)
    for _ = MAX_REVISIONS + 1, redis.call('LLEN', revisions) do count_pictures(prefix, redis.call('LPOP', revisions), -1) end
  end
  count_pictures(prefix, body, 1)
  redis.call('HSET', updates, id, body)
  index(sets, update, ms)
  know_source()
  rev, offset = whole(update.rev), append(changes, candidate, id, '{"op":"put","update":' .. body .. '}')
elseif op == 'delete' then
  local tombstone = '{"id":"' .. id .. '","time":"' .. old.time .. '"}'
  supersede(changes, id)
  redis.call('HDEL', updates, id)
  count_pictures(prefix, current, -1)
  for _, earlier in ipairs(redis.call('LRANGE', revisions, 0, -1)) do count_pictures(prefix, earlier, -1) end
  redis.call('DEL', revisions)
  redis.call('HDEL', imported, id)
  unindex(sets, old)
  redis.call('HSET', gone, id, tombstone)
  rev, offset = '0', append(changes, candidate, id, '{"op":"delete",' .. string.sub(tombstone, 2))
else
  supersede(changes, FEED_KEY)
  redis.call('HSET', meta, 'feed', body)
  rev, offset = '0', append(changes, candidate, FEED_KEY, '{"op":"feed","feed":' .. body .. '}')
end

remember(idem, request, idem_s, id, rev)
return {'done', id, rev, offset}
