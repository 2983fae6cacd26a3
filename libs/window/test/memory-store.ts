import {
  createWindowState,
  finishLoading,
  type LiveWindow,
  liveWindows,
  liveWindowsOf,
  loadClosed,
  loadSegment,
  type StoredContents,
  type StoredKey,
  type WindowRules,
  type WindowState,
} from '../src';

/** Keeps one partition's windows as a store does, without one. */
export function createMemoryStore(rules: WindowRules) {
  const values = new Map<string, Buffer>();
  const nameOf = ({ of, number }: StoredKey): string => `${of}:${number}`;
  let contents: StoredContents | null = null;
  let head = { clockS: 0, seq: 0, applied: 0 };
  let ledger = '{}';

  function stored(key: StoredKey): Buffer {
    const value = values.get(nameOf(key));
    if (value === undefined) throw new Error(`${nameOf(key)} is not there`);
    return value;
  }

  const tables = () =>
    (contents?.segments ?? []).map(({ number, table_bytes }) => {
      return [number, stored({ of: 'open', number }).subarray(0, table_bytes)] as const;
    });

  return {
    /** Bytes of spans that are stored. */
    segmentBytes: () => (contents?.segments ?? []).reduce((sum, s) => sum + s.bytes, 0),
    keys: () => [...values.keys()],
    save(state: WindowState, rules: WindowRules): void {
      const checkpoint = state.journal?.take(state, rules);
      if (checkpoint === undefined) throw new Error('the state has no journal');
      for (const change of checkpoint.changes) {
        const name = nameOf(change.key);
        if (change.what === 'remove') expect(values.delete(name)).toBe(true);
        else if (change.what === 'append') {
          values.set(name, Buffer.concat([stored(change.key), change.bytes]));
        } else {
          expect(values.has(name)).toBe(false);
          values.set(name, Buffer.from(change.bytes));
        }
      }
      contents = JSON.parse(JSON.stringify(checkpoint.contents)) as StoredContents;
      head = { clockS: state.clockS, seq: state.seq, applied: state.applied };
      ledger = JSON.stringify(state.ledger);
      const named = [
        ...contents.segments.map((s) => nameOf({ of: 'open', number: s.number })),
        ...contents.closed.map((c) => nameOf({ of: 'closed', number: c.number })),
      ];
      expect([...values.keys()].sort()).toEqual(named.sort());
    },
    load(): WindowState {
      if (contents === null) throw new Error('nothing is stored');
      const state = createWindowState({ ...head, mirrored: true });
      Object.assign(state.ledger, JSON.parse(ledger));
      state.journal?.adopt(contents);
      for (const { number, table_bytes, bytes } of contents.segments) {
        const segment = stored({ of: 'open', number });
        expect(segment).toHaveLength(bytes);
        expect(loadSegment(state, number, segment, table_bytes)).toBe(true);
      }
      for (const { number, bytes } of contents.closed) {
        const block = stored({ of: 'closed', number });
        expect(block).toHaveLength(bytes);
        expect(loadClosed(state, block, rules)).toBe(true);
      }
      expect(finishLoading(state, contents, rules)).toBe(true);
      return state;
    },
    /** Open windows as a reader of the store sees them, and the bytes of one's spans. */
    live: (): Map<string, LiveWindow> => liveWindows(tables()),
    /** The same of some traces. */
    liveOf: (ids: readonly string[]) => liveWindowsOf(tables(), ids),
    spansOf({ pieces }: LiveWindow): Buffer {
      return Buffer.concat(
        pieces.map(({ segment, at, bytes }) =>
          stored({ of: 'open', number: segment }).subarray(at, at + bytes),
        ),
      );
    },
  };
}
