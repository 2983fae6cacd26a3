/** What `--sweep` can vary. */
export const SWEEPS = ['trace-size', 'span-size', 'open-windows', 'partitions', 'copies'] as const;
export type SweepName = (typeof SWEEPS)[number];
