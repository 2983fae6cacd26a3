/**
 * Moves a partition's windows in Redis from one state to the next in one atomic step, but only if
 * they are in the state that the caller believes them to be in (compare-and-set). The caller's step
 * is a pure function of the log, so the only change that passes is the right one, whoever makes it.
 *
 * KEYS: head, then the segments and blocks that change.
 * ARGV: applied, seq and clock as believed ('' where there is no head); the same as they become;
 * the ledger counts; the contents; then for each further key what to do (P put, A append, R remove)
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
for i = 2, #KEYS do
  local what = ARGV[5 + 2 * i]
  if what == 'R' then redis.call('DEL', KEYS[i])
  elseif what == 'A' then redis.call('APPEND', KEYS[i], ARGV[6 + 2 * i])
  else redis.call('SET', KEYS[i], ARGV[6 + 2 * i]) end
end
redis.call('HSET', KEYS[1], 'applied', ARGV[4], 'seq', ARGV[5], 'clock', ARGV[6], 'ledger', ARGV[7], 'contents', ARGV[8])
return 1
`;
