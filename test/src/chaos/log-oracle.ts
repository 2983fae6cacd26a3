import { createHash } from 'node:crypto';
import { CLOSE_REASONS, FragmentReader, readWireHeader } from '@spanloom/avro';
import type { Kafka, KafkaRecord } from '@spanloom/kafka';
import {
  createLatencyState,
  decodePaneBatch,
  isGathering,
  LATENCY_RULES,
  type LatencyState,
  step as stepLatency,
} from '@spanloom/sketch';
import {
  createWindowState,
  deadRecord,
  type ScannedRecord,
  scanRecord,
  step as stepWindows,
  type WindowState,
} from '@spanloom/window';
import { CHAOS_RULES, FLUSH_S, PARTITIONS } from './stack';
import { followTopic } from './topic-follower';

/** Hashes of numbered messages or entries: the one with number n is at n - 1. */
export interface Sequence {
  readonly hashes: string[];
  /** What is wrong with how they were written: numbers skipped, or repeated with other bytes. */
  readonly faults: string[];
}

/** What the log says must come out of one partition, and what was written. */
export interface PartitionTruth {
  readonly expected: string[];
  readonly written: Sequence;
  /** The written entries as rows: see {@link fragmentRow} and {@link ledgerRow}. */
  readonly rows: string[];
  readonly latencyExpected: string[];
  readonly latencyWritten: Sequence;
  /** Observations in the written panes. */
  observations: number;
  /** `offset index reason` of each message or span that nobody can process. */
  readonly deadLetters: string[];
  received: number;
  /** Nothing is open, so nothing more is due. */
  isDone(): boolean;
}

/** The oracle that runs the pure reducers over the actual log. */
export interface LogOracle {
  readonly partitions: readonly PartitionTruth[];
  /** Reads on to the present end of all topics. */
  catchUp(): Promise<void>;
}

/** The registry's ids that the services write with. */
export interface SchemaIds {
  readonly spanBatch: number;
  readonly latencyPane: number;
}

const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');

/** A fragment's row in `trace_fragments`, as text. */
export function fragmentRow(row: readonly (string | number | boolean)[]): string {
  return `fragment ${row.join(' ')}`;
}

/** A row of `ledger`, as text. */
export function ledgerRow(row: readonly number[]): string {
  return `ledger ${row.join(' ')}`;
}

/** A record as the assembler sees it; a schema that is not ours is unknown to the registry of the suite. */
export function scan(record: KafkaRecord, schemaId: number): ScannedRecord {
  const { offset, timestampMs, value } = record;
  const header = value === null ? null : readWireHeader(value);
  return value === null || header === null || header.schemaId === schemaId
    ? scanRecord(offset, timestampMs, value)
    : deadRecord(offset, timestampMs, value, 'schema-unknown');
}

interface Partition extends PartitionTruth {
  readonly windows: WindowState;
  readonly latency: LatencyState;
}

function newPartition(number: number, ids: SchemaIds): Partition {
  const windows = createWindowState({});
  const rules = { ...LATENCY_RULES, flush_s: FLUSH_S };
  const latency = createLatencyState(number, ids.latencyPane, rules, { seq: 1, clockS: 0 });
  return {
    windows,
    latency,
    expected: [],
    written: { hashes: [], faults: [] },
    rows: [],
    latencyExpected: [],
    latencyWritten: { hashes: [], faults: [] },
    observations: 0,
    deadLetters: [],
    received: 0,
    isDone: () => windows.openWindows === 0 && !windows.ledger.dirty && !isGathering(latency),
  };
}

function applySpans(to: Partition, record: KafkaRecord, ids: SchemaIds): void {
  const scanned = scan(record, ids.spanBatch);
  to.received += scanned.received;
  for (const { index, reason } of scanned.deadLetters) {
    to.deadLetters.push(`${record.offset} ${index} ${reason}`);
  }
  const entries = stepWindows(to.windows, scanned, CHAOS_RULES);
  to.expected.push(...entries.map(({ bytes }) => hash(bytes)));
  const { offset, timestampMs, value } = record;
  const header = value === null ? null : readWireHeader(value);
  const batch = header?.schemaId === ids.spanBatch ? value : null;
  for (const flush of stepLatency(to.latency, { offset, timestampMs, batch })) {
    to.latencyExpected.push(...flush.messages.map(hash));
  }
}

/** Takes the next number; notes what skips ahead or repeats with other bytes. */
function accept(sequence: Sequence, seq: number, digest: string): boolean {
  const { hashes, faults } = sequence;
  if (seq === hashes.length + 1) {
    hashes.push(digest);
    return true;
  }
  if (seq > hashes.length) faults.push(`${seq} came after ${hashes.length}`);
  else if (hashes[seq - 1] !== digest) faults.push(`${seq} was written again with other bytes`);
  return false;
}

const reader = new FragmentReader();

function rowOf(kind: 'fragment' | 'ledger'): string {
  if (kind === 'ledger' && reader.ledger !== null) {
    const { fromOffset, toOffset, received, deadLettered, sampledOut, openSpans } = reader.ledger;
    return ledgerRow([fromOffset, toOffset, received, deadLettered, sampledOut, openSpans]);
  }
  const id = reader.buffer.toString('hex', reader.traceIdAt, reader.traceIdAt + 16);
  const { late, openedAtS, closedAtS, spanCount, duplicateCount } = reader;
  const reason = CLOSE_REASONS[reader.reason] as string;
  return fragmentRow([id, reason, late, openedAtS, closedAtS, spanCount, duplicateCount]);
}

function applyTraces(to: Partition, value: Buffer): void {
  reader.reset(value);
  for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
    if (kind === 'corrupt') {
      to.written.faults.push('a message that cannot be read');
      return;
    }
    const digest = hash(reader.buffer.subarray(reader.entryStart, reader.entryEnd));
    if (accept(to.written, reader.seq, digest)) to.rows.push(rowOf(kind));
  }
}

/** Makes the oracle; nothing is read yet. */
export function createLogOracle(kafka: Kafka, ids: SchemaIds): LogOracle {
  const partitions = Array.from({ length: PARTITIONS }, (_, n) => newPartition(n, ids));
  const spans = followTopic(kafka, 'spans');
  const traces = followTopic(kafka, 'traces');
  const latency = followTopic(kafka, 'latency');
  const at = (n: number): Partition => partitions[n] as Partition;
  return {
    partitions,
    async catchUp() {
      await traces.next((n, { value }) => applyTraces(at(n), value as Buffer));
      await latency.next((n, { value }) => {
        const { seq, panes } = decodePaneBatch(value as Buffer);
        const to = at(n);
        if (!accept(to.latencyWritten, seq, hash(value as Buffer))) return;
        for (const pane of panes) to.observations += pane.count;
      });
      // Last, so that nothing written is ahead of what is expected.
      await spans.next((n, record) => applySpans(at(n), record, ids));
    },
  };
}
