import type { Span, SpanLink } from '@spanloom/model';
import { createRandom, type Random } from './random';
import type { SlowInstance } from './span';
import { buildTrace, type GeneratedTrace } from './trace';

/** What load to make. The same options give the same batches. */
export interface LoadOptions {
  readonly seed: number;
  /** How many traces; Infinity for no end. */
  readonly traces: number;
  /** Traces begun per second, on average. */
  readonly tracesPerSecond: number;
  /** When the load begins, ms since 1970: the times in the spans count from here. */
  readonly startUnixMs: number;
  /** Share of traces of which some spans are sent seconds after the rest. Default 0.02. */
  readonly lateShare?: number;
  /** Share of traces of which a span is sent twice. Default 0.01. */
  readonly duplicateShare?: number;
  /** An instance that is slow; none by default. */
  readonly slowInstance?: SlowInstance;
}

/** Spans that one service's exporters send together. */
export interface LoadBatch {
  /** When to send it, ms since the beginning of the load. Never decreases from batch to batch. */
  readonly sendAtMs: number;
  readonly service: string;
  readonly spans: readonly Span[];
  /** `late`: held back for seconds. `again`: sent before. */
  readonly what: 'new' | 'late' | 'again';
}

/** Exporters send what has gathered every so often, and at most so much at a time. */
const FLUSH_MS = 250;
const BATCH_SPANS_MAX = 512;
const NANOS_PER_MS = 1_000_000n;

/**
 * Yields the load of a generated system in order of sending. Spans are sent after they end, by the service
 * that made them, so a trace arrives in pieces and its root last. Holds only what is still to be sent.
 */
export function* generateLoad(options: LoadOptions): Generator<LoadBatch> {
  const outbox = new Outbox();
  const arrivals = createRandom(options.seed, 0xa441);
  const startUnixNano = BigInt(options.startUnixMs) * NANOS_PER_MS;
  let link: SpanLink | null = null;
  let beginMs = 0;
  for (let index = 0; index < options.traces; index++) {
    yield* outbox.until(beginMs);
    const random = createRandom(options.seed, 1, index);
    const origin = startUnixNano + BigInt(Math.floor(beginMs * 1e6));
    const trace = buildTrace(random, origin, link, options.slowInstance);
    schedule(outbox, random, trace, startUnixNano, options);
    link = linkTo(trace);
    beginMs += (-Math.log(1 - arrivals.unit()) * 1000) / options.tracesPerSecond;
  }
  yield* outbox.until(Number.POSITIVE_INFINITY);
}

function linkTo(trace: GeneratedTrace): SpanLink {
  const spanId = trace.spans[0]?.spanId ?? '';
  return { traceId: trace.traceId, spanId, traceState: '', attributes: { 'link.kind': 'batch' } };
}

function schedule(
  outbox: Outbox,
  random: Random,
  trace: GeneratedTrace,
  startUnixNano: bigint,
  options: LoadOptions,
): void {
  const { spans } = trace;
  const sentAtMs = (span: Span): number =>
    Number((span.startUnixNano + span.durationNano - startUnixNano) / NANOS_PER_MS);
  const late = new Set<Span>();
  if (spans.length > 3 && random.chance(options.lateShare ?? 0.02)) {
    for (let i = random.int(1, 3); i > 0; i--) late.add(random.pick(spans));
  }
  for (const span of spans) {
    if (late.has(span)) outbox.add(sentAtMs(span) + random.int(4000, 9000), 'late', span);
    else outbox.add(sentAtMs(span), 'new', span);
  }
  if (random.chance(options.duplicateShare ?? 0.01)) {
    const span = random.pick(spans);
    const first = late.has(span) ? sentAtMs(span) + 9000 : sentAtMs(span);
    outbox.add(first + FLUSH_MS + random.int(0, 3000), 'again', span);
  }
}

/** Spans that wait to be sent, by flush tick, service and what they are. */
class Outbox {
  private readonly ticks = new Map<number, Map<string, LoadBatch & { spans: Span[] }>>();
  private next = 0;
  private last = 0;

  add(atMs: number, what: LoadBatch['what'], span: Span): void {
    const tick = Math.max(this.next, Math.ceil(atMs / FLUSH_MS));
    this.last = Math.max(this.last, tick);
    const batches = this.ticks.get(tick) ?? new Map<string, LoadBatch & { spans: Span[] }>();
    this.ticks.set(tick, batches);
    const key = `${what} ${span.service}`;
    const batch = batches.get(key);
    if (batch !== undefined) batch.spans.push(span);
    else {
      const sendAtMs = tick * FLUSH_MS;
      batches.set(key, { sendAtMs, service: span.service, what, spans: [span] });
    }
  }

  /** Everything that is to be sent before the given time. */
  *until(endMs: number): Generator<LoadBatch> {
    const end = Math.min(Math.floor(endMs / FLUSH_MS), this.last + 1);
    for (; this.next < end; this.next++) {
      const batches = this.ticks.get(this.next);
      this.ticks.delete(this.next);
      for (const batch of batches?.values() ?? []) {
        for (let at = 0; at < batch.spans.length; at += BATCH_SPANS_MAX) {
          yield { ...batch, spans: batch.spans.slice(at, at + BATCH_SPANS_MAX) };
        }
      }
    }
  }
}
