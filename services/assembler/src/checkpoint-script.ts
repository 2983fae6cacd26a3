/**
 * Moves a partition's windows in Redis from one state to the next in one atomic step, but only if
 * they are in the state that the caller believes them to be in (compare-and-set). The caller's step
 * is a pure function of the log, so the only change that passes is the right one, whoever makes it.
 *
 * KEYS: head, traces, then the window keys that change.
 * ARGV: applied, seq and clock as believed ('' where there is no head); the same as they become;
 * the ledger counts; the number of traces set, then id and state of each; the number of traces
 * forgotten, then the id of each; then for each window key what to do (D delete, A append, R replace)
 * and the bytes.
 * Returns 1, or what the head holds instead.
 */
export const CHECKPOINT_LUA = `
local head = redis.call('HMGET', KEYS[1], 'applied', 'seq', 'clock')
for i = 1, 3 do
  if (head[i] or '') ~= ARGV[i] then
    return {head[1] or '', head[2] or '', head[3] or ''}
  end
end
local at = 8
for _ = 1, tonumber(ARGV[at]) do
  redis.call('HSET', KEYS[2], ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
  redis.call('HDEL', KEYS[2], ARGV[at + 1])
  at = at + 1
end
for i = 3, #KEYS do
  local what = ARGV[at + 1]
  if what ~= 'A' then redis.call('DEL', KEYS[i]) end
  if what ~= 'D' then redis.call('APPEND', KEYS[i], ARGV[at + 2]) end
  at = at + 2
end
redis.call('HSET', KEYS[1], 'applied', ARGV[4], 'seq', ARGV[5], 'clock', ARGV[6], 'ledger', ARGV[7])
return 1
`;
