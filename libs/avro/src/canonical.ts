import type { Span } from '@spanloom/model';
import { AvroWriter } from './avro-writer';
import { type AvroType, avroType, reference } from './reference';
import { type AvroSchema, SCHEMAS } from './schemas';
import { SpanBatchBuilder } from './span-batch';
import { writeSpan } from './span-codec';
import { WIRE_HEADER_BYTES } from './wire';

/** Turns a message's value into the same batch in the canonical layout, wire header included. */
export type Canonicalize = (value: Buffer) => Buffer;

interface NamedSchema {
  readonly type?: unknown;
  readonly name?: string;
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[];
  readonly items?: unknown;
  readonly values?: unknown;
  readonly size?: number;
}

/** A text that is equal for two schemas exactly when their binary layouts and field names are. */
function layoutOf(schema: unknown, named = new Map<string, string>()): string {
  if (typeof schema === 'string') return named.get(schema.split('.').pop() as string) ?? schema;
  if (Array.isArray(schema)) return `[${schema.map((s) => layoutOf(s, named)).join(',')}]`;
  const { type, name, fields, items, values, size } = schema as NamedSchema;
  let layout: string;
  if (type === 'record') {
    layout = `{${fields?.map((f) => `${f.name}:${layoutOf(f.type, named)}`).join(',')}}`;
  } else if (type === 'array') layout = `array(${layoutOf(items, named)})`;
  else if (type === 'map') layout = `map(${layoutOf(values, named)})`;
  else if (type === 'fixed') layout = `fixed(${size})`;
  else layout = layoutOf(type, named);
  // Registries and avsc may write names in full, others leave the namespace to the record around.
  if (name !== undefined) named.set(name.split('.').pop() as string, layout);
  return layout;
}

const CANONICAL_LAYOUT = layoutOf(SCHEMAS.spanBatch);

/**
 * How to read `SpanBatch` values of a writer schema.
 * @param canonicalId the registry's id of the canonical schema, written into converted values
 * @returns null when the layout is the canonical one, so the bytes can be scanned as they are;
 *   else a function that resolves through avsc (Avro 1.11, "Schema Resolution") and throws when
 *   the value does not decode
 * @throws Error when the writer schema cannot be resolved to the canonical one
 */
export function canonicalizer(writerSchema: AvroSchema, canonicalId: number): Canonicalize | null {
  if (layoutOf(writerSchema) === CANONICAL_LAYOUT) return null;
  const writer: AvroType = avroType(writerSchema);
  const resolver = reference.spanBatch.createResolver(writer);
  const spanBytes = new AvroWriter();
  const builder = new SpanBatchBuilder();
  return (value) => {
    const batch = reference.spanBatch.fromBuffer(
      value.subarray(WIRE_HEADER_BYTES),
      resolver,
    ) as DecodedBatch;
    builder.reset();
    for (const span of batch.spans) {
      spanBytes.reset();
      writeSpan(spanBytes, spanOf(span));
      builder.add(spanBytes.view());
    }
    return builder.finish(canonicalId, Number(batch.sent_at_unix_ms));
  };
}

/** A `Span` as avsc decodes it. */
export interface DecodedSpan {
  readonly trace_id: Buffer;
  readonly span_id: Buffer;
  readonly parent_span_id: Buffer;
  readonly start_unix_nano: bigint;
  readonly duration_nano: bigint;
  readonly kind: number;
  readonly status_code: number;
  readonly service: string;
  readonly name: string;
  readonly trace_state: string;
  readonly flags: number;
  readonly status_message: string;
  readonly scope_name: string;
  readonly scope_version: string;
  readonly resource_attributes: Record<string, string>;
  readonly attributes: Record<string, string>;
  readonly events: readonly {
    readonly time_unix_nano: bigint;
    readonly name: string;
    readonly attributes: Record<string, string>;
  }[];
  readonly links: readonly {
    readonly trace_id: Buffer;
    readonly span_id: Buffer;
    readonly trace_state: string;
    readonly attributes: Record<string, string>;
  }[];
}

/** A `SpanBatch` as avsc decodes it. */
export interface DecodedBatch {
  readonly sent_at_unix_ms: bigint;
  readonly spans: readonly DecodedSpan[];
}

/** The model's span from what avsc decoded. */
export function spanOf(decoded: DecodedSpan): Span {
  const parent = decoded.parent_span_id.toString('hex');
  return {
    traceId: decoded.trace_id.toString('hex'),
    spanId: decoded.span_id.toString('hex'),
    parentSpanId: /^0*$/.test(parent) ? '' : parent,
    startUnixNano: decoded.start_unix_nano,
    durationNano: decoded.duration_nano,
    kind: decoded.kind as Span['kind'],
    statusCode: decoded.status_code as Span['statusCode'],
    service: decoded.service,
    name: decoded.name,
    traceState: decoded.trace_state,
    flags: decoded.flags,
    statusMessage: decoded.status_message,
    scopeName: decoded.scope_name,
    scopeVersion: decoded.scope_version,
    resourceAttributes: { ...decoded.resource_attributes },
    attributes: { ...decoded.attributes },
    events: decoded.events.map((event) => ({
      timeUnixNano: event.time_unix_nano,
      name: event.name,
      attributes: { ...event.attributes },
    })),
    links: decoded.links.map((link) => ({
      traceId: link.trace_id.toString('hex'),
      spanId: link.span_id.toString('hex'),
      traceState: link.trace_state,
      attributes: { ...link.attributes },
    })),
  };
}
