import { type AvroSchema, canonicalizer, readWireHeader, SpanBatchBuilder } from '@spanloom/avro';
import type { ClickHouse } from '@spanloom/clickhouse';
import { type Kafka, readRange } from '@spanloom/kafka';
import { SPAN_KIND_NAMES } from '@spanloom/model';
import { type Letter, type LetterBytes, spanIndexesOf } from './letters';
import { type FoundSpan, readMessage, withoutSpans } from './unread';

/** Assembler and sink keep this much of a message in a letter; more is cut off. */
const RAW_BYTES_MAX = 900_000;
/** Room that a record's headers and the record batch around it take. */
const HEADERS_BYTES = 1_000;

/** What to send for a letter, or why there is nothing to send or nothing that could be sent. */
export type Resend =
  | { readonly kind: 'message'; readonly value: Buffer; readonly key: Buffer | null }
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'impossible'; readonly why: string };

const impossible = (why: string): Resend => ({ kind: 'impossible', why });

/** What a resend is made with. */
export interface ResendDeps {
  readonly clickhouse: ClickHouse;
  readonly kafka: Kafka;
  /** Greatest record that the topic takes, bytes. */
  readonly message_bytes_max: number;
}

/** Why letters of a topic cannot be replayed; null for those that can. */
export function whyNot(letter: Letter, kafka: Kafka, partitions: number): string | null {
  if (letter.topic !== kafka.topic('spans')) {
    return `it was read from ${letter.topic}, whose messages are numbered and cannot be sent again; its spans are still in ${kafka.topic('spans')}`;
  }
  return letter.partition < partitions ? null : `the topic has only ${partitions} partitions now`;
}

/**
 * The message that gives the assembler another try at what it could not process: the whole message as it
 * was, a span in a batch of its own, or, of a message that was read in part, the part that was not stored.
 */
export async function resendOf(
  letter: Letter,
  bytes: LetterBytes | undefined,
  deps: ResendDeps,
): Promise<Resend> {
  const whole = bytes === undefined ? undefined : await untruncated(letter, bytes, deps);
  if (whole === undefined) return impossible('its bytes are no longer there whole');
  const { raw, key } = whole;
  let value: Buffer | null = raw;
  if (letter.index >= 0) {
    const builder = new SpanBatchBuilder();
    builder.add(raw);
    value = builder.finish(letter.schemaId, 0);
  } else if (letter.reason === 'malformed' && (await isCanonical(raw, deps.kafka))) {
    value = await unstoredPart(letter, raw, deps.clickhouse);
  }
  if (value === null) return { kind: 'nothing', why: 'all of its spans are stored' };
  const size = value.length + (key?.length ?? 0) + HEADERS_BYTES;
  if (size > deps.message_bytes_max) {
    return impossible(`with ${value.length} bytes it is too large for the topic`);
  }
  return { kind: 'message', value, key };
}

/** The bytes, from the log where the letter holds only their beginning; undefined when they are gone. */
async function untruncated(
  letter: Letter,
  bytes: LetterBytes,
  { kafka }: ResendDeps,
): Promise<LetterBytes | undefined> {
  if (bytes.raw.length < RAW_BYTES_MAX) return bytes;
  if (letter.index >= 0) return undefined;
  const { topic, partition, offset } = letter;
  let found: LetterBytes | undefined;
  const admin = await kafka.admin();
  const log = (await admin.offsets(topic)).find((range) => range.partition === partition);
  if (log === undefined || offset < log.low || offset >= log.high) return undefined;
  await readRange(kafka, topic, partition, offset, offset + 1, ([record]) => {
    if (record?.value) found = { raw: Buffer.from(record.value), key: bytes.key };
  });
  return found?.raw.subarray(0, RAW_BYTES_MAX).equals(bytes.raw) ? found : undefined;
}

async function isCanonical(raw: Buffer, kafka: Kafka): Promise<boolean> {
  const header = readWireHeader(raw);
  if (header === null) return false;
  const schema = await kafka.registry().schemaById(header.schemaId);
  if (schema === null) return false;
  try {
    return canonicalizer(schema as AvroSchema, header.schemaId) === null;
  } catch {
    return false; // no schema of span batches
  }
}

/**
 * A message that broke off was read up to there: what of it is stored must not come again. Spans that are
 * not stored yet are in an open window or not long out of it, where the assembler knows them by their ids.
 */
async function unstoredPart(
  letter: Letter,
  raw: Buffer,
  clickhouse: ClickHouse,
): Promise<Buffer | null> {
  const message = readMessage(raw, await spanIndexesOf(clickhouse, letter));
  const stored = await storedSpans(clickhouse, message.spans);
  return withoutSpans(raw, message, (span) => !stored.has(identity(span)));
}

const identity = ({ traceId, spanId, kind }: FoundSpan): string => `${traceId} ${spanId} ${kind}`;

/** Trace ids asked for in one query. */
const TRACES_MAX = 200;

async function storedSpans(
  clickhouse: ClickHouse,
  spans: readonly FoundSpan[],
): Promise<ReadonlySet<string>> {
  const stored = new Set<string>();
  const traces = [...new Set(spans.map(({ traceId }) => traceId))];
  for (let at = 0; at < traces.length; at += TRACES_MAX) {
    const rows = await clickhouse.query<{ traceId: string; spanId: string; kind: string }>(
      `SELECT DISTINCT TraceId AS traceId, SpanId AS spanId, toString(SpanKind) AS kind
       FROM otel_traces WHERE TraceId IN {traces:Array(String)}`,
      { traces: traces.slice(at, at + TRACES_MAX) },
    );
    for (const { traceId, spanId, kind } of rows) {
      const number = SPAN_KIND_NAMES.indexOf(kind as (typeof SPAN_KIND_NAMES)[number]);
      stored.add(`${traceId} ${spanId} ${number}`);
    }
  }
  return stored;
}
