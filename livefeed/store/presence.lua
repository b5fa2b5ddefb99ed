-- Who is at the desk of a feed: each open tab says so now and then, and is forgotten when it does not.
--
-- KEYS: meta, desk      ARGV: milliseconds that a word is good for, who ('' to ask only), the rest ('' to leave),
--                             whose, most tabs in all, most of one person
-- A member is <who><rest>: ["<name>","<tab>", and what is edited. `whose` is its beginning that names the person.
--
-- Returns {'missing'}, or {members}, the oldest word first. Nothing is written where nothing is said.

local meta, desk = KEYS[1], KEYS[2]
local good_ms, who, rest, whose, most, most_own = unpack(ARGV)

if redis.call('HEXISTS', meta, 'feed') == 0 then return {'missing'} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function begins_with(member, with)
  return string.sub(member, 1, #with) == with
end

if who ~= '' then
  redis.call('ZREMRANGEBYSCORE', desk, '-inf', string.format('(%.0f', now - good_ms))
  -- One from the future was said to a server with another clock, before a fail-over.
  redis.call('ZREMRANGEBYSCORE', desk, string.format('(%.0f', now + good_ms), '+inf')
  local own = {}
  for _, member in ipairs(redis.call('ZRANGE', desk, 0, -1)) do
    if begins_with(member, who) then
      redis.call('ZREM', desk, member)
    elseif begins_with(member, whose) then
      own[#own + 1] = member
    end
  end
  if rest ~= '' then
    if #own >= tonumber(most_own) then redis.call('ZREM', desk, own[1]) end
    if redis.call('ZCARD', desk) < tonumber(most) then
      redis.call('ZADD', desk, string.format('%.0f', now), who .. rest)
    end
  end
  redis.call('PEXPIRE', desk, good_ms)
end
return {redis.call('ZRANGEBYSCORE', desk, string.format('%.0f', now - good_ms), '+inf')}
