import { templateOperation } from './operation';

/** Longest service and operation name kept, in UTF-8 bytes; the rest is cut off. */
export const NAME_BYTES_MAX = 256;
/** How much of a longer raw name is looked at: more than is kept, because templates are shorter. */
const RAW_BYTES_MAX = 1024;

const SLOTS = 1 << 14;
/** Places where a name may be: a full neighbourhood gives up its first, so a look-up is bounded. */
const WAYS = 8;

/** What a span's name bytes mean: the same for the same bytes, always. */
export interface SeriesName {
  readonly service: string;
  readonly operation: string;
  readonly kind: number;
  readonly statusCode: number;
  /** All four in one text. */
  readonly key: string;
}

/** Where in a buffer the four parts of a span's series are: fields of a scanner that tells hashes. */
export interface SeriesBytes {
  readonly buffer: Buffer;
  readonly serviceStart: number;
  readonly serviceEnd: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly kind: number;
  readonly statusCode: number;
  /** 32 bits, well mixed: of equal parts the same. */
  readonly seriesHash: number;
}

/** The UTF-8 text of `buffer[start…end)`, cut to `bytes_max` bytes at a character's boundary. */
function textOf(buffer: Buffer, start: number, end: number, bytes_max: number): string {
  let stop = end;
  if (end - start > bytes_max) {
    stop = start + bytes_max;
    while (stop > start && ((buffer[stop] as number) & 0xc0) === 0x80) stop--;
  }
  return buffer.toString('utf8', start, stop);
}

function cutText(text: string): string {
  if (text.length * 3 <= NAME_BYTES_MAX) return text;
  const bytes = Buffer.from(text);
  return textOf(bytes, 0, bytes.length, NAME_BYTES_MAX);
}

/** The series of a span, read slowly. @param template take ids out of operation names */
export function readSeriesName(span: SeriesBytes, template: boolean): SeriesName {
  const { buffer, kind, statusCode } = span;
  const service = cutText(textOf(buffer, span.serviceStart, span.serviceEnd, RAW_BYTES_MAX));
  const raw = textOf(buffer, span.nameStart, span.nameEnd, RAW_BYTES_MAX);
  const operation = cutText(template ? templateOperation(raw) : raw);
  const key = `${kind}${statusCode}${service.length}:${service}${operation}`;
  return { service, operation, kind, statusCode, key };
}

/**
 * Remembers what name bytes mean, so that a span's series is found by a hash and a compare of its
 * bytes, without making a string. A cache of fixed size: forgetting changes the speed, never the
 * answer.
 */
export class SeriesNames {
  private readonly template: boolean;
  private readonly hashes = new Int32Array(SLOTS);
  private readonly keys: (Buffer | undefined)[] = new Array(SLOTS).fill(undefined);
  private readonly names: (SeriesName | undefined)[] = new Array(SLOTS).fill(undefined);
  /** A number the caller may keep with each slot, valid while `tagGeneration` is the caller's own. */
  readonly tag = new Int32Array(SLOTS);
  readonly tagGeneration = new Int32Array(SLOTS);

  constructor(options: { readonly template: boolean }) {
    this.template = options.template;
  }

  /** The slot of the span's series; it stays the same until another series takes the slot. */
  find(span: SeriesBytes): number {
    const hash = span.seriesHash;
    const home = hash & (SLOTS - 1);
    for (let way = 0; way < WAYS; way++) {
      const slot = (home + way) & (SLOTS - 1);
      const key = this.keys[slot];
      if (key === undefined) return this.take(slot, hash, span);
      if (this.hashes[slot] === hash && sameKey(key, span)) return slot;
    }
    return this.take((home + (((hash >>> 16) & 0xff) % WAYS)) & (SLOTS - 1), hash, span);
  }

  name(slot: number): SeriesName {
    return this.names[slot] as SeriesName;
  }

  private take(slot: number, hash: number, span: SeriesBytes): number {
    this.hashes[slot] = hash;
    this.keys[slot] = keyOf(span);
    this.names[slot] = readSeriesName(span, this.template);
    this.tagGeneration[slot] = 0;
    return slot;
  }
}

/** One byte more than is looked at, because where a character is cut depends on the next byte. */
function keptEnd(start: number, end: number): number {
  return Math.min(end, start + RAW_BYTES_MAX + 1);
}

/** kind and status, length of the service's bytes (2 bytes), service, name. */
function keyOf(span: SeriesBytes): Buffer {
  const serviceEnd = keptEnd(span.serviceStart, span.serviceEnd);
  const nameEnd = keptEnd(span.nameStart, span.nameEnd);
  const serviceBytes = serviceEnd - span.serviceStart;
  const key = Buffer.allocUnsafe(3 + serviceBytes + nameEnd - span.nameStart);
  key[0] = span.kind * 3 + span.statusCode;
  key.writeUInt16LE(serviceBytes, 1);
  span.buffer.copy(key, 3, span.serviceStart, serviceEnd);
  span.buffer.copy(key, 3 + serviceBytes, span.nameStart, nameEnd);
  return key;
}

function sameKey(key: Buffer, span: SeriesBytes): boolean {
  const { buffer, serviceStart, nameStart } = span;
  const serviceEnd = keptEnd(serviceStart, span.serviceEnd);
  const nameEnd = keptEnd(nameStart, span.nameEnd);
  const serviceBytes = serviceEnd - serviceStart;
  if (key.length !== 3 + serviceBytes + nameEnd - nameStart) return false;
  if (key[0] !== span.kind * 3 + span.statusCode) return false;
  if (((key[1] as number) | ((key[2] as number) << 8)) !== serviceBytes) return false;
  let at = 3;
  for (let i = serviceStart; i < serviceEnd; i++) if (key[at++] !== buffer[i]) return false;
  for (let i = nameStart; i < nameEnd; i++) if (key[at++] !== buffer[i]) return false;
  return true;
}
