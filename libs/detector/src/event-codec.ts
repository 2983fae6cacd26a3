import {
  AvroCursor,
  AvroWriter,
  readWireHeader,
  WIRE_HEADER_BYTES,
  wireHeader,
} from '@spanloom/avro';
import type { AnomalyEvent } from './event';
import type { Finding } from './finding';
import type { SeriesName } from './self-time-pane';

/** In the order of the schema's enum. */
const WHATS = ['self-time', 'failures', 'shape'] as const;
const EDGE_KIND = -1;

/**
 * Writes a message of the topic `anomalies` in Confluent wire format; the bytes depend on the event alone.
 * @param schemaId the registry's id of `Anomaly.avsc`
 */
export function encodeAnomaly(event: AnomalyEvent, schemaId: number): Buffer {
  const writer = new AvroWriter(1024);
  writer.writeRaw(wireHeader(schemaId));
  writer.writeString(event.id);
  writer.writeString(event.incident);
  writer.writeLong(event.atS);
  if (event.services.length > 0) writer.writeLong(event.services.length);
  for (const service of event.services) writer.writeString(service);
  writer.writeByte(0);
  if (event.findings.length > 0) writer.writeLong(event.findings.length);
  for (const finding of event.findings) writeFinding(writer, finding);
  writer.writeByte(0);
  return writer.take();
}

function writeFinding(writer: AvroWriter, finding: Finding): void {
  const { name, exemplars } = finding;
  writer.writeLong(WHATS.indexOf(finding.what));
  writer.writeString(name.service);
  writer.writeString(name.type === 'edge' ? '' : name.operation);
  writer.writeLong(name.type === 'edge' ? EDGE_KIND : name.kind);
  writer.writeString(name.peer);
  writer.writeString(finding.what === 'self-time' ? '' : finding.missing);
  writer.writeLong(finding.traces);
  writer.writeDouble(finding.observed);
  writer.writeDouble(finding.expected);
  writer.writeDouble(finding.what === 'self-time' ? finding.excessNano : 0);
  writer.writeDouble(finding.effect);
  writer.writeDouble(finding.evidence);
  if (exemplars.length > 0) writer.writeLong(exemplars.length);
  for (const trace of exemplars) writer.writeFixedHex(trace, 16);
  writer.writeByte(0);
}

/**
 * Reads a message of the topic `anomalies`.
 * @throws RangeError when it is not one
 */
export function decodeAnomaly(value: Buffer): AnomalyEvent {
  if (readWireHeader(value) === null) throw new RangeError('not in Confluent wire format');
  const cursor = new AvroCursor(value, WIRE_HEADER_BYTES, value.length);
  return {
    id: cursor.text(),
    incident: cursor.text(),
    atS: cursor.long(),
    services: cursor.array((at) => at.text()),
    findings: cursor.array(readFinding),
  };
}

function readFinding(cursor: AvroCursor): Finding {
  const what = WHATS[cursor.long()];
  if (what === undefined) throw new RangeError('no such finding');
  const service = cursor.text();
  const operation = cursor.text();
  const kind = cursor.long();
  const peer = cursor.text();
  const name: SeriesName =
    kind === EDGE_KIND
      ? { type: 'edge', service, peer }
      : { type: 'operation', service, operation, kind, peer };
  const missing = cursor.text();
  const traces = cursor.long();
  const observed = cursor.double();
  const expected = cursor.double();
  const excessNano = cursor.double();
  const effect = cursor.double();
  const evidence = cursor.double();
  const exemplars = cursor.array((at) => at.hex(16));
  const common = { name, traces, observed, expected, effect, evidence, exemplars };
  return what === 'self-time' ? { what, excessNano, ...common } : { what, missing, ...common };
}
