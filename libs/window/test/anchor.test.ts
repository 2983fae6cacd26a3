import { FragmentBatchBuilder, FragmentReader } from '@spanloom/avro';
import fc from 'fast-check';
import {
  createWindowState,
  type Entry,
  horizonS,
  type LedgerAnchor,
  type LogRecord,
  type PartitionLog,
  type ScannedRecord,
  step,
  windowsBeforeLedger,
} from '../src';
import { hostileLog, RULES, recordsOf } from './hostile-log';

const reader = {
  read: ({ offset }: LogRecord): ScannedRecord => current[offset] as ScannedRecord,
};
/** The log that is being tried. */
let current: readonly ScannedRecord[] = [];

/** The log from `low` on. */
function logFrom(low: number): PartitionLog {
  const records = current.map(({ offset, clockS, value }): LogRecord => {
    return { offset, timestampMs: clockS * 1000, value };
  });
  return {
    offsetAt: async (ms) => {
      return records.find((r) => r.offset >= low && r.timestampMs >= ms)?.offset ?? null;
    },
    async read(from, to, take) {
      if (from < low) throw new Error('gone');
      await take(records.slice(from, to));
    },
  };
}

function ledgersIn(offset: number, entries: readonly Entry[]): LedgerAnchor[] {
  if (entries.length === 0) return [];
  const builder = new FragmentBatchBuilder(0);
  for (const { seq, bytes } of entries) builder.add(seq, bytes);
  const found = new FragmentReader();
  found.reset(builder.finish(1));
  const anchors: LedgerAnchor[] = [];
  for (let kind = found.next(); kind !== 'end'; kind = found.next()) {
    if (found.ledger === null || kind !== 'ledger') continue;
    expect(found.ledger.toOffset).toBe(offset);
    anchors.push({ offset, seq: found.seq, at_s: found.ledger.atS });
  }
  return anchors;
}

const fragments = (entries: readonly Entry[]) =>
  entries
    .filter(({ bytes }) => bytes[0] === 0)
    .map(({ seq, bytes }) => `${seq} ${bytes.toString('hex')}`);

test('from any ledger entry on, one horizon of log and its number are enough to go on', async () => {
  let tried = 0;
  await fc.assert(
    fc.asyncProperty(hostileLog, fc.nat(), async (log, choice) => {
      current = recordsOf(log, () => true);
      const whole = createWindowState({});
      const anchors: LedgerAnchor[] = [];
      const entries: Entry[] = [];
      for (const record of current) {
        const closed = step(whole, record, RULES);
        anchors.push(...ledgersIn(record.offset, closed));
        entries.push(...closed);
      }
      const anchor = anchors[choice % anchors.length];
      if (anchor === undefined) return;
      const before = current[anchor.offset - 1] as ScannedRecord;
      const horizon = before.clockS - horizonS(RULES);
      const low = current.findIndex(({ clockS }) => clockS >= horizon);
      const end = current.length;
      const deps = { partition: 0, log: logFrom(low), low, end, reader, rules: RULES };
      const state = await windowsBeforeLedger(anchor, deps);
      if (state === null) throw new Error('the entry did not come out');
      expect(state.applied).toBe(anchor.offset);
      const first = state.seq;
      const again = current.slice(anchor.offset).flatMap((record) => step(state, record, RULES));
      expect(fragments(again)).toEqual(fragments(entries.filter(({ seq }) => seq > first)));
      expect(state.seq).toBe(whole.seq);
      tried++;
      const other = { ...anchor, at_s: anchor.at_s + 1 };
      expect(await windowsBeforeLedger(other, deps)).toBeNull();
    }),
    { numRuns: 100 },
  );
  expect(tried).toBeGreaterThan(50);
});
