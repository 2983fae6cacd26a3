import { WINDOW } from './open-windows';
import { NONE } from './record-pool';
import { BLOCK_BYTES, SpanArena, smallMemory } from './span-arena';
import type { WindowState } from './state';
import { TRACE } from './trace-table';

/** Memory below this is not worth the work. */
const SHRUNK_BYTES_MIN = 8 * 1024 * 1024;
/** Windows that take less than this part of their memory are moved to one of their size. */
const SPARSE = 1 / 4;

/**
 * Gives back the memory of windows that have closed, once it is most of it: a backlog has many windows open at once, and
 * whoever has caught up with it few. What is open is copied, so it costs little for each byte that was ever held. Changes
 * nothing that {@link WindowState} says.
 * @param bytes_min memory below this is left as it is
 * @returns whether memory was given back
 */
export function shrinkIfSparse(state: WindowState, bytes_min = SHRUNK_BYTES_MIN): boolean {
  const { windows, traces, openBytes, openWindows } = state;
  const has = windows.arena.bytes.length;
  if (has < bytes_min || openBytes + openWindows * BLOCK_BYTES > has * SPARSE) return false;
  const arena = new SpanArena(smallMemory());
  const { words } = windows.pool;
  for (const trace of traces) {
    const window = traces.pool.words[trace + TRACE.window] as number;
    if (window === NONE) continue;
    const bytes = words[window + WINDOW.bytes] as number;
    const first = words[window + WINDOW.first] as number;
    words[window + WINDOW.last] = arena.takeFrom(windows.arena, first, bytes);
    words[window + WINDOW.first] = arena.started;
  }
  windows.arena.close();
  windows.arena = arena;
  return true;
}
