-- Put before the other scripts: the reigns over a log, and the start of a new one.
--
-- Epochs are kept as "k3f9:1,x8a2:57": each with the offset that its reign began at. Offsets are
-- doubles in Lua: '%.0f' prints them whole up to 2^53.

local MAX_EPOCHS = 64

-- The process, and its own name for its history: a primary that was demoted and promoted again is the
-- same process, yet it has lost what it had not handed on.
local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') .. '-' ..
    string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
end

-- Reads epochs, head and floor of a log; opens a new epoch at head + 1 if the server process is
-- not the one that the last epoch belongs to, or if nothing is known of this log.
local function reign_of(meta, log, name, candidate)
  local got = redis.call('HMGET', meta, name .. ':epochs', name .. ':run_id', name .. ':head', name .. ':floor')
  local epochs, known, head, floor = got[1], got[2], tonumber(got[3] or '0'), tonumber(got[4] or '0')
  local current = run_id()
  if epochs and known == current then
    return {epochs = epochs, epoch = string.match(epochs, '(%w+):%d+$'), head = head, floor = floor}
  end
  local kept = {}
  for epoch, first in string.gmatch(epochs or '', '(%w+):(%d+)') do
    kept[#kept + 1] = {epoch, first}
    if epoch == candidate then
      candidate = candidate .. 'x'
    end
  end
  kept[#kept + 1] = {candidate, string.format('%.0f', head + 1)}
  local list = {}
  for at = math.max(1, #kept - MAX_EPOCHS + 1), #kept do
    -- An epoch whose reign ended below the floor cannot make a position good any more.
    local ended = kept[at + 1] and tonumber(kept[at + 1][2]) - 1
    if not ended or ended >= floor then
      list[#list + 1] = kept[at][1] .. ':' .. kept[at][2]
    end
  end
  epochs = table.concat(list, ',')
  -- HDEL needs no memory: after it Redis lets a script go on even when it is full, and a new
  -- reign must be written down before anything else.
  redis.call('HDEL', meta, name .. ':run_id')
  redis.call('HSET', meta, name .. ':epochs', epochs, name .. ':run_id', current,
    name .. ':head', string.format('%.0f', head), name .. ':floor', string.format('%.0f', floor))
  return {epochs = epochs, epoch = candidate, head = head, floor = floor}
end
