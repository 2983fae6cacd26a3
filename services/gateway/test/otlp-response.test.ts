import { join } from 'node:path';
import * as protobuf from 'protobufjs';
import { exportResponse, formatOf, statusBody } from '../src/otlp-response';

const root = protobuf.loadSync(
  join(__dirname, '..', '..', '..', 'libs', 'otlp', 'test', 'trace.proto'),
);

function decode(type: string, body: Buffer): Record<string, unknown> {
  const message = root.lookupType(`otlp.${type}`);
  return message.toObject(message.decode(body), { longs: Number });
}

describe('answers', () => {
  it('are empty when every span was taken', () => {
    expect(exportResponse('protobuf', 0, '')).toHaveLength(0);
    expect(exportResponse('json', 0, '').toString()).toBe('{}');
  });

  it.each([1, 127, 128, 300_000])('say that %i spans were rejected, and why', (rejected) => {
    const message = `why: ${'x'.repeat(rejected % 400)}`;
    expect(
      decode('ExportTraceServiceResponse', exportResponse('protobuf', rejected, message)),
    ).toEqual({ partialSuccess: { rejectedSpans: rejected, errorMessage: message } });
    expect(JSON.parse(exportResponse('json', rejected, message).toString())).toEqual({
      partialSuccess: { rejectedSpans: String(rejected), errorMessage: message },
    });
  });

  it('carry a status when the request was refused', () => {
    expect(decode('RpcStatus', statusBody('protobuf', 3, 'schlecht'))).toEqual({
      code: 3,
      message: 'schlecht',
    });
    expect(JSON.parse(statusBody('json', 14, 'later').toString())).toEqual({
      code: 14,
      message: 'later',
    });
  });
});

it.each([
  ['application/x-protobuf', 'protobuf'],
  ['Application/JSON; charset=utf-8', 'json'],
  ['text/plain', null],
  ['application/json-patch', null],
  [undefined, null],
])('content type %s is %s', (contentType, format) => {
  expect(formatOf(contentType)).toBe(format);
});
