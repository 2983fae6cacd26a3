import { createStoredLog, load, type StoredLog } from './stored-log';

const PARTITIONS = 2;
const LOAD_S = 32;

interface Verified {
  readonly balanced: boolean;
  readonly settled: boolean | null;
  readonly received: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly dead_lettered: number;
  readonly open: number;
  readonly missing: number;
  readonly rows_missing: number;
  readonly rows_surplus: number;
  readonly partitions: readonly { readonly to_offset: number; readonly holes: number }[];
  readonly examples: readonly { readonly trace_id: string }[];
}

interface Rebuilt {
  readonly identical: boolean;
  readonly swapped: boolean;
  readonly identical_after_swap: boolean | null;
  readonly tables: readonly {
    readonly table: string;
    readonly live_rows: number;
    readonly rebuilt_rows: number;
    readonly rebuilt_checksum: string;
    readonly differing: number;
  }[];
  readonly differing_traces: number;
  readonly traces: readonly { readonly trace_id: string }[];
  readonly partitions: readonly {
    readonly after_seq: number;
    readonly last_seq: number;
    readonly confirmed: boolean;
    readonly agrees_with_commit: boolean | null;
    readonly not_stored_yet: number;
  }[];
}

describe('the ledger, and rebuilding from the log', () => {
  let stored: StoredLog;
  let sent = 0;
  /** Unix ms in the last third of the load: more than a horizon after its beginning. */
  let late_ms = 0;

  beforeAll(async () => {
    stored = await createStoredLog(PARTITIONS);
    const began_ms = Date.now();
    sent = await load(stored.line, PARTITIONS, LOAD_S);
    late_ms = began_ms + 28_000;
  }, 120_000);
  afterAll(() => stored?.close(), 60_000);

  async function run<T>(args: readonly string[]): Promise<T & { readonly code: number | null }> {
    const { code, stdout, stderr } = await stored.spanloom([...args, '--json']);
    if (stdout === '') throw new Error(`spanloom ${args.join(' ')} said nothing: ${stderr}`);
    return { ...(JSON.parse(stdout.trim().split('\n').pop() as string) as T), code };
  }
  const verify = (...args: string[]) => run<Verified>(['verify', ...args]);
  const rebuild = (...args: string[]) => run<Rebuilt>(['rebuild', ...args]);
  const command = (sql: string) => stored.clickhouse.command(sql, {}, { mutations_sync: 2 });
  const checksums = ({ tables }: Rebuilt) => tables.map((table) => table.rebuilt_checksum);

  /** Something wrong of every kind: rows gone, changed, invented; a fragment and a ledger row gone, one changed. */
  async function damage(): Promise<readonly string[]> {
    const ids = await stored.clickhouse.query<{ id: string }>(
      `SELECT TraceId AS id FROM trace_fragments WHERE NOT Late AND SpanCount > 2 GROUP BY id
       HAVING count() = 1 ORDER BY max(Seq) DESC LIMIT 4`,
    );
    const [gone, changed, doubled, headless] = ids.map(({ id }) => id) as [string, ...string[]];
    await command(
      `ALTER TABLE otel_traces DELETE WHERE TraceId = '${gone}' AND SpanName != 'GET /0'`,
    );
    await command(
      `ALTER TABLE otel_traces UPDATE Duration = Duration + 1 WHERE TraceId = '${changed}'`,
    );
    await command(
      `INSERT INTO otel_traces SELECT * REPLACE ('0000000000000bad' AS SpanId) FROM otel_traces WHERE TraceId = '${doubled}'`,
    );
    await command(`ALTER TABLE trace_fragments DELETE WHERE TraceId = '${headless}'`);
    return [gone, changed, doubled, headless] as string[];
  }

  test('balances once nothing is open; every row that a fragment names is there once', async () => {
    const verified = await verify('--settle', '90');
    expect(verified).toMatchObject({
      code: 0,
      balanced: true,
      settled: true,
      received: sent,
      open: 0,
      missing: 0,
      rows_missing: 0,
      rows_surplus: 0,
    });
    const { stored: rows, duplicates, dead_lettered } = verified;
    expect(rows + duplicates + dead_lettered).toBe(sent);
    expect(Math.min(rows, duplicates, dead_lettered)).toBeGreaterThan(0);
    const text = await stored.spanloom(['verify']);
    expect(text.stdout).toMatch(/^Balanced: every span received is accounted for/m);
  }, 150_000);

  test('what the log says is what the tables hold, twice the same', async () => {
    const whole = await rebuild('--from', 'start');
    expect(whole).toMatchObject({ code: 0, identical: true, swapped: false, differing_traces: 0 });
    for (const { confirmed, after_seq, not_stored_yet } of whole.partitions) {
      expect({ confirmed, after_seq, not_stored_yet }).toEqual({
        confirmed: true,
        after_seq: 0,
        not_stored_yet: 0,
      });
    }
    for (const { live_rows, rebuilt_rows } of whole.tables) {
      expect(rebuilt_rows).toBeGreaterThanOrEqual(live_rows);
      expect(live_rows).toBeGreaterThan(0);
    }
    const again = await rebuild('--from', 'start');
    expect(checksums(again)).toEqual(checksums(whole));
  }, 120_000);

  test('a range from the middle has the numbers of the live tables', async () => {
    const range = ['--from', String(late_ms), '--to', 'end'];
    const middle = await rebuild(...range);
    expect(middle).toMatchObject({ code: 0, identical: true });
    for (const { after_seq, last_seq, agrees_with_commit } of middle.partitions) {
      expect(after_seq).toBeGreaterThan(0);
      expect(last_seq).toBeGreaterThan(after_seq);
      expect(agrees_with_commit).toBe(true);
    }
    const again = await rebuild(...range);
    expect(checksums(again)).toEqual(checksums(middle));
  }, 120_000);

  test('with other window settings nothing is confirmed, and nothing is swapped', async () => {
    const { code, stderr } = await stored.spanloom(['rebuild', '--from', 'start', '--swap'], {
      SPANLOOM_GRACE_S: '2',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/nothing was swapped: .*SPANLOOM_GAP_S/);
    expect(await verify()).toMatchObject({ code: 0, balanced: true });
  }, 120_000);

  test('damage is found by its traces, and repaired by the swap', async () => {
    const damaged = await damage();
    const verified = await verify();
    expect(verified).toMatchObject({ code: 1, balanced: false });
    expect(verified.missing).toBeGreaterThan(0);
    expect(verified.rows_missing).toBeGreaterThan(0);
    expect(verified.rows_surplus).toBeGreaterThan(0);
    expect(damaged).toContain(verified.examples[0]?.trace_id);

    const found = await rebuild('--from', 'start');
    expect(found).toMatchObject({ code: 1, identical: false, swapped: false, differing_traces: 4 });
    expect(found.traces.map(({ trace_id }) => trace_id).sort()).toEqual([...damaged].sort());

    const repaired = await rebuild('--from', 'start', '--swap');
    expect(repaired).toMatchObject({ code: 0, swapped: true, identical_after_swap: true });
    expect(await verify()).toMatchObject({ code: 0, balanced: true });
    expect(await rebuild('--from', 'start')).toMatchObject({ code: 0, identical: true });
  }, 240_000);

  test('a swap while the sink goes on inserting disturbs neither', async () => {
    await damage();
    const rows = () =>
      stored.clickhouse.query<{ n: number }>('SELECT count() AS n FROM otel_traces');
    const loading = load(stored.line, PARTITIONS, 14, 100_000);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const [before] = await rows();
    const repaired = await rebuild('--from', 'start', '--swap');
    expect(repaired).toMatchObject({ code: 0, swapped: true, identical_after_swap: true });
    const [after] = await rows();
    // More than the swap can have put back: the sink has stored meanwhile.
    expect((after?.n ?? 0) - (before?.n ?? 0)).toBeGreaterThan(200);
    sent += await loading;
    expect(await verify('--settle', '90')).toMatchObject({
      code: 0,
      balanced: true,
      settled: true,
      received: sent,
      rows_missing: 0,
      rows_surplus: 0,
    });
    expect(await rebuild('--from', 'start')).toMatchObject({ code: 0, identical: true });
  }, 240_000);

  test('--into keeps the tables, and touches none that a rebuild did not make', async () => {
    expect((await rebuild('--from', 'start', '--into', 'kept')).code).toBe(0);
    const [row] = await stored.clickhouse.query<{ n: number }>(
      'SELECT count() AS n FROM trace_fragments_kept',
    );
    expect(row?.n).toBeGreaterThan(0);
    await command('CREATE TABLE ledger_mine (x UInt8) ENGINE = Memory');
    const { code, stderr } = await stored.spanloom([
      'rebuild',
      '--from',
      'start',
      '--into',
      'mine',
    ]);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ledger_mine exists and was not made by a rebuild/) as string,
    });
  }, 120_000);

  test.each([
    [['--from', 'yesterday'], /--from: "yesterday" should be "start", "end", a time/],
    [['--from', 'start', '--into', 'x; DROP'], /--into: .*lower-case letters/],
    [['--from', 'start', '--partition', '7'], /--partition: .* has 2, no 7/],
    [['--from', 'end'], /there is nothing in .* between --from and --to/],
  ])(
    '%j is refused with what it should be',
    async (args, message) => {
      const { code, stderr } = await stored.spanloom(['rebuild', ...args]);
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
    },
    60_000,
  );
});
