-- What a hub needs to stand on a log; opens a new epoch where another server process reigns now.
--
-- KEYS: meta, log      ARGV: log name, candidate for a new epoch
-- Returns {epochs, head, floor, feed JSON}, or {'missing'} if there is no such feed.

local meta, log = KEYS[1], KEYS[2]
local name, candidate = ARGV[1], ARGV[2]

local feed = redis.call('HGET', meta, 'feed')
if not feed then
  return {'missing'}
end
local reign = reign_of(meta, log, name, candidate)
return {reign.epochs, reign.head, reign.floor, feed}
