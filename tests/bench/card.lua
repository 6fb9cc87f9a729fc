-- The card rule of fraudd for Redis: distinct cards of an address in a window
-- that each attempt starts again, exact and bounded by the limit.
local count = redis.call('SCARD', KEYS[1])
local limit = tonumber(ARGV[3])
if count < limit then
	count = count + redis.call('SADD', KEYS[1], ARGV[1])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
if count >= limit then
	return {'deny', 'card-shotgun', count, limit, tonumber(ARGV[2])}
end
return {'allow', false, count, limit, 0}
