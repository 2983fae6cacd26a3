import { windowsTables } from '../../src/windows/tables';

const READ = {
  partition: 0,
  state: 'read',
  log_clock: '2024-05-01T10:00:00.000Z',
  open_windows: 1200,
  spans: 9,
  bytes: 4000,
  stored_bytes: 5000,
  oldest_age_s: 7,
};

test('partitions and traces, one table each', () => {
  const trace = {
    trace_id: 'a'.repeat(32),
    partition: 0,
    opened_at: '2024-05-01T09:59:53.000Z',
    age_s: 7,
    quiet_s: 2,
    spans: 3,
    bytes: 1400,
    has_root: true,
  };
  const away = { partition: 1, state: 'away' };
  const answer = { order: 'oldest', partitions: [READ, away], traces: [trace], warnings: [] };
  expect(windowsTables(answer).split('\n')).toEqual([
    'PARTITION  STATE  WINDOWS  SPANS  BYTES  STORED  OLDEST s                 LOG CLOCK',
    '0           read     1200      9   4000    5000         7  2024-05-01T10:00:00.000Z',
    '1           away        -      -      -       -         -                         -',
    '',
    '1 of 1200 open traces, the oldest first',
    'TRACE                             PARTITION  AGE s  QUIET s  SPANS  BYTES  ROOT',
    `${'a'.repeat(32)}          0      7        2      3   1400   yes`,
  ]);
});

test('no traces, because none is open or none was asked for', () => {
  const idle = { ...READ, open_windows: 0, oldest_age_s: null };
  const answer = { order: 'oldest', partitions: [idle], traces: [], warnings: [] };
  expect(windowsTables(answer)).toContain('\n\nNo trace is open.');
  expect(windowsTables({ ...answer, partitions: [READ] }).split('\n')).toHaveLength(2);
});
