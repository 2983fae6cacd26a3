import { SpanloomError } from '@spanloom/runtime';
import type { DriverCompression, DriverName } from './driver';
import { PACKINGS, PARTITIONS, type Packing } from './messages';
import { openPort } from './port';
import { type ChildReport, type ChildRequest, runChild } from './request';

/** CPU of one driver at one task, µs per span, one value for each round. */
export interface DriverCost {
  readonly driver: DriverName;
  readonly packing: Packing;
  readonly mode: 'produce' | 'consume';
  readonly rounds_us: readonly number[];
}

/** What to compare. */
export interface Comparison {
  readonly brokers: readonly string[];
  readonly spans: number;
  readonly rounds: number;
  readonly compression: DriverCompression;
  /** Each with the folder that has it; '' for those that this project has. */
  readonly drivers: ReadonlyMap<DriverName, string>;
  readonly say: (text: string) => void;
}

/** Makes and removes topics of one broker. */
async function openTopics(brokers: readonly string[]) {
  const kafka = openPort(brokers);
  const admin = await kafka.admin();
  return {
    async make(topic: string): Promise<void> {
      const stamped = { 'message.timestamp.type': 'LogAppendTime' };
      await admin.ensureTopics([
        { topic, partitions: PARTITIONS, replicationFactor: 1, config: stamped, required: {} },
      ]);
    },
    remove: (topic: string) => admin.deleteTopics([topic]),
    /** Records that are in the topic. */
    async count(topic: string): Promise<number> {
      return (await admin.offsets(topic)).reduce((sum, { low, high }) => sum + high - low, 0);
    },
    close: () => kafka.close(),
  };
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new SpanloomError('internal', `the comparison is wrong: ${what}`);
}

/**
 * Runs every driver at every task, in turn within a round. All write the same messages; all read one topic, which
 * Spanloom's port has written. A driver that loses or doubles a record fails the comparison.
 */
export async function compareDrivers(what: Comparison): Promise<readonly DriverCost[]> {
  const topics = await openTopics(what.brokers);
  const costs = new Map<string, DriverCost & { readonly rounds_us: number[] }>();

  async function run(
    request: Omit<ChildRequest, 'brokers' | 'spans' | 'folder' | 'compression'>,
  ): Promise<ChildReport> {
    const { driver, packing, mode } = request;
    const folder = what.drivers.get(driver) ?? '';
    const { brokers, spans, compression } = what;
    const report = await runChild({ ...request, folder, brokers, spans, compression });
    const key = `${packing} ${mode} ${driver}`;
    const cost = costs.get(key) ?? { driver, packing, mode, rounds_us: [] };
    costs.set(key, cost);
    cost.rounds_us.push(report.cpu_us / (spans * report.measured));
    what.say(`${key}: ${cost.rounds_us.at(-1)?.toFixed(2)} µs/span`);
    return report;
  }

  /** A fifth of what the others are, written by Spanloom's port. */
  async function writeSmall(packing: Packing, topic: string) {
    await topics.make(topic);
    const { brokers, compression } = what;
    const spans = Math.ceil(what.spans / 5);
    const task = { driver: 'spanloom', folder: '', mode: 'produce', logs: [] } as const;
    const { records } = await runChild({
      ...task,
      packing,
      brokers,
      topic,
      spans,
      compression,
    });
    return { topic, records };
  }

  async function round(packing: Packing, n: number): Promise<void> {
    const names = [...what.drivers.keys()];
    const topicOf = (driver: DriverName): string => `bench-${packing}-${n}-${driver}`;
    const written: ChildReport[] = [];
    for (const driver of names) {
      const topic = topicOf(driver);
      await topics.make(topic);
      const report = await run({ driver, packing, mode: 'produce', topic, logs: [] });
      must((await topics.count(topic)) === report.records, `${driver} lost or doubled records`);
      written.push(report);
    }
    const { records, bytes } = written[0] as ChildReport;
    for (const report of written) must(report.bytes === bytes, 'not all wrote the same bytes');
    const small = await writeSmall(packing, `bench-${packing}-${n}-small`);
    const logs = [small, { topic: topicOf('spanloom'), records }];
    for (const driver of names) {
      const report = await run({ driver, packing, mode: 'consume', topic: '', logs });
      must(report.bytes === bytes, `${driver} read other bytes than were written`);
    }
    for (const topic of [small.topic, ...names.map(topicOf)]) await topics.remove(topic);
  }

  try {
    for (let n = 0; n < what.rounds; n++) {
      for (const packing of PACKINGS) await round(packing, n);
    }
    return [...costs.values()];
  } finally {
    await topics.close();
  }
}
