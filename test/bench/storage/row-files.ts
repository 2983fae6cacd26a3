import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AvroWriter, writeSpan } from '@spanloom/avro';
import { readLines } from '@spanloom/cli';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS } from '@spanloom/otlp';
import { SpanRows } from '@spanloom/rowbinary';
import { SpanloomError } from '@spanloom/runtime';
import { DEFAULT_SHAPE } from '../spans/shape';
import { createSpanSource } from '../spans/span-source';

/** Rows of one insert: what a sink that is behind puts into a block. */
const FILE_ROWS = 50_000;
const PARTITIONS = 8;
const START_UNIX_S = 1_760_000_000;
const NANOS_PER_S = 1_000_000_000n;

/** Rows as Native blocks, each file one insert. */
export interface RowFiles {
  readonly paths: readonly string[];
  readonly rows: number;
  /** Mean size of a span in Avro, bytes. */
  readonly span_bytes: number;
}

/** Writes whole traces, as fragments of partitions like those that the assembler makes. */
export class FragmentFiles {
  private readonly rows = new SpanRows();
  private readonly seqs = new Array<number>(PARTITIONS).fill(0);
  private readonly paths: string[] = [];
  private bytes = 0;
  private written = 0;

  constructor(
    private readonly dir: string,
    private readonly onRows: (written: number) => void,
  ) {}

  add(spans: readonly Buffer[], closedAtS: number): void {
    const partition = ((spans[0] as Buffer)[15] as number) % PARTITIONS;
    const seq = (this.seqs[partition] as number) + 1;
    this.seqs[partition] = seq;
    for (const span of spans) {
      this.bytes += span.length;
      const count = this.rows.append(span, { partition, seq, storedAtS: closedAtS });
      if (count === 1 && this.rows.at === span.length) continue;
      throw new SpanloomError('internal', `a span cannot be read: ${this.rows.reason}`);
    }
    if (this.rows.rowCount >= FILE_ROWS) this.flush();
  }

  private flush(): void {
    const path = join(this.dir, `rows-${this.paths.length}.native`);
    writeFileSync(path, this.rows.view());
    this.paths.push(path);
    this.written += this.rows.rowCount;
    this.rows.reset();
    this.onRows(this.written);
  }

  finish(): RowFiles {
    if (this.rows.rowCount > 0) this.flush();
    const { paths, written: rows } = this;
    return { paths, rows, span_bytes: this.bytes / Math.max(1, rows) };
  }
}

/** Writes generated spans: those of `npm run bench`, `spans_per_s` of them a second. */
export function writeGenerated(
  dir: string,
  spans: number,
  spans_per_s: number,
  onRows: (written: number) => void,
): RowFiles {
  const source = createSpanSource({ ...DEFAULT_SHAPE, spans });
  const files = new FragmentFiles(dir, onRows);
  const writer = new AvroWriter(4096);
  const open = new Map<string, Buffer[]>();
  const start = BigInt(START_UNIX_S) * NANOS_PER_S;
  for (let i = 0; ; i++) {
    const span = source.next(start + (BigInt(i) * NANOS_PER_S) / BigInt(spans_per_s));
    if (span === null) break;
    writer.reset();
    writeSpan(writer, span);
    const trace = open.get(span.traceId) ?? [];
    open.set(span.traceId, trace);
    trace.push(Buffer.from(writer.view()));
    if (span.parentSpanId !== '') continue;
    // The root comes last.
    open.delete(span.traceId);
    files.add(trace, START_UNIX_S + Math.ceil(i / spans_per_s));
  }
  return files.finish();
}

/** Writes the spans of a recording, exact copies once, in the order in which their traces were last heard of. */
export async function writeRecorded(
  dir: string,
  path: string,
  onRows: (written: number) => void,
): Promise<RowFiles> {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  const traces = new Map<string, Buffer[]>();
  const seen = new Set<string>();
  for await (const line of readLines(path, () => undefined)) {
    decoder.json(Buffer.from(line.text));
    decoder.arena.forEachSpan((buffer, start, end) => {
      const id = buffer.toString('latin1', start, start + 24);
      if (seen.has(id)) return;
      seen.add(id);
      const traceId = id.slice(0, 16);
      const trace = traces.get(traceId) ?? [];
      trace.push(Buffer.from(buffer.subarray(start, end)));
      // Deleted first, so that it goes to the end of the order.
      traces.delete(traceId);
      traces.set(traceId, trace);
    });
  }
  const files = new FragmentFiles(dir, onRows);
  let closed = 0;
  for (const trace of traces.values()) files.add(trace, START_UNIX_S + Math.floor(closed++ / 2));
  return files.finish();
}
