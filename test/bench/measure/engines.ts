import type { TestEngines } from '@spanloom/infra';
import { systemClock } from '@spanloom/runtime';
import { type Usage, usageOf, usedBetween } from './usage';

/** The engines that do work for each span. The registry does none. */
export const MEASURED_ENGINES = ['kafka', 'redis', 'clickhouse'] as const;
export type MeasuredEngine = (typeof MEASURED_ENGINES)[number];
export type EngineUsage = Readonly<Record<MeasuredEngine, Usage>>;

/** A reading of all engines, and when it was taken. */
export interface EngineReading {
  readonly at_ms: number;
  readonly usage: EngineUsage;
}

/** Reads what each engine has used so far. */
export function readEngines(engines: TestEngines): EngineReading {
  const of = (name: MeasuredEngine): Usage => usageOf(engines.engine(name).identity.pid);
  return {
    at_ms: systemClock.monotonicMs(),
    usage: { kafka: of('kafka'), redis: of('redis'), clickhouse: of('clickhouse') },
  };
}

/** CPU that an engine takes when nobody asks it anything, as a share of one processor. */
export type IdleShare = Readonly<Record<MeasuredEngine, number>>;

/** Measures the idle share for so long. The caller sees to it that nothing else goes on. */
export async function measureIdle(engines: TestEngines, for_ms: number): Promise<IdleShare> {
  const before = readEngines(engines);
  await systemClock.sleep(for_ms);
  const after = readEngines(engines);
  const share = (name: MeasuredEngine): number =>
    usedBetween(before.usage[name], after.usage[name]).cpu_us /
    ((after.at_ms - before.at_ms) * 1000);
  return { kafka: share('kafka'), redis: share('redis'), clickhouse: share('clickhouse') };
}

/** What an engine used between two readings, less what it would have used idle. Never below 0. */
export function engineCost(
  name: MeasuredEngine,
  before: EngineReading,
  after: EngineReading,
  idle: IdleShare,
): Usage {
  const used = usedBetween(before.usage[name], after.usage[name]);
  const idle_us = (after.at_ms - before.at_ms) * 1000 * idle[name];
  return { ...used, cpu_us: Math.max(0, used.cpu_us - idle_us) };
}
