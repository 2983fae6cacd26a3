import { jaegerTraces, withLastWarning } from '../../src/jaeger/trace';
import { span } from './fixture';

describe('spans in Jaeger JSON', () => {
  it('writes a whole span', () => {
    const [trace] = jaegerTraces([
      span({
        parentSpanId: '2222222222222222',
        statusCode: 2,
        statusMessage: 'no stock',
        scopeName: 'http',
        scopeVersion: '1.2.0',
        traceState: 'a=b',
        attributes: { 'http.status_code': '500', retried: 'false', error: 'yes' },
        events: [
          { timeUnixNano: 1_700_000_000_123_999_999n, name: 'cache', attributes: { hit: 'true' } },
        ],
        links: [
          { traceId: 'f'.repeat(32), spanId: '3'.repeat(16), traceState: '', attributes: {} },
          {
            traceId: 'e'.repeat(32),
            spanId: '4'.repeat(16),
            traceState: '',
            attributes: { 'opentracing.ref_type': 'child_of' },
          },
        ],
      }),
    ]);
    expect(trace).toEqual({
      traceID: '0123456789abcdef0123456789abcdef',
      warnings: null,
      processes: {
        p1: { serviceName: 'cart', tags: [{ key: 'host.name', type: 'string', value: 'a' }] },
      },
      spans: [
        {
          traceID: '0123456789abcdef0123456789abcdef',
          spanID: '1111111111111111',
          flags: 1,
          operationName: 'GET /cart',
          references: [
            {
              refType: 'CHILD_OF',
              traceID: '0123456789abcdef0123456789abcdef',
              spanID: '2222222222222222',
            },
            { refType: 'FOLLOWS_FROM', traceID: 'f'.repeat(32), spanID: '3'.repeat(16) },
            { refType: 'CHILD_OF', traceID: 'e'.repeat(32), spanID: '4'.repeat(16) },
          ],
          startTime: 1_700_000_000_123_456,
          duration: 2000,
          tags: [
            { key: 'span.kind', type: 'string', value: 'server' },
            { key: 'otel.status_code', type: 'string', value: 'ERROR' },
            { key: 'otel.status_description', type: 'string', value: 'no stock' },
            { key: 'otel.scope.name', type: 'string', value: 'http' },
            { key: 'otel.scope.version', type: 'string', value: '1.2.0' },
            { key: 'w3c.tracestate', type: 'string', value: 'a=b' },
            { key: 'error', type: 'bool', value: true },
            { key: 'http.status_code', type: 'int64', value: 500 },
            { key: 'retried', type: 'bool', value: false },
          ],
          logs: [
            {
              timestamp: 1_700_000_000_123_999,
              fields: [
                { key: 'event', type: 'string', value: 'cache' },
                { key: 'hit', type: 'bool', value: true },
              ],
            },
          ],
          processID: 'p1',
          warnings: null,
        },
      ],
    });
  });

  it('says nothing of an unspecified kind, an unset status and no parent', () => {
    const [trace] = jaegerTraces([span({ kind: 0 })]);
    expect(trace?.spans[0]).toMatchObject({ tags: [], references: [], logs: [] });
  });

  it('gives each resource a process, and keeps the order of traces', () => {
    const traces = jaegerTraces([
      span({ traceId: 'b'.repeat(32) }),
      span({ traceId: 'a'.repeat(32), service: 'pay' }),
      span({ traceId: 'b'.repeat(32), resourceAttributes: { 'host.name': 'b' } }),
      span({ traceId: 'b'.repeat(32) }),
    ]);
    expect(traces.map((trace) => trace.traceID[0])).toEqual(['b', 'a']);
    expect(traces[0]?.spans.map(({ processID }) => processID)).toEqual(['p1', 'p2', 'p1']);
    expect(traces[1]?.processes.p1?.serviceName).toBe('pay');
  });

  it('warns on the last trace only', () => {
    const traces = jaegerTraces([span(), span({ traceId: 'c'.repeat(32) })]);
    expect(withLastWarning(traces, 'cut').map(({ warnings }) => warnings)).toEqual([null, ['cut']]);
    expect(withLastWarning([], 'cut')).toEqual([]);
  });
});
