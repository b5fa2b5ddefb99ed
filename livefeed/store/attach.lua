-- What a hub needs to stand on a log; opens a new epoch where another server process reigns now.
--
-- KEYS: meta, log      ARGV: log name, candidate for a new epoch, offset, count
--
--   offset   '': the newest `count` entries, newest first; else `count` entries above that offset
--
-- Returns {epochs, head, floor, feed JSON, entries}, or {'missing'} if there is no such feed. The
-- entries come from here, since read by themselves they could be another server's, or another moment's.

local meta, log = KEYS[1], KEYS[2]
local name, candidate, offset, count = unpack(ARGV)

local feed = redis.call('HGET', meta, 'feed')
if not feed then
  return {'missing'}
end
local entries = {}
if count ~= '0' and offset == '' then
  entries = redis.call('XREVRANGE', log, '+', '-', 'COUNT', count)
elseif count ~= '0' then
  entries = redis.call('XRANGE', log, '(' .. offset .. '-0', '+', 'COUNT', count)
end
local reign = reign_of(meta, log, name, candidate)
return {reign.epochs, reign.head, reign.floor, feed, entries}
