/** What an answer to an OTLP request means for its sender. */
export type Answer =
  | { readonly what: 'accepted'; readonly rejected: number; readonly why: string }
  /** The request is wrong: sending it again is no use. */
  | { readonly what: 'refused'; readonly why: string }
  | { readonly what: 'retry'; readonly why: string; readonly retryAfterMs: number | null };

const RETRIABLE = new Set([429, 502, 503, 504]);
const RETRY_AFTER_MS_MAX = 60_000;

/**
 * Reads the answer to `POST /v1/traces`, protobuf or JSON by its content type.
 * Source: OTLP specification 1.x, "OTLP/HTTP Response" and "OTLP/HTTP Throttling".
 */
export function readAnswer(status: number, headers: Headers, body: Buffer, nowMs: number): Answer {
  const json = (headers.get('content-type') ?? '').includes('json');
  if (status >= 200 && status < 300) {
    const { rejected, why } = json ? jsonPartialSuccess(body) : protoPartialSuccess(body);
    return { what: 'accepted', rejected, why };
  }
  const reason = json ? jsonMessage(body) : protoMessage(body);
  const why = `HTTP ${status}${reason === '' ? '' : `: ${reason}`}`;
  if (!RETRIABLE.has(status)) return { what: 'refused', why };
  return { what: 'retry', why, retryAfterMs: retryAfterMs(headers.get('retry-after'), nowMs) };
}

/** `Retry-After` as seconds or as a date; null when it is absent or senseless. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(wait) ? null : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, wait));
}

interface PartialSuccess {
  readonly rejected: number;
  readonly why: string;
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function jsonPartialSuccess(body: Buffer): PartialSuccess {
  const partial = (parse(body).partialSuccess ?? {}) as Record<string, unknown>;
  return { rejected: Number(partial.rejectedSpans ?? 0) || 0, why: text(partial.errorMessage) };
}

function jsonMessage(body: Buffer): string {
  return text(parse(body).message);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** ExportTraceServiceResponse: partial_success 1 { rejected_spans 1, error_message 2 }. */
function protoPartialSuccess(body: Buffer): PartialSuccess {
  const partial = protoField(body, 1);
  if (typeof partial !== 'object') return { rejected: 0, why: '' };
  const rejected = protoField(partial, 1);
  const why = protoField(partial, 2);
  return {
    rejected: typeof rejected === 'number' ? rejected : 0,
    why: typeof why === 'object' ? why.toString('utf8') : '',
  };
}

/** google.rpc.Status: message 2. */
function protoMessage(body: Buffer): string {
  const message = protoField(body, 2);
  return typeof message === 'object' ? message.toString('utf8') : '';
}

/** The last value of a varint or length-delimited field; undefined when it is absent or the rest is broken. */
function protoField(body: Buffer, number: number): number | Buffer | undefined {
  let at = 0;
  let found: number | Buffer | undefined;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < body.length; scale *= 128) {
      const byte = body[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < body.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire !== 0 && wire !== 2) return found;
    const value = varint();
    if (Number.isNaN(value)) return found;
    if (wire === 2 && at + value > body.length) return found;
    if (tag >>> 3 === number) found = wire === 0 ? value : body.subarray(at, at + value);
    if (wire === 2) at += value;
  }
  return found;
}
