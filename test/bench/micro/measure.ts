/** What one step costs. */
export interface MicroResult {
  readonly name: string;
  /** CPU per span over all rounds, µs. */
  readonly median_us: number;
  readonly least_us: number;
}

/** Runs that are not counted: the compiler settles. */
const WARM_UP = 3;

/** User and system time of this process, all threads, per item of `once`, over `rounds` runs of it. */
export async function measure(
  name: string,
  items: number,
  rounds: number,
  once: () => void | Promise<void>,
): Promise<MicroResult> {
  for (let i = 0; i < WARM_UP; i++) await once();
  const costs: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const before = process.cpuUsage();
    await once();
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / items);
  }
  costs.sort((a, b) => a - b);
  return {
    name,
    median_us: costs[rounds >> 1] as number,
    least_us: costs[0] as number,
  };
}
