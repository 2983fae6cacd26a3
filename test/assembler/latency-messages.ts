import { SCHEMAS } from '@spanloom/avro';
import { createLatencyState, decodePaneBatch, LATENCY_RULES, step } from '@spanloom/sketch';
import { until } from '../process/watched-process';
import type { AssemblyLine } from './running-assembler';

/** Messages of each partition, in hex. */
interface LatencyMessages {
  /** What the pure reducer writes. */
  readonly expected: readonly (readonly string[])[];
  /** What a sink would accept of what is there: each number once. */
  readonly accepted: readonly (readonly string[])[];
}

async function latencyMessages(
  line: AssemblyLine,
  partitions: number,
  flush_s: number,
): Promise<LatencyMessages> {
  const subject = `${line.kafka.topic('latency')}-value`;
  const paneId = await line.kafka.registry().register(subject, SCHEMAS.latencyPane);
  const expected: string[][] = [];
  const accepted: string[][] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const rules = { ...LATENCY_RULES, flush_s };
    const state = createLatencyState(partition, paneId, rules, { seq: 1, clockS: 0 });
    const flushes = (await line.read('spans', partition)).flatMap(({ value, ...record }) =>
      step(state, { ...record, batch: value?.[0] === 0 ? value : null }),
    );
    expected.push(flushes.flatMap(({ messages }) => messages.map((m) => m.toString('hex'))));
    const taken: string[] = [];
    for (const { value } of await line.read('latency', partition)) {
      const { seq } = decodePaneBatch(value as Buffer);
      if (seq > taken.length + 1) throw new Error(`${seq} after ${taken.length}`);
      const bytes = (value as Buffer).toString('hex');
      if (taken[seq - 1] !== undefined && taken[seq - 1] !== bytes) {
        throw new Error(`number ${seq} of partition ${partition} is there with other bytes`);
      }
      taken[seq - 1] = bytes;
    }
    accepted.push(taken);
  }
  return { expected, accepted };
}

/** Waits until the topic latency holds, of every partition, what the pure reducer makes of the log: bounded. */
export async function expectLatency(
  line: AssemblyLine,
  partitions: number,
  flush_s: number,
): Promise<void> {
  await until('as many latency messages as the reducer writes', async () => {
    const { expected, accepted } = await latencyMessages(line, partitions, flush_s);
    return accepted.flat().length >= expected.flat().length;
  });
  const { expected, accepted } = await latencyMessages(line, partitions, flush_s);
  expect(accepted).toEqual(expected);
  expect(Math.min(...expected.map((messages) => messages.length))).toBeGreaterThan(0);
}
