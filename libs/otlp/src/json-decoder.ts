import { isReportName, type ReportTexts } from '@spanloom/figures';
import {
  boundValues,
  enumeration,
  int32,
  item,
  type JsonObject,
  list,
  objectOrNull,
  parseJson,
  text,
  uint64,
} from './json-shape';
import { valueText, writeJsonAttributes } from './json-value';
import { UNKNOWN_SERVICE } from './limits';
import { type OtlpOutcome, outcomeOf, type RejectReason } from './outcome';
import { idFault, REASON_TEXTS } from './proto-span';
import type { SpanArena } from './span-arena';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const CODES = ['UNSET', 'OK', 'ERROR'];
const INT64_MAX = 9223372036854775807n;

interface JsonResource {
  readonly service: string;
  /** Its attribute map encoded, or null when it alone is larger than a span may be. */
  readonly attributes: Buffer | null;
}

interface JsonScope {
  readonly name: string;
  readonly version: string;
}

/**
 * Decodes an ExportTraceServiceRequest in OTLP/JSON (lowerCamelCase, hex ids, unknown members passed
 * over) into the same Avro span bytes as its protobuf form. Fills the arena, which is reset first.
 */
export function decodeJson(arena: SpanArena, body: Buffer): OtlpOutcome {
  arena.reset();
  return outcomeOf(() => {
    boundValues(body, arena.limits.json_values_max);
    const request = parseJson(body.toString('utf8'));
    for (const entry of list(request.resourceSpans, 'resourceSpans')) {
      resourceSpans(arena, item(entry, 'a member of resourceSpans'));
    }
  });
}

function resourceSpans(arena: SpanArena, group: JsonObject): void {
  const all = list(objectOrNull(group.resource, 'resource')?.attributes, 'resource.attributes');
  const { report, attributes } = withoutReport(arena, all);
  const spansBefore = arena.spanCount;
  const resource = {
    service: serviceName(arena, attributes),
    attributes: arena.aside(() => writeJsonAttributes(arena, attributes, 'resource.attributes')),
  };
  for (const raw of list(group.scopeSpans, 'scopeSpans')) {
    const scopeSpans = item(raw, 'a member of scopeSpans');
    const scope = objectOrNull(scopeSpans.scope, 'scope');
    const names = {
      name: text(scope?.name, 'scope.name'),
      version: text(scope?.version, 'scope.version'),
    };
    for (const span of list(scopeSpans.spans, 'spans')) {
      writeSpan(arena, item(span, 'a span'), resource, names);
    }
  }
  const service = resource.service === '' ? UNKNOWN_SERVICE : resource.service;
  arena.groups.add(service, report, arena.spanCount - spansBefore);
}

/** Takes what a producer reports of itself out of its resource's attributes; null when there is nothing. */
function withoutReport(
  arena: SpanArena,
  all: readonly unknown[],
): { readonly report: ReportTexts | null; readonly attributes: readonly unknown[] } {
  const isReport = (raw: unknown): boolean => {
    const { key } = item(raw, 'an attribute');
    return typeof key === 'string' && isReportName(key);
  };
  const found = all.filter(isReport).map((raw) => item(raw, 'an attribute'));
  if (found.length === 0) return { report: null, attributes: all };
  const report = found.map(({ key, value }) => [key as string, valueText(arena, value)] as const);
  return {
    report: Object.fromEntries(report),
    attributes: all.filter((raw) => !isReport(raw)),
  };
}

/** The first `service.name` that is not empty; the empty text when there is none. */
function serviceName(arena: SpanArena, attributes: unknown): string {
  for (const raw of list(attributes, 'resource.attributes')) {
    const pair = item(raw, 'an attribute');
    if (pair.key !== 'service.name') continue;
    const service = valueText(arena, pair.value);
    if (service !== '') return service;
  }
  return '';
}

function writeSpan(
  arena: SpanArena,
  span: JsonObject,
  resource: JsonResource,
  scope: JsonScope,
): void {
  arena.beginSpan();
  const ids = {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    parentSpanId: id(span.parentSpanId),
  };
  const start = uint64(span.startTimeUnixNano, 'startTimeUnixNano');
  const end = uint64(span.endTimeUnixNano, 'endTimeUnixNano');
  const fault = faultOf(ids, start, end);
  if (fault !== null) {
    arena.reject(fault.reason, () => fault.message);
    return;
  }
  const { writer } = arena;
  writer.writeFixedHex(ids.traceId, 16);
  writer.writeFixedHex(ids.spanId, 8);
  writer.writeFixedHex(ids.parentSpanId, 8);
  writer.writeBigLong(start);
  writer.writeBigLong(end - start);
  if (!writeRest(arena, span, resource, scope)) {
    arena.reject('too-large', () => REASON_TEXTS['too-large']);
    return;
  }
  if (resource.service === '') arena.unknownServiceCount++;
  arena.endSpan();
}

/** Everything after the times; false when the span outgrew its limit. */
function writeRest(
  arena: SpanArena,
  span: JsonObject,
  resource: JsonResource,
  scope: JsonScope,
): boolean {
  const { writer } = arena;
  const status = objectOrNull(span.status, 'status');
  writer.writeLong(enumeration(span.kind, 'SPAN_KIND_', KINDS));
  writer.writeLong(enumeration(status?.code, 'STATUS_CODE_', CODES));
  arena.string(resource.service === '' ? UNKNOWN_SERVICE : resource.service);
  arena.string(text(span.name, 'name'));
  arena.string(text(span.traceState, 'traceState'));
  writer.writeLong(int32(span.flags));
  arena.string(text(status?.message, 'status.message'));
  arena.string(scope.name);
  arena.string(scope.version);
  const shared = resource.attributes;
  if (shared === null || arena.overSpanLimit(shared.length)) return false;
  writer.writeRaw(shared);
  return (
    writeJsonAttributes(arena, span.attributes, 'attributes') &&
    writeEvents(arena, span) &&
    writeLinks(arena, span) &&
    !arena.overSpanLimit(0)
  );
}

function writeEvents(arena: SpanArena, span: JsonObject): boolean {
  const all = list(span.events, 'events');
  const kept = Math.min(all.length, arena.limits.events_max);
  arena.droppedCount += all.length - kept;
  if (kept > 0) arena.writer.writeLong(kept);
  for (let i = 0; i < kept; i++) {
    const event = item(all[i], 'an event');
    const time = uint64(event.timeUnixNano, 'timeUnixNano');
    arena.writer.writeBigLong(time > INT64_MAX ? 0n : time);
    arena.string(text(event.name, 'an event name'));
    if (!writeJsonAttributes(arena, event.attributes, 'event attributes')) return false;
  }
  arena.writer.writeByte(0);
  return true;
}

function writeLinks(arena: SpanArena, span: JsonObject): boolean {
  const all = list(span.links, 'links');
  const kept = Math.min(all.length, arena.limits.links_max);
  arena.droppedCount += all.length - kept;
  if (kept > 0) arena.writer.writeLong(kept);
  for (let i = 0; i < kept; i++) {
    const link = item(all[i], 'a link');
    arena.writer.writeFixedHex(idOrEmpty(link.traceId, 32), 16);
    arena.writer.writeFixedHex(idOrEmpty(link.spanId, 16), 8);
    arena.string(text(link.traceState, 'traceState'));
    if (!writeJsonAttributes(arena, link.attributes, 'link attributes')) return false;
  }
  arena.writer.writeByte(0);
  return true;
}

function id(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A link's id; one of the wrong form becomes all zeros, as from protobuf. */
function idOrEmpty(value: unknown, characters: number): string {
  return typeof value === 'string' && isHex(value, characters) ? value : '';
}

function isHex(value: string, characters: number): boolean {
  return value.length === characters && /^[0-9a-fA-F]*$/.test(value);
}

interface Fault {
  readonly reason: RejectReason;
  readonly message: string;
}

function faultOf(
  ids: { readonly traceId: string; readonly spanId: string; readonly parentSpanId: string },
  start: bigint,
  end: bigint,
): Fault | null {
  const trace = hexFault('traceId', ids.traceId, 16);
  if (trace !== null) return { reason: 'trace-id', message: trace };
  const span = hexFault('spanId', ids.spanId, 8);
  if (span !== null) return { reason: 'span-id', message: span };
  if (ids.parentSpanId !== '' && !isHex(ids.parentSpanId, 16)) {
    return { reason: 'parent-id', message: 'parentSpanId must be 16 hex characters' };
  }
  if (start > INT64_MAX) return { reason: 'start', message: REASON_TEXTS.start };
  if (end < start || end > INT64_MAX) return { reason: 'duration', message: REASON_TEXTS.duration };
  return null;
}

function hexFault(field: string, hex: string, bytes: number): string | null {
  if (!isHex(hex, bytes * 2)) {
    return `${field} must be ${bytes * 2} hex characters; it has ${hex.length} characters`;
  }
  return /^0*$/.test(hex) ? idFault(field, bytes, bytes) : null;
}
