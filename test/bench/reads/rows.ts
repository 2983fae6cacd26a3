import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AvroWriter, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import { PaneRows, type RowBinaryRows } from '@spanloom/rowbinary';
import { SpanloomError } from '@spanloom/runtime';
import { createLatencyState, LATENCY_RULES, type LatencyFlush, step } from '@spanloom/sketch';
import { DEFAULT_SHAPE } from '../spans/shape';
import { createSpanSource } from '../spans/span-source';
import { FragmentFiles } from '../storage/row-files';

/** Begins with a step of ten minutes. */
export const START_UNIX_S = 1_760_000_400;
const PANE_FILE_BYTES = 16 * 1024 * 1024;
const MESSAGE_SPANS = 200;
const SCHEMA_ID = 1;
const NANOS_PER_S = 1_000_000_000n;

/** Rows as the sink sends them, each file one insert: spans as Native blocks, panes in RowBinary. */
export interface ReadsFiles {
  readonly span_paths: readonly string[];
  readonly pane_paths: readonly string[];
  readonly ten_minute_paths: readonly string[];
  readonly spans: number;
  /** Deltas that the latency worker sends: before merging. */
  readonly pane_rows: number;
}

/** Writes panes as latency worker and sink would: one partition, whose log clock is the spans' time. */
class PaneFiles {
  private readonly state = createLatencyState(0, SCHEMA_ID, LATENCY_RULES, { seq: 1, clockS: 0 });
  private readonly batch = new SpanBatchBuilder();
  private readonly rows = new PaneRows();
  private readonly paths: string[] = [];
  private readonly tenMinutePaths: string[] = [];
  private offset = 0;
  private written = 0;

  constructor(private readonly dir: string) {}

  add(span: Buffer, atS: number): void {
    this.batch.add(span);
    if (this.batch.spanCount < MESSAGE_SPANS) return;
    this.apply(atS, this.batch.finish(SCHEMA_ID, 0));
    this.batch.reset();
  }

  private apply(atS: number, batch: Buffer | null): void {
    const record = { offset: this.offset++, timestampMs: atS * 1000, batch };
    for (const flush of step(this.state, record)) this.take(flush);
  }

  private take({ messages }: LatencyFlush): void {
    for (const message of messages) {
      if (this.rows.open(message) && this.rows.appendOpened() >= 0) continue;
      throw new SpanloomError('internal', 'panes cannot be read');
    }
    if (this.rows.byteCount >= PANE_FILE_BYTES) this.flush();
  }

  private flush(): void {
    const { dir, paths, tenMinutePaths, rows } = this;
    const write = (list: string[], name: string, made: RowBinaryRows): void => {
      const path = join(dir, `${name}-${list.length}.bin`);
      writeFileSync(path, made.view());
      list.push(path);
    };
    write(paths, 'panes', rows);
    write(tenMinutePaths, 'ten-minutes', rows.tenMinutes);
    this.written += rows.rowCount;
    rows.reset();
    rows.tenMinutes.reset();
  }

  finish(endS: number): Pick<ReadsFiles, 'pane_paths' | 'ten_minute_paths' | 'pane_rows'> {
    if (this.batch.spanCount > 0) this.apply(endS, this.batch.finish(SCHEMA_ID, 0));
    this.apply(endS + 100, null);
    if (this.rows.rowCount > 0) this.flush();
    const { paths: pane_paths, tenMinutePaths: ten_minute_paths, written: pane_rows } = this;
    return { pane_paths, ten_minute_paths, pane_rows };
  }
}

/** Writes generated spans, those of `npm run bench`, spread evenly over a time, and their panes. */
export function writeReadsFiles(
  dir: string,
  spans: number,
  minutes: number,
  onRows: (written: number) => void,
): ReadsFiles {
  const source = createSpanSource({ ...DEFAULT_SHAPE, spans });
  const fragments = new FragmentFiles(dir, onRows);
  const panes = new PaneFiles(dir);
  const writer = new AvroWriter(4096);
  const open = new Map<string, Buffer[]>();
  const lastsNano = BigInt(minutes) * 60n * NANOS_PER_S;
  const start = BigInt(START_UNIX_S) * NANOS_PER_S;
  // The last spans would end behind the range: they begin up to a minute before its end.
  const betweenNano = (lastsNano - 60n * NANOS_PER_S) / BigInt(spans);
  for (let i = 0; ; i++) {
    const at = start + BigInt(i) * betweenNano;
    const span = source.next(at);
    if (span === null) break;
    writer.reset();
    writeSpan(writer, span);
    const bytes = Buffer.from(writer.view());
    const atS = Number(at / NANOS_PER_S) + 1;
    panes.add(bytes, atS);
    const trace = open.get(span.traceId) ?? [];
    open.set(span.traceId, trace);
    trace.push(bytes);
    if (span.parentSpanId !== '') continue;
    open.delete(span.traceId);
    fragments.add(trace, atS);
  }
  const { paths: span_paths, rows } = fragments.finish();
  return { span_paths, spans: rows, ...panes.finish(START_UNIX_S + minutes * 60) };
}
