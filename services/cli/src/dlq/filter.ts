import { SpanloomError } from '@spanloom/runtime';
import type { Command } from 'commander';
import { wholeNumber } from '../interrupt';
import { type LetterName, NAMED, nameParameters, parseName } from './letter-name';

/** States of a dead letter; see docs/dead-letters.md. */
export const LETTER_STATES = ['open', 'quarantined', 'discarded', 'replaying', 'replayed'] as const;
export type LetterState = (typeof LETTER_STATES)[number];

/** Flags by which letters are chosen. */
export interface FilterFlags {
  readonly reason?: readonly string[];
  readonly topic?: string;
  readonly partition?: string;
  readonly since?: string;
  readonly until?: string;
  readonly trace?: string;
}

/** A condition on `dead_letter_queue`, and the values for its places. */
export interface Filter {
  readonly where: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Adds the flags of {@link FilterFlags}. */
export function addFilterFlags(command: Command): Command {
  return command
    .option('--reason <reason...>', 'only these reasons, as docs/dead-letters.md lists them')
    .option(
      '--topic <name>',
      'only what was read from this topic: spans, traces, latency, anomalies',
    )
    .option('--partition <n>', 'only this partition')
    .option('--since <time>', 'appended at or after: 2026-01-31T12:00:00Z, or 90m, 2h, 3d ago')
    .option('--until <time>', 'appended before')
    .option('--trace <id>', 'only what holds this trace id, 32 hex characters');
}

/** Whether no flag narrows the choice. */
export function isUnfiltered(flags: FilterFlags): boolean {
  const { reason, topic, partition, since, until, trace } = flags;
  return [reason, topic, partition, since, until, trace].every((flag) => flag === undefined);
}

const AGO = /^(\d{1,6})([smhd])$/;
const AGO_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time, or how long ago, in milliseconds since 1970. SpanloomError('usage') names the flag. */
export function parseTime(flag: string, text: string, nowMs: number): number {
  const [, count, unit] = AGO.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * AGO_MS[unit as keyof typeof AGO_MS];
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new SpanloomError(
    'usage',
    `${flag}: "${text}" should be a time like 2026-01-31T12:00:00Z, or like 90m, 2h or 3d for ago`,
  );
}

/**
 * The filter for flags and names together; names are the letters themselves, the flags narrow them.
 * SpanloomError('usage') names what cannot be read.
 * @param prefix put before the topic's short name
 */
export function filterOf(
  flags: FilterFlags,
  names: readonly string[],
  states: readonly LetterState[],
  context: { readonly prefix: string; readonly nowMs: number },
): Filter {
  const conditions = ['State IN {states:Array(String)}'];
  const params: Record<string, unknown> = { states };
  const add = (condition: string, name: string, value: unknown): void => {
    conditions.push(condition);
    params[name] = value;
  };
  if (flags.reason !== undefined) add('Reason IN {reasons:Array(String)}', 'reasons', flags.reason);
  if (flags.topic !== undefined) {
    add('Topic = {topic:String}', 'topic', fullTopic(flags.topic, context.prefix));
  }
  if (flags.partition !== undefined) {
    const partition = wholeNumber('--partition', flags.partition, 0, 65_535);
    add('Partition = {partition:UInt16}', 'partition', partition);
  }
  if (flags.since !== undefined) {
    const since = parseTime('--since', flags.since, context.nowMs);
    add('At >= fromUnixTimestamp64Milli({since:Int64})', 'since', since);
  }
  if (flags.until !== undefined) {
    const until = parseTime('--until', flags.until, context.nowMs);
    add('At < fromUnixTimestamp64Milli({until:Int64})', 'until', until);
  }
  if (flags.trace !== undefined) {
    const trace = traceId(flags.trace);
    add('(position(Raw, unhex({trace:String})) > 0 OR Key = {trace:String})', 'trace', trace);
  }
  if (names.length > 0) {
    conditions.push(NAMED);
    Object.assign(params, nameParameters(names.map((name) => letterOf(name, context.prefix))));
  }
  return { where: conditions.join(' AND '), params };
}

/** A letter's name with the topic's prefix put before it where it is missing. */
export function letterOf(text: string, prefix: string): LetterName {
  const name = parseName(text);
  return { ...name, topic: fullTopic(name.topic, prefix) };
}

function fullTopic(topic: string, prefix: string): string {
  return topic.startsWith(prefix) ? topic : `${prefix}${topic}`;
}

function traceId(text: string): string {
  if (/^[0-9a-f]{32}$/i.test(text)) return text.toLowerCase();
  throw new SpanloomError('usage', `--trace: "${text}" should be 32 hex characters`);
}
