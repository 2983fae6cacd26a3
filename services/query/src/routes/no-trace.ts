import type { TracesRead } from '../live/trace-reader';

/** What is said of a trace id that is none. */
export const TRACE_ID_WANTED = 'a trace id is 1 to 32 hex digits, not all 0';

/** Why there may be no such trace, and what to do. */
export function noTrace(id: string, { warnings }: TracesRead): readonly string[] {
  const why = 'it may have come since the last checkpoint, or be older than the retention';
  return [`there is no trace ${id}: ${why}`, ...warnings];
}
