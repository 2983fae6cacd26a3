type Json = Readonly<Record<string, unknown>>;

/** What identifies a span, from its JSON. */
export interface SpanIdentity {
  /** 32 hex digits, lower case. */
  readonly traceId: string;
  /** Halves of the span id, u32. */
  readonly spanHi: number;
  readonly spanLo: number;
  /** 0..5 */
  readonly kind: number;
}

/** One line of a recording: an ExportTraceServiceRequest. */
export interface OtlpLine {
  /** As parsed, to be sent on. */
  readonly resourceSpans: readonly unknown[];
  /** Its spans' JSON objects. */
  readonly spans: readonly Json[];
  /** Latest end of its spans, Unix ms; null when it has no span with a time. */
  readonly end_unix_ms: number | null;
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const INT64_MAX = 9223372036854775807n;

/**
 * Reads one line. A line of another signal (metrics, logs) is a request without spans.
 * @returns null when it is not JSON, or not of a request's shape
 */
export function readOtlpLine(text: string): OtlpLine | null {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(request)) return null;
  const resourceSpans = listOf(request, 'resourceSpans');
  const spans: Json[] = [];
  for (const group of resourceSpans ?? []) {
    for (const scope of listOf(group, 'scopeSpans') ?? [null]) {
      const found = listOf(scope, 'spans');
      if (found === null || !found.every(isObject)) return null;
      for (const span of found) spans.push(span);
    }
  }
  return resourceSpans && { resourceSpans, spans, end_unix_ms: latestEnd(spans) };
}

/**
 * Who a span is, by the rules that the gateway accepts spans by: ids of the right length and not all
 * zeros, end not before start, times within 63 bits.
 * @returns null for a span that the gateway rejects
 */
export function identityOf(span: Json): SpanIdentity | null {
  const { traceId, spanId, parentSpanId } = span;
  if (!isId(traceId, 32) || !isId(spanId, 16)) return null;
  if (typeof parentSpanId === 'string' && parentSpanId !== '' && !isHex(parentSpanId, 16)) {
    return null;
  }
  const start = nanos(span.startTimeUnixNano);
  const end = nanos(span.endTimeUnixNano);
  if (start === null || end === null || end < start || end > INT64_MAX) return null;
  return {
    traceId: traceId.toLowerCase(),
    spanHi: Number.parseInt(spanId.slice(0, 8), 16),
    spanLo: Number.parseInt(spanId.slice(8), 16),
    kind: kindOf(span.kind),
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list member; absent and null are the empty list, anything else that is no list gives null. */
function listOf(owner: unknown, name: string): readonly unknown[] | null {
  if (!isObject(owner)) return null;
  const value = owner[name] ?? [];
  return Array.isArray(value) ? value : null;
}

function latestEnd(spans: readonly Json[]): number | null {
  let latest: number | null = null;
  for (const span of spans) {
    // As a double: exact to a microsecond, and pacing needs no more.
    const end_ms = Number(span.endTimeUnixNano) / 1e6;
    if (end_ms > 0 && (latest === null || end_ms > latest)) latest = end_ms;
  }
  return latest;
}

function isHex(value: string, characters: number): boolean {
  return value.length === characters && /^[0-9a-fA-F]*$/.test(value);
}

function isId(value: unknown, characters: number): value is string {
  return typeof value === 'string' && isHex(value, characters) && !/^0*$/.test(value);
}

function nanos(value: unknown): bigint | null {
  if (value === undefined || value === null || value === '') return 0n;
  if (typeof value === 'string') return /^\d{1,20}$/.test(value) ? BigInt(value) : null;
  return Number.isInteger(value) ? BigInt(value as number) : null;
}

/** A kind by number or by name; what is not known is 0, as the gateway has it. */
function kindOf(value: unknown): number {
  if (typeof value === 'string' && value.startsWith('SPAN_KIND_')) {
    return Math.max(0, KINDS.indexOf(value.slice('SPAN_KIND_'.length)));
  }
  const kind = Number(value);
  return Number.isInteger(kind) && kind > 0 && kind < KINDS.length ? kind : 0;
}
