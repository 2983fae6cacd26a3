import type { AnomalyEvent, Finding } from '@spanloom/detector';
import { SPAN_KIND_NAMES } from '@spanloom/model';
import { RowBinaryRows } from './row-binary-rows';

/** Columns of `anomalies` in the order in which {@link AnomalyRows} writes them. */
export const ANOMALY_COLUMNS = [
  'Id',
  'Incident',
  'At',
  'StoredAt',
  'Services',
  'Findings.What',
  'Findings.ServiceName',
  'Findings.SpanName',
  'Findings.SpanKind',
  'Findings.Peer',
  'Findings.Missing',
  'Findings.Traces',
  'Findings.Observed',
  'Findings.Expected',
  'Findings.ExcessNano',
  'Findings.Effect',
  'Findings.Evidence',
  'Findings.TraceIds',
] as const;

/** Rows of `anomalies`. */
export class AnomalyRows extends RowBinaryRows {
  /** @param storedAtS append time of the message, s since 1970 */
  append(event: AnomalyEvent, storedAtS: number): void {
    this.out.text(event.id);
    this.out.text(event.incident);
    this.out.uint32(event.atS);
    this.out.uint32(storedAtS);
    this.texts(event.services);
    const { findings } = event;
    this.texts(findings.map(({ what }) => what));
    this.texts(findings.map(({ name }) => name.service));
    this.texts(findings.map(({ name }) => (name.type === 'edge' ? '' : name.operation)));
    this.texts(findings.map(kindOf));
    this.texts(findings.map(({ name }) => name.peer));
    this.texts(findings.map((found) => (found.what === 'self-time' ? '' : found.missing)));
    this.out.varint(findings.length);
    for (const { traces } of findings) this.out.int64(traces);
    this.numbers(findings.map(({ observed }) => observed));
    this.numbers(findings.map(({ expected }) => expected));
    this.numbers(findings.map((found) => (found.what === 'self-time' ? found.excessNano : 0)));
    this.numbers(findings.map(({ effect }) => effect));
    this.numbers(findings.map(({ evidence }) => evidence));
    this.out.varint(findings.length);
    for (const { exemplars } of findings) this.texts(exemplars);
    this.rowCount++;
  }

  private texts(values: readonly string[]): void {
    this.out.varint(values.length);
    for (const value of values) this.out.text(value);
  }

  private numbers(values: readonly number[]): void {
    this.out.varint(values.length);
    for (const value of values) this.out.float64(value);
  }
}

function kindOf({ name }: Finding): string {
  return name.type === 'edge' ? '' : (SPAN_KIND_NAMES[name.kind] ?? '');
}
