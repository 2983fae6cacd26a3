import type { Lists } from './native-streams';

/** Services of one trace that are told apart; spans of further ones count as {@link OTHER_SERVICES}. */
export const SERVICES_MAX = 256;
/** The name under which spans of services beyond {@link SERVICES_MAX} are counted. */
export const OTHER_SERVICES = '(other)';

/** Where counts are written: a list for each fragment. */
export interface ServiceColumns {
  readonly services: Lists;
  readonly serviceSpans: Lists;
  readonly serviceErrors: Lists;
}

const OTHER = Buffer.from(OTHER_SERVICES);

/** Spans and errors per service of one fragment. Names stay bytes: no text is made per span. */
export class ServiceCounts {
  private readonly names: Uint8Array[] = [];
  private readonly starts = new Int32Array(SERVICES_MAX + 1);
  private readonly ends = new Int32Array(SERVICES_MAX + 1);
  private readonly spans = new Uint32Array(SERVICES_MAX + 1);
  private readonly errors = new Uint32Array(SERVICES_MAX + 1);
  private count = 0;
  /** Spans of one service tend to follow each other. */
  private latest = 0;

  reset(): void {
    this.count = 0;
    this.names.length = 0;
    this.latest = 0;
  }

  /** Counts a span of the service named by `bytes[start…end)`, which must stay unchanged until the next reset; gives the service's number. */
  add(bytes: Uint8Array, start: number, end: number, isError: boolean): number {
    const at = this.find(bytes, start, end);
    this.latest = at;
    this.spans[at] = (this.spans[at] as number) + 1;
    if (isError) this.errors[at] = (this.errors[at] as number) + 1;
    return at;
  }

  private find(bytes: Uint8Array, start: number, end: number): number {
    if (this.count > 0 && this.isAt(this.latest, bytes, start, end)) return this.latest;
    for (let i = 0; i < this.count; i++) if (this.isAt(i, bytes, start, end)) return i;
    if (this.count < SERVICES_MAX) return this.push(bytes, start, end);
    return this.count === SERVICES_MAX ? this.push(OTHER, 0, OTHER.length) : SERVICES_MAX;
  }

  private isAt(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[index] as number;
    if ((this.ends[index] as number) - from !== end - start) return false;
    const name = this.names[index] as Uint8Array;
    for (let i = end - start - 1; i >= 0; i--)
      if (name[from + i] !== bytes[start + i]) return false;
    return true;
  }

  private push(bytes: Uint8Array, start: number, end: number): number {
    const at = this.count++;
    this.names[at] = bytes;
    this.starts[at] = start;
    this.ends[at] = end;
    this.spans[at] = 0;
    this.errors[at] = 0;
    return at;
  }

  /** Writes a row of the columns. */
  write({ services, serviceSpans, serviceErrors }: ServiceColumns): void {
    const names = services.begin(this.count);
    for (let i = 0; i < this.count; i++) {
      names.bytes(this.names[i] as Uint8Array, this.starts[i] as number, this.ends[i] as number);
    }
    const spans = serviceSpans.begin(this.count);
    for (let i = 0; i < this.count; i++) spans.uint32(this.spans[i] as number);
    const errors = serviceErrors.begin(this.count);
    for (let i = 0; i < this.count; i++) errors.uint32(this.errors[i] as number);
  }
}
