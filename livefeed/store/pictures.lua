-- Put before the scripts that write: how many revisions and items of a feed name each picture.

-- By what the JSON of a revision or an item names (livefeed.core.pictures goes by the same rule). What none
-- names any more is put down, for its file to be removed.
local function count_pictures(prefix, json, by)
  local media, unused, seen = prefix .. 'media', prefix .. 'unused', {}
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

local function refuse_wrong_pictures(prefix)
  return refuse_other_than(prefix .. 'media', 'hash') or refuse_other_than(prefix .. 'unused', 'set')
end
