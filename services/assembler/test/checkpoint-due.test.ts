import { createManualClock } from '@spanloom/runtime';
import { createCheckpointDue } from '../src/checkpoint-due';

const RECORDS_FAR_BEHIND = 3;

function made() {
  const clock = createManualClock();
  const due = createCheckpointDue({ interval_ms: 1000, bytes_max: 4000, clock });
  return { clock, due };
}

test('a checkpoint is due an interval after the last attempt', async () => {
  const { clock, due } = made();
  await clock.advance(999);
  expect(due.isTime(0)).toBe(false);
  await clock.advance(1);
  expect(due.isTime(0)).toBe(true);
  due.tried();
  expect(due.isTime(0)).toBe(false);
});

test('a partition is far behind when a sixteenth of the greatest bytes is before it; then five intervals pass', async () => {
  const { clock, due } = made();
  due.applied(80);
  due.applied(120);
  await clock.advance(1000);
  expect(due.isTime(RECORDS_FAR_BEHIND - 1)).toBe(true);
  expect(due.isTime(RECORDS_FAR_BEHIND)).toBe(false);
  await clock.advance(4000);
  expect(due.isTime(RECORDS_FAR_BEHIND)).toBe(true);
});

test('what records take is remembered when a checkpoint has just been made', async () => {
  const { clock, due } = made();
  due.applied(100);
  await clock.advance(1000);
  expect(due.isTime(RECORDS_FAR_BEHIND)).toBe(false);
  due.saved();
  expect(due.isTime(RECORDS_FAR_BEHIND)).toBe(false);
});

test('nothing is known of the size of records before the first one', async () => {
  const { clock, due } = made();
  await clock.advance(1000);
  expect(due.isTime(1_000_000)).toBe(true);
});

test('much has come at the greatest bytes, and none after a checkpoint', () => {
  const { due } = made();
  due.applied(3999);
  expect(due.isMuch).toBe(false);
  due.applied(1);
  expect(due.isMuch).toBe(true);
  due.tried();
  expect(due.isMuch).toBe(true);
  due.saved();
  expect(due.isMuch).toBe(false);
});
