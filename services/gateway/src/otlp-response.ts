/** The two encodings of OTLP over HTTP. */
export type Format = 'protobuf' | 'json';

/** google.rpc.Code numbers that the gateway uses. */
export const RPC_INVALID_ARGUMENT = 3;
export const RPC_NOT_FOUND = 5;
export const RPC_RESOURCE_EXHAUSTED = 8;
export const RPC_UNIMPLEMENTED = 12;
export const RPC_UNAVAILABLE = 14;

const CONTENT_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

/** The content type of a format. */
export function contentTypeOf(format: Format): string {
  return CONTENT_TYPES[format];
}

/** Which format a content type names, parameters aside; null for any other. */
export function formatOf(contentType: string | undefined): Format | null {
  const name = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (name === CONTENT_TYPES.protobuf) return 'protobuf';
  return name === CONTENT_TYPES.json ? 'json' : null;
}

/**
 * An ExportTraceServiceResponse: empty when every span was taken, with `partial_success` when some
 * were rejected.
 */
export function exportResponse(format: Format, rejected: number, message: string): Buffer {
  if (format === 'json') {
    const partialSuccess = { rejectedSpans: String(rejected), errorMessage: message };
    return Buffer.from(JSON.stringify(rejected === 0 ? {} : { partialSuccess }));
  }
  if (rejected === 0) return Buffer.alloc(0);
  return field(10, Buffer.concat([varintField(8, rejected), field(18, Buffer.from(message))]));
}

/** A google.rpc.Status. */
export function statusBody(format: Format, code: number, message: string): Buffer {
  if (format === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.concat([varintField(8, code), field(18, Buffer.from(message))]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function varintField(tag: number, value: number): Buffer {
  return Buffer.concat([varint(tag), varint(value)]);
}

function field(tag: number, content: Buffer): Buffer {
  return Buffer.concat([varint(tag), varint(content.length), content]);
}
