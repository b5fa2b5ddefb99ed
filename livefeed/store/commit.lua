-- The one writer of a feed: checks everything, then writes; what it refuses has changed nothing.
--
-- KEYS: meta, log, updates, timeline, offsets, gone, sources, revisions:<id>, idem:<hash>, key, pinned, tags,
--       said, imported
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
-- refusal: {'mismatch'}, {'missing'}, {'exists', id}, {'source', id, digest}, {'gone', tombstone},
-- {'unknown'}, {'conflict', current JSON}, {'closed'}, {'pinned', bound}, {'inconsistent', reason}; to recall {'fresh'} too.
--
-- Lua has no roll-back, so no write may fail: types are checked first, and what needs memory comes
-- after a write that Redis refuses when it is full (put, feed) or never refuses (delete). cjson
-- reads here and never writes: it would spoil empty lists and large integers.

local meta, log, updates, timeline, offsets, gone, sources = unpack(KEYS, 1, 7)
local revisions, idem, key_events, pinned, tags, said, imported = unpack(KEYS, 8, 14)
local name, candidate, op, id, expected, body = unpack(ARGV, 1, 6)
local ms, source, request, idem_s, bound, prefix, digest, source_hash = unpack(ARGV, 7, 14)

local MAX_REVISIONS = 100
local MAX_PINNED = 100
local FEED_KEY = '@feed'

-- Pictures that the feed names: how many revisions and items name each; those that none does any more.
local media, unused = prefix .. 'media', prefix .. 'unused'

local function whole(number)
  return string.format('%.0f', number)
end

local TYPES = {'hash', 'stream', 'hash', 'zset', 'hash', 'hash', 'hash', 'list', 'string', 'zset', 'zset', 'hash', 'hash', 'hash'}

local function refuse_other_than(key, want)
  local is = redis.call('TYPE', key).ok
  if is ~= 'none' and is ~= want then return {'inconsistent', key .. ' is a ' .. is} end
end

local function refuse_wrong_types()
  for at, want in ipairs(TYPES) do
    local refusal = refuse_other_than(KEYS[at], want)
    if refusal then return refusal end
  end
end

local function refuse_wrong_tags(update)
  for _, tag in ipairs(update and update.tags or {}) do
    local refusal = refuse_other_than(prefix .. 'tag:' .. tag, 'zset')
    if refusal then return refusal end
  end
end

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

-- By what the JSON of a revision or an item names (livefeed.core.pictures goes by the same rule).
local function count_pictures(json, by)
  local seen = {}
  for hash, ending in string.gmatch(json, '/media/([0-9a-f]+)%.(%l+)') do
    local name = hash .. '.' .. ending
    if #hash == 32 and (ending == 'jpg' or ending == 'png' or ending == 'webp') and not seen[name] then
      seen[name] = true
      if redis.call('HINCRBY', media, name, by) <= 0 then
        redis.call('HDEL', media, name)
        redis.call('SADD', unused, name)
      end
    end
  end
end

local function last_id()
  local info = redis.pcall('XINFO', 'STREAM', log)
  if info.err then
    return '0-0'
  end
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then
      return info[at + 1]
    end
  end
end

local function index(update, score)
  redis.call('ZADD', timeline, score, update.id)
  if update.key then redis.call('ZADD', key_events, score, update.id) end
  if update.pinned then redis.call('ZADD', pinned, score, update.id) end
  for _, tag in ipairs(update.tags) do
    redis.call('ZADD', prefix .. 'tag:' .. tag, score, update.id)
    redis.call('HINCRBY', tags, tag, 1)
  end
end

local function unindex(update)
  redis.call('ZREM', timeline, update.id)
  redis.call('ZREM', key_events, update.id)
  redis.call('ZREM', pinned, update.id)
  for _, tag in ipairs(update.tags) do
    redis.call('ZREM', prefix .. 'tag:' .. tag, update.id)
    if redis.call('HINCRBY', tags, tag, -1) <= 0 then redis.call('HDEL', tags, tag) end
  end
end

local function key_of(raw)
  local change = cjson.decode(raw)
  if change.op == 'put' then return change.update.id end
  return change.op == 'feed' and FEED_KEY or change.id
end

-- Of each key the log holds one entry: the superseded one goes first, which needs no memory.
local function supersede(key)
  local offset = redis.call('HGET', offsets, key)
  if offset then redis.call('XDEL', log, offset .. '-0') end
end

local function trim(floor)
  local over = redis.call('XLEN', log) - tonumber(bound)
  if over <= 0 then return floor end
  for _, entry in ipairs(redis.call('XRANGE', log, '-', '+', 'COUNT', math.min(over, 1000))) do
    local offset = string.match(entry[1], '^%d+')
    local key = key_of(entry[2][2])
    if redis.call('HGET', offsets, key) == offset then redis.call('HDEL', offsets, key) end
    redis.call('XDEL', log, entry[1])
    floor = tonumber(offset)
  end
  return floor
end

local function append(reign, key, raw)
  local offset = whole(reign.head + 1)
  redis.call('XADD', log, offset .. '-0', reign.epoch, raw)
  redis.call('HSET', offsets, key, offset)
  redis.call('HSET', meta, name .. ':head', offset, name .. ':floor', whole(trim(reign.floor)))
  return offset
end

local function remember(rev)
  redis.call('SET', idem, request .. ' ' .. id .. ' ' .. rev, 'EX', idem_s)
end

-- Checks ---------------------------------------------------------------------------------------

local refusal = op ~= 'remove'
  and (refuse_wrong_types() or refuse_other_than(media, 'hash') or refuse_other_than(unused, 'set'))
if refusal then return refusal end

local before = redis.call('GET', idem)
if before then
  local hash, of, rev = string.match(before, '^(%S+) (%S*) (%S*)$')
  if hash ~= request then return {'mismatch'} end
  -- WAIT counts the replicas that have this connection's last write: without one it asks for nothing.
  redis.call('EXPIRE', idem, idem_s)
  return {'replay', of, rev}
end
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
    if cjson.decode(feed).status == 'closed' then return {'closed'} end
  end
end

if update and update.pinned and not (old and old.pinned) and redis.call('ZCARD', pinned) >= MAX_PINNED then
  return {'pinned', whole(MAX_PINNED)}
end

refusal = refuse_wrong_tags(old) or refuse_wrong_tags(update)
if refusal then return refusal end

local last, head = last_id(), redis.call('HGET', meta, name .. ':head') or '0'
if last ~= head .. '-0' and op ~= 'remove' then  -- what is broken can still be removed
  return {'inconsistent', 'the log ends at ' .. last .. ', its head is ' .. head}
end

-- Writes ---------------------------------------------------------------------------------------

if op == 'remove' then
  -- pcall: of the wrong type, a key has no fields; it goes all the same.
  for _, update_id in ipairs(redis.pcall('HKEYS', updates)) do redis.call('DEL', prefix .. 'revisions:' .. update_id) end
  for _, tag in ipairs(redis.pcall('HKEYS', tags)) do redis.call('DEL', prefix .. 'tag:' .. tag) end
  local named = redis.pcall('HKEYS', media)
  redis.call('DEL', media, meta, log, updates, timeline, offsets, gone, sources, said, imported, key_events, pinned, tags,
    prefix .. 'desklog', prefix .. 'deskoffsets', prefix .. 'items', prefix .. 'due')
  for _, name in ipairs(named) do redis.pcall('SADD', unused, name) end
  remember('0')
  return {'done', id, '0', '0'}
end

if op == 'note' then
  know_source()
  remember('-' .. body)
  return {'done', id, '-' .. body, head}
end

if op ~= 'delete' then
  -- Refused when Redis is full, before anything else has been written.
  redis.call('HSET', meta, name .. ':head', head)
end
local reign = reign_of(meta, log, name, candidate)
local rev, offset

if op == 'put' then
  supersede(id)
  if old then
    unindex(old)
    redis.call('RPUSH', revisions, current)
    for _ = MAX_REVISIONS + 1, redis.call('LLEN', revisions) do count_pictures(redis.call('LPOP', revisions), -1) end
  end
  count_pictures(body, 1)
  redis.call('HSET', updates, id, body)
  index(update, ms)
  know_source()
  rev, offset = whole(update.rev), append(reign, id, '{"op":"put","update":' .. body .. '}')
elseif op == 'delete' then
  local tombstone = '{"id":"' .. id .. '","time":"' .. old.time .. '"}'
  supersede(id)
  redis.call('HDEL', updates, id)
  count_pictures(current, -1)
  for _, earlier in ipairs(redis.call('LRANGE', revisions, 0, -1)) do count_pictures(earlier, -1) end
  redis.call('DEL', revisions)
  redis.call('HDEL', imported, id)
  unindex(old)
  redis.call('HSET', gone, id, tombstone)
  rev, offset = '0', append(reign, id, '{"op":"delete",' .. string.sub(tombstone, 2))
else
  supersede(FEED_KEY)
  redis.call('HSET', meta, 'feed', body)
  rev, offset = '0', append(reign, FEED_KEY, '{"op":"feed","feed":' .. body .. '}')
end

remember(rev)
return {'done', id, rev, offset}
