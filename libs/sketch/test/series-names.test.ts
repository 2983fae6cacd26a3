import { readSeriesName, type SeriesBytes, SeriesNames } from '../src/series-names';

function bytes(service: string, name: string, kind = 2, statusCode = 0): SeriesBytes {
  const head = Buffer.from(`..${service}.`);
  const buffer = Buffer.concat([head, Buffer.from(name), Buffer.from('..')]);
  const [serviceStart, serviceEnd, nameStart] = [2, head.length - 1, head.length];
  return {
    buffer,
    serviceStart,
    serviceEnd,
    nameStart,
    nameEnd: buffer.length - 2,
    kind,
    statusCode,
    seriesHash: hashOf(buffer, kind * 3 + statusCode),
  };
}

/** FNV-1a, mixed. */
function hashOf(bytes: Buffer, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
}

describe('series names', () => {
  it('gives what reading slowly gives, however many names push each other out', () => {
    const names = new SeriesNames({ template: true });
    const wrong: number[] = [];
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 40_000; i++) {
        const span = bytes(`service-${i % 7}`, `operation-x${i}y`, i % 6, i % 3);
        if (names.name(names.find(span)).key !== readSeriesName(span, true).key) wrong.push(i);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps the slot of a name that stays', () => {
    const names = new SeriesNames({ template: false });
    const slot = names.find(bytes('cart', 'GET /1'));
    names.tag[slot] = 5;
    expect(names.find(bytes('cart', 'GET /1'))).toBe(slot);
    expect(names.find(bytes('cart', 'GET /2'))).not.toBe(slot);
    expect(names.name(slot).operation).toBe('GET /1');
  });

  it('tells apart what only differs in where the service ends, in kind or in status', () => {
    const names = new SeriesNames({ template: false });
    const spans = [bytes('ab', 'c'), bytes('a', 'bc'), bytes('ab', 'c', 3), bytes('ab', 'c', 2, 2)];
    const found = spans.map((span) => names.find(span));
    expect(new Set(found).size).toBe(4);
    expect(new Set(found.map((slot) => names.name(slot).key)).size).toBe(4);
  });

  it('tells apart names that have the same hash', () => {
    const names = new SeriesNames({ template: false });
    const spans = Array.from({ length: 20 }, (_, i) => ({ ...bytes('a', `b${i}`), seriesHash: 1 }));
    const found = spans.map((span) => names.name(names.find(span)).operation);
    expect(found).toEqual(spans.map((_, i) => `b${i}`));
  });

  it('tells apart names whose texts join to the same', () => {
    const keys = [bytes('a\u0000b', 'c'), bytes('a', 'b\u0000c'), bytes('1', '2'), bytes('12', '')];
    expect(new Set(keys.map((span) => readSeriesName(span, false).key)).size).toBe(4);
  });

  it('cuts names of any length the same way when cached', () => {
    const names = new SeriesNames({ template: true });
    for (const length of [255, 256, 257, 1023, 1024, 1025, 1026, 5000]) {
      for (const text of ['x'.repeat(length), '€'.repeat(length), `a${'😀'.repeat(length)}`]) {
        const span = bytes(text, text);
        const name = names.name(names.find(span));
        expect(name).toEqual(readSeriesName(span, true));
        expect(Buffer.byteLength(name.service)).toBeLessThanOrEqual(256);
        expect(name.operation).not.toContain('\ufffd');
      }
    }
  });
});
