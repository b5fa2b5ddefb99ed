-- How many read a feed, over all hubs; a hub says its own count here and hears that of the others.
--
-- KEYS: readers      ARGV: the hub, its count ('' to say nothing, '0' when it has none), milliseconds that a count is good for
--
-- Returns the sum of what the other hubs have said lately. Nothing is written where nothing is said.

local key = KEYS[1]
local hub, count, good_ms = unpack(ARGV)

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local others, stale = 0, {}
local said = redis.call('HGETALL', key)
for at = 1, #said, 2 do
  local readers, ms = string.match(said[at + 1], '^(%d+):(%d+)$')
  -- One from the future was said to a server with another clock, before a fail-over.
  if not readers or math.abs(now - ms) > tonumber(good_ms) then
    stale[#stale + 1] = said[at]
  elseif said[at] ~= hub then
    others = others + readers
  end
end
if count ~= '' then
  -- HDEL needs no memory: after it Redis lets a script go on even when it is full.
  redis.call('HDEL', key, hub, unpack(stale))
  if count ~= '0' then
    redis.call('HSET', key, hub, count .. ':' .. string.format('%.0f', now))
    redis.call('PEXPIRE', key, good_ms)
  end
end
return {others}
