import {
  AvroWriter,
  decodeDeadLetter,
  encodeDeadLetter,
  FragmentBatchBuilder,
  FragmentReader,
  reference,
  writeFragmentHeader,
  writeLedgerEntry,
  writeSegmentHeader,
} from '../src';

const TRACE = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');

function fragmentBytes(): Buffer {
  const writer = new AvroWriter();
  writeFragmentHeader(writer, TRACE, 0, {
    openedAtS: 1700000000,
    closedAtS: 1700000012,
    reason: 1,
    late: true,
    spanCount: 2,
    duplicateCount: 1,
  });
  writer.writeLong(1);
  writeSegmentHeader(writer, 7, 2, 3);
  writer.writeRaw(Buffer.from('abc'));
  writer.writeByte(0);
  return writer.take();
}

function ledgerBytes(): Buffer {
  const writer = new AvroWriter();
  writeLedgerEntry(writer, {
    atS: 1700000020,
    fromOffset: 5,
    toOffset: 9,
    received: 3,
    deadLettered: 1,
    sampledOut: 0,
    openSpans: 4,
  });
  return writer.take();
}

test('a batch reads back, entry by entry, and avsc reads the same', () => {
  const builder = new FragmentBatchBuilder(3);
  builder.add(41, fragmentBytes());
  builder.add(42, ledgerBytes());
  const message = builder.finish(9);
  const reader = new FragmentReader();
  expect(reader.reset(message)).toBe(true);
  expect([reader.partition, reader.firstSeq, reader.schemaId]).toEqual([3, 41, 9]);
  expect(reader.next()).toBe('fragment');
  expect([reader.seq, reader.openedAtS, reader.closedAtS, reader.reason, reader.late]).toEqual([
    41,
    1700000000,
    1700000012,
    1,
    true,
  ]);
  expect([reader.spanCount, reader.duplicateCount, reader.segmentCount]).toEqual([2, 1, 1]);
  const [segment] = reader.segments;
  expect(message.toString('latin1', segment?.start, segment?.end)).toBe('abc');
  expect(message.subarray(reader.entryStart, reader.entryEnd).equals(fragmentBytes())).toBe(true);
  expect(reader.next()).toBe('ledger');
  expect(reader.ledger).toMatchObject({ fromOffset: 5, toOffset: 9, received: 3, openSpans: 4 });
  expect(reader.next()).toBe('end');

  const decoded = reference.traceFragment.fromBuffer(message.subarray(5)) as {
    entries: readonly object[];
  };
  expect(decoded.entries[0]).toMatchObject({
    'io.spanloom.TraceFragment': { reason: 'idle', late: true, span_count: 2 },
  });
  expect(decoded.entries[1]).toMatchObject({
    'io.spanloom.LedgerEntry': { received: 3n, open_spans: 4n },
  });
});

test('sequence numbers go on by one', () => {
  const builder = new FragmentBatchBuilder(0);
  builder.add(1, ledgerBytes());
  expect(() => builder.add(3, ledgerBytes())).toThrow(RangeError);
});

test('cut-off batches are corrupt, never garbage', () => {
  const builder = new FragmentBatchBuilder(3);
  builder.add(1, fragmentBytes());
  const message = builder.finish(9);
  const reader = new FragmentReader();
  for (let end = 0; end < message.length; end++) {
    const kinds: string[] = [];
    if (!reader.reset(message.subarray(0, end))) continue;
    for (let kind = reader.next(); kind !== 'end' && kinds.length < 5; kind = reader.next()) {
      kinds.push(kind);
      if (kind === 'corrupt') break;
    }
    expect(kinds).toContain('corrupt');
  }
});

test('dead letters read back, and avsc agrees', () => {
  const letter = {
    topic: 'spans',
    partition: 2,
    offset: 5_000_000_000,
    index: -1,
    atUnixMs: 1700000000123,
    reason: 'not-avro',
    error: 'né',
    attempts: 1,
    schemaId: 0,
    key: null,
    raw: Buffer.from([1, 2, 3]),
  };
  const bytes = encodeDeadLetter(letter, 4);
  expect(decodeDeadLetter(bytes)).toEqual(letter);
  expect(reference.deadLetter.fromBuffer(bytes.subarray(5))).toMatchObject({
    offset: 5_000_000_000n,
    reason: 'not-avro',
    key: null,
  });
  expect(decodeDeadLetter(encodeDeadLetter({ ...letter, key: Buffer.from('k') }, 4)).key).toEqual(
    Buffer.from('k'),
  );
  expect(() => decodeDeadLetter(bytes.subarray(0, 20))).toThrow(RangeError);
});
