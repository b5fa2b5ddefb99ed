-- Put before the scripts that write: a log, of each key one entry, bounded; and what a request has done before.
--
-- A log is a table: its keys `meta`, `log`, `offsets`, its `name`, the `bound` of its entries.

local FEED_KEY = '@feed'

local function whole(number)
  return string.format('%.0f', number)
end

local function refuse_other_than(key, want)
  local is = redis.call('TYPE', key).ok
  if is ~= 'none' and is ~= want then return {'inconsistent', key .. ' is a ' .. is} end
end

-- `types` are those that KEYS must have where they exist, in this order.
local function refuse_wrong_types(types)
  for at, want in ipairs(types) do
    local refusal = refuse_other_than(KEYS[at], want)
    if refusal then return refusal end
  end
end

local function last_id(log)
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

local function head_of(log)
  return redis.call('HGET', log.meta, log.name .. ':head') or '0'
end

local function refuse_broken(log)
  local last, head = last_id(log.log), head_of(log)
  if last ~= head .. '-0' then
    return {'inconsistent', 'the ' .. log.name .. ' ends at ' .. last .. ', its head is ' .. head}
  end
end

local function key_of(raw)
  local change = cjson.decode(raw)
  if change.op == 'put' then return change.update.id end
  if change.op == 'item' then return change.item.id end
  return change.op == 'feed' and FEED_KEY or change.id
end

-- Of each key the log holds one entry: the superseded one goes first, which needs no memory.
local function supersede(log, key)
  local offset = redis.call('HGET', log.offsets, key)
  if offset then redis.call('XDEL', log.log, offset .. '-0') end
end

local function trim(log, floor)
  local over = redis.call('XLEN', log.log) - tonumber(log.bound)
  if over <= 0 then return floor end
  for _, entry in ipairs(redis.call('XRANGE', log.log, '-', '+', 'COUNT', math.min(over, 1000))) do
    local offset = string.match(entry[1], '^%d+')
    local key = key_of(entry[2][2])
    if redis.call('HGET', log.offsets, key) == offset then redis.call('HDEL', log.offsets, key) end
    redis.call('XDEL', log.log, entry[1])
    floor = tonumber(offset)
  end
  return floor
end

local function append(log, candidate, key, raw)
  local reign = reign_of(log.meta, log.log, log.name, candidate)
  local offset = whole(reign.head + 1)
  redis.call('XADD', log.log, offset .. '-0', reign.epoch, raw)
  redis.call('HSET', log.offsets, key, offset)
  redis.call('HSET', log.meta, log.name .. ':head', offset, log.name .. ':floor', whole(trim(log, reign.floor)))
  return offset
end

-- What the request kept at `idem` has done, if it was committed before.
local function done_before(idem, request, idem_s)
  local before = redis.call('GET', idem)
  if not before then return end
  local hash, of, rev = string.match(before, '^(%S+) (%S*) (%S*)$')
  if hash ~= request then return {'mismatch'} end
  -- WAIT counts the replicas that have this connection's last write: without one it asks for nothing.
  redis.call('EXPIRE', idem, idem_s)
  return {'replay', of, rev}
end

local function remember(idem, request, idem_s, id, rev)
  redis.call('SET', idem, request .. ' ' .. id .. ' ' .. rev, 'EX', idem_s)
end
