/** A sample of a text exposition. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar: ParsedExemplar | null;
}

export interface ParsedExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly at_s: number | null;
}

/** Samples under their family's name, as the TYPE line has it. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly ParsedSample[];
}

const SUFFIXES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  openmetrics: {
    counter: ['_total', '_created'],
    gauge: [''],
    histogram: ['_bucket', '_sum', '_count', '_created'],
  },
  prometheus: { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] },
};
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|\+Inf|-Inf|NaN)$/;
const EXEMPLAR_CHARS_MAX = 128;

function fail(line: string, why: string): never {
  throw new Error(`${why}: ${line}`);
}

function numberOf(text: string, line: string): number {
  if (!NUMBER.test(text)) fail(line, `"${text}" is no number`);
  return Number(text.replace('Inf', 'Infinity'));
}

/** Reads `{a="b",…}` at `at`; gives what follows it. */
function labelsAt(line: string, at: number): [Record<string, string>, number] {
  const labels: Record<string, string> = {};
  let i = at + 1;
  while (line[i] !== '}') {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/.exec(line.slice(i));
    if (pair === null) fail(line, `no label at ${i}`);
    const [whole, name, value] = pair as unknown as [string, string, string];
    if (name in labels) fail(line, `label ${name} twice`);
    labels[name] = value.replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
    i += whole.length;
    if (line[i] === ',') i++;
    else if (line[i] !== '}') fail(line, `neither , nor } at ${i}`);
  }
  return [labels, i + 1];
}

function exemplarOf(text: string, line: string): ParsedExemplar {
  if (!text.startsWith('{')) fail(line, 'an exemplar without labels');
  const [labels, end] = labelsAt(text, 0);
  const chars = [...Object.entries(labels).flat().join('')].length;
  if (chars > EXEMPLAR_CHARS_MAX) fail(line, `${chars} characters in an exemplar`);
  const [space, value, at, ...more] = text.slice(end).split(' ');
  if (space !== '' || value === undefined || more.length > 0) fail(line, 'a bad exemplar');
  return {
    labels,
    value: numberOf(value as string, line),
    at_s: at === undefined ? null : numberOf(at, line),
  };
}

function sampleOf(line: string): ParsedSample {
  const name = /^[^{ ]*/.exec(line)?.[0] ?? '';
  if (!NAME.test(name)) fail(line, 'no name');
  const [labels, end] = line[name.length] === '{' ? labelsAt(line, name.length) : [{}, name.length];
  if (line[end] !== ' ') fail(line, 'no space before the value');
  const [value, exemplar, ...more] = line.slice(end + 1).split(' # ');
  if (more.length > 0) fail(line, 'two exemplars');
  return {
    name,
    labels,
    value: numberOf(value as string, line),
    exemplar: exemplar === undefined ? null : exemplarOf(exemplar, line),
  };
}

/**
 * Reads a text exposition strictly: what the specification forbids, and what it lets pass but nobody should write,
 * is an error that names the line.
 */
export function parseExposition(
  text: string,
  format: 'prometheus' | 'openmetrics',
): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF at the end');
  const families = new Map<string, { name: string; type: string; samples: ParsedSample[] }>();
  let current: { name: string; type: string; samples: ParsedSample[] } | null = null;
  let helped = '';
  for (const line of lines) {
    const meta = /^# (HELP|TYPE) ([^ ]+) (.+)$/.exec(line) as
      | [string, string, string, string]
      | null;
    if (meta?.[1] === 'HELP') {
      helped = meta[2];
      if (families.has(helped)) fail(line, 'a family in two places');
    } else if (meta !== null) {
      const [, , name, type] = meta;
      if (name !== helped) fail(line, 'TYPE of another family than HELP before it');
      if (SUFFIXES[format]?.[type] === undefined) fail(line, 'an unknown type');
      current = { name, type, samples: [] };
      families.set(name, current);
    } else if (line.startsWith('#') || current === null) {
      fail(line, 'neither HELP, TYPE nor a sample of a family');
    } else {
      current.samples.push(checked(sampleOf(line), current, format, line));
    }
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function checked(
  sample: ParsedSample,
  family: { readonly name: string; readonly type: string },
  format: 'prometheus' | 'openmetrics',
  line: string,
): ParsedSample {
  const suffixes = SUFFIXES[format]?.[family.type] ?? [];
  const suffix = suffixes.find((s) => sample.name === family.name + s);
  if (suffix === undefined) fail(line, `no sample of the ${family.type} ${family.name}`);
  if (format === 'prometheus' && family.type === 'counter' && !family.name.endsWith('_total')) {
    fail(line, 'a counter that does not end in _total');
  }
  if (
    sample.exemplar !== null &&
    (format === 'prometheus' || !['_total', '_bucket'].includes(suffix as string))
  ) {
    fail(line, 'an exemplar where none may be');
  }
  if (family.type !== 'gauge' && !(sample.value >= 0)) fail(line, 'below zero');
  const le = sample.labels.le;
  if ((le !== undefined) !== (suffix === '_bucket'))
    fail(line, 'le without bucket, or the reverse');
  if (le !== undefined && format === 'openmetrics' && !/[.eI]/.test(le))
    fail(line, 'le without a point');
  return sample;
}

function checkFamily({ name, type, samples }: ParsedFamily): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
  }
  if (type !== 'histogram') return;
  const series = new Map<string, ParsedSample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, list] of series) checkHistogram(`${name}${key}`, list);
}

function checkHistogram(key: string, samples: readonly ParsedSample[]): void {
  const buckets = samples.filter((sample) => sample.name.endsWith('_bucket'));
  const counts = samples.filter((sample) => sample.name.endsWith('_count'));
  const sums = samples.filter((sample) => sample.name.endsWith('_sum'));
  if (counts.length !== 1 || sums.length !== 1) throw new Error(`no count or sum: ${key}`);
  let before = { le: Number.NEGATIVE_INFINITY, value: 0 };
  for (const { labels, value, exemplar } of buckets) {
    const le = numberOf(labels.le as string, key);
    if (le <= before.le) throw new Error(`le does not rise: ${key}`);
    if (value < before.value) throw new Error(`counts fall: ${key}`);
    if (exemplar !== null && exemplar.value > le * 1.01) throw new Error(`exemplar above: ${key}`);
    if (exemplar !== null && exemplar.value < before.le * 0.99)
      throw new Error(`exemplar below: ${key}`);
    before = { le, value };
  }
  if (before.le !== Number.POSITIVE_INFINITY) throw new Error(`no +Inf: ${key}`);
  if (before.value !== counts[0]?.value) throw new Error(`+Inf is not the count: ${key}`);
}
