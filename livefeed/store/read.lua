-- Several reads of one feed's keys, all at one moment.
--
-- KEYS: any key of the feed      ARGV: the commands, as a JSON list of lists
-- Returns the answers, as Redis gives them.

local answers = {}
for at, command in ipairs(cjson.decode(ARGV[1])) do
  answers[at] = redis.call(unpack(command))
end
return answers
