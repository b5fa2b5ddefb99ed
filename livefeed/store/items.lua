-- All items of a feed and the position that they were read at, together.
--
-- KEYS: meta, desklog, items      ARGV: candidate epoch
--
-- Returns {epochs, head, floor, feed JSON, items}, or {'missing'} if there is no such feed.

local meta, desklog, items = unpack(KEYS)

local feed = redis.call('HGET', meta, 'feed')
if not feed then
  return {'missing'}
end
local all = redis.call('HVALS', items)
local reign = reign_of(meta, desklog, 'desklog', ARGV[1])
return {reign.epochs, reign.head, reign.floor, feed, all}
