import { FragmentReader } from '@spanloom/avro';
import type { ClickHouse } from '@spanloom/clickhouse';
import type { Kafka, TopicName } from '@spanloom/kafka';
import { PaneRows } from '@spanloom/rowbinary';
import type { Logger } from '@spanloom/runtime';

/**
 * What is stored of a partition, by the greatest number in the tables. Fragments are asked for and not spans, which
 * go in before them: a block that broke off between the two is stored again, and the span table drops its copies.
 */
const STORED_SQL: Partial<Readonly<Record<TopicName, string>>> = {
  traces:
    'SELECT max(Seq) AS seq FROM (SELECT Seq FROM trace_fragments WHERE Partition = {p:UInt16}' +
    ' UNION ALL SELECT Seq FROM ledger WHERE Partition = {p:UInt16})',
  latency: 'SELECT max(Seqs[{p:UInt16}]) AS seq FROM latency_panes',
  // Of counters the greatest holds: those may be stored again.
  figures: 'SELECT max(Seqs[{p:UInt16}]) AS seq FROM pipeline_delays',
};

/** So many messages at either end of the topic are looked at: some may be nobody's. */
const LOOK_AT_MESSAGES = 50;

/** What {@link storedBefore} works with. */
export interface LostCommitDeps {
  readonly kafka: Kafka;
  readonly clickhouse: ClickHouse;
  readonly logger: Logger;
}

/**
 * The last number of a partition that is stored, for a partition without a commit: a group that was deleted, or
 * whose offsets expired, must not store everything again. Null where the tables hold nothing that is in the log, so
 * that what comes first is taken.
 */
export async function storedBefore(
  name: TopicName,
  partition: number,
  { kafka, clickhouse, logger }: LostCommitDeps,
): Promise<number | null> {
  const sql = STORED_SQL[name];
  if (sql === undefined) return null; // letters have names of their own
  const numbers = await numbersIn(name, partition, kafka);
  if (numbers === null) return null;
  const [row] = await clickhouse.query<{ seq: number }>(sql, { p: partition });
  const stored = row?.seq ?? 0;
  if (stored === 0) return null;
  const continues = numbers.first <= stored + 1 && stored <= numbers.last;
  logger.warn(
    { topic: name, partition, stored, ...numbers },
    continues
      ? 'no commit: going on after the last number that is stored'
      : 'no commit, and the numbers in the tables are not those of the topic: storing all that it has',
  );
  return continues ? stored : null;
}

interface Numbers {
  readonly first: number;
  readonly last: number;
}

/** The numbers at both ends of a partition; null when it holds none. */
async function numbersIn(
  name: TopicName,
  partition: number,
  kafka: Kafka,
): Promise<Numbers | null> {
  const topic = kafka.topic(name);
  const all = await (await kafka.admin()).offsets(topic);
  const { low = 0, high = 0 } = all.find((o) => o.partition === partition) ?? {};
  if (name === 'figures') return high > low ? { first: low + 1, last: high } : null;
  let numbers: Numbers | null = null;
  const seqsOf = name === 'traces' ? entrySeqs() : paneSeqs();
  const look = async (from: number, to: number): Promise<void> => {
    if (from >= to) return;
    await kafka.readRange({ topic, partition, from, to }, (records) => {
      for (const { value } of records) {
        const found = value === null ? null : seqsOf(value);
        if (found === null) continue;
        numbers = {
          first: Math.min(numbers?.first ?? found.first, found.first),
          last: Math.max(numbers?.last ?? found.last, found.last),
        };
      }
    });
  };
  await look(low, Math.min(high, low + LOOK_AT_MESSAGES));
  await look(Math.max(low, high - LOOK_AT_MESSAGES), high);
  return numbers;
}

function entrySeqs(): (value: Buffer) => Numbers | null {
  const reader = new FragmentReader();
  return (value) => {
    if (!reader.reset(value)) return null;
    const first = reader.firstSeq;
    let last: number | null = null;
    for (let kind = reader.next(); kind !== 'end' && kind !== 'corrupt'; kind = reader.next()) {
      last = reader.seq;
    }
    return last === null ? null : { first, last };
  };
}

function paneSeqs(): (value: Buffer) => Numbers | null {
  const panes = new PaneRows();
  return (value) => (panes.open(value) ? { first: panes.seq, last: panes.seq } : null);
}
