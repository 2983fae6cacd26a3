/**
 * Spans per second that the machine can take, from what the drain measured: its processors divided by what a span
 * takes of them in all processes, and no more than what the busiest worker can do on the one processor it uses.
 */
export function capacitySpansPerS(options: {
  readonly processors: number;
  readonly copies: number;
  /** CPU per span of each worker, µs. */
  readonly workers_us: readonly number[];
  /** CPU per span of everything, µs. */
  readonly system_us: number;
}): number {
  const { processors, copies, workers_us, system_us } = options;
  const byMachine = (processors * 1e6) / system_us;
  const byWorker = (copies * 1e6) / Math.max(...workers_us);
  return Math.min(byMachine, byWorker);
}
