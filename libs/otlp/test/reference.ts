import { join } from 'node:path';
import { AvroWriter, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import * as protobuf from 'protobufjs';
import { UNKNOWN_SERVICE } from '../src/limits';
import type { KeyValue, RawResource, RawScope, RawSpan, Value } from './request';

const root = protobuf.loadSync(join(__dirname, 'trace.proto'));
const Request = root.lookupType('otlp.ExportTraceServiceRequest');

/** The request in protobuf, by protobufjs. */
export function toProtobuf(request: readonly RawResource[]): Buffer {
  return Buffer.from(Request.encode(Request.fromObject(requestObject(request, fromHex))).finish());
}

/** The request in OTLP/JSON. */
export function toJson(request: readonly RawResource[]): Buffer {
  const body = requestObject(request, (hex) => hex);
  return Buffer.from(
    JSON.stringify(body, (_, value) => {
      if (typeof value === 'bigint') return value.toString();
      if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
    }),
  );
}

const fromHex = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

type IdForm = (hex: string) => unknown;

function requestObject(request: readonly RawResource[], id: IdForm): { resourceSpans: unknown } {
  return {
    resourceSpans: request.map((resource) => ({
      resource: { attributes: resource.attributes.map(keyValueObject) },
      scopeSpans: resource.scopes.map((scope) => ({
        scope: { name: scope.name, version: scope.version },
        spans: scope.spans.map((span) => spanObject(span, id)),
      })),
    })),
  };
}

function spanObject(span: RawSpan, id: IdForm): unknown {
  return {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    ...(span.parentSpanId === '' ? {} : { parentSpanId: id(span.parentSpanId) }),
    traceState: span.traceState,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: fixed64(span.start),
    endTimeUnixNano: fixed64(span.start + span.duration),
    attributes: span.attributes.map(keyValueObject),
    events: span.events.map((event) => ({
      timeUnixNano: fixed64(event.time),
      name: event.name,
      attributes: event.attributes.map(keyValueObject),
    })),
    links: span.links.map((link) => ({
      traceId: id(link.traceId),
      spanId: id(link.spanId),
      traceState: link.traceState,
      attributes: link.attributes.map(keyValueObject),
    })),
    ...(span.status === null ? {} : { status: span.status }),
    flags: span.flags,
  };
}

const fixed64 = (value: bigint): string => value.toString();

function keyValueObject(pair: KeyValue): unknown {
  return { key: pair.key, value: valueObject(pair.value) };
}

function valueObject(value: Value): unknown {
  switch (value.is) {
    case 'none':
      return {};
    case 'string':
      return { stringValue: value.value };
    case 'bool':
      return { boolValue: value.value };
    case 'int':
      return { intValue: value.value.toString() };
    case 'double':
      return { doubleValue: value.value };
    case 'bytes':
      return { bytesValue: value.value };
    case 'array':
      return { arrayValue: { values: value.value.map(valueObject) } };
    case 'kvlist':
      return { kvlistValue: { values: value.value.map(keyValueObject) } };
  }
}

/** The text that an attribute value is stored as. */
export function expectedText(value: Value): string {
  switch (value.is) {
    case 'none':
      return '';
    case 'string':
      return value.value;
    case 'bytes':
      return Buffer.from(value.value).toString('base64');
    case 'array':
    case 'kvlist':
      return expectedJson(value);
    default:
      return String(value.value);
  }
}

function expectedJson(value: Value): string {
  switch (value.is) {
    case 'none':
      return 'null';
    case 'string':
    case 'bytes':
      return JSON.stringify(expectedText(value));
    case 'double':
      return Number.isFinite(value.value) ? String(value.value) : `"${value.value}"`;
    case 'array':
      return `[${value.value.map(expectedJson).join(',')}]`;
    case 'kvlist':
      return `{${value.value
        .map((pair) => `${JSON.stringify(pair.key)}:${expectedJson(pair.value)}`)
        .join(',')}}`;
    default:
      return String(value.value);
  }
}

function expectedMap(pairs: readonly KeyValue[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((pair) => [pair.key, expectedText(pair.value)]));
}

function expectedSpan(resource: RawResource, scope: RawScope, span: RawSpan): Span {
  const resourceAttributes = expectedMap(resource.attributes);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    startUnixNano: span.start,
    durationNano: span.duration,
    kind: span.kind as Span['kind'],
    statusCode: (span.status?.code ?? 0) as Span['statusCode'],
    service: resourceAttributes['service.name'] ?? UNKNOWN_SERVICE,
    name: span.name,
    traceState: span.traceState,
    flags: span.flags,
    statusMessage: span.status?.message ?? '',
    scopeName: scope.name,
    scopeVersion: scope.version,
    resourceAttributes,
    attributes: expectedMap(span.attributes),
    events: span.events.map((event) => ({
      timeUnixNano: event.time,
      name: event.name,
      attributes: expectedMap(event.attributes),
    })),
    links: span.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      traceState: link.traceState,
      attributes: expectedMap(link.attributes),
    })),
  };
}

/** The spans that a request must become, as objects. */
export function expectedSpans(request: readonly RawResource[]): readonly Span[] {
  return request.flatMap((resource) =>
    resource.scopes.flatMap((scope) => scope.spans.map((s) => expectedSpan(resource, scope, s))),
  );
}

/** A span's canonical bytes, by the general encoder. */
export function avroBytes(span: Span): Buffer {
  const writer = new AvroWriter();
  writeSpan(writer, span);
  return writer.take();
}
