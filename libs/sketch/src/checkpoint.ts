import type { LatencyCheckpoint } from './reducer';

/** A checkpoint as the text that is committed with the offset. */
export function encodeCheckpoint(checkpoint: LatencyCheckpoint): string {
  return JSON.stringify({ v: 1, seq: checkpoint.seq, clock_s: checkpoint.clockS });
}

/** What a commit's metadata says: a checkpoint, nothing, or something that is not ours. */
export type ReadCheckpoint =
  | { readonly status: 'ok'; readonly checkpoint: LatencyCheckpoint }
  | { readonly status: 'absent' }
  | { readonly status: 'corrupt'; readonly why: string };

/** Reads what {@link encodeCheckpoint} wrote. */
export function decodeCheckpoint(metadata: string): ReadCheckpoint {
  if (metadata === '') return { status: 'absent' };
  let parsed: { v?: unknown; seq?: unknown; clock_s?: unknown } | null;
  try {
    parsed = JSON.parse(metadata) as typeof parsed;
  } catch {
    return { status: 'corrupt', why: 'not JSON' };
  }
  const { v, seq, clock_s: clockS } = parsed ?? {};
  if (v !== 1) return { status: 'corrupt', why: `unknown version ${String(v)}` };
  if (!isCount(seq) || seq < 1) return { status: 'corrupt', why: `seq ${String(seq)}` };
  if (!isCount(clockS)) return { status: 'corrupt', why: `clock_s ${String(clockS)}` };
  return { status: 'ok', checkpoint: { seq, clockS } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
