/**
 * The two text formats that Prometheus reads: its own, version 0.0.4, and OpenMetrics 1.0.0, which has exemplars.
 * Sources: "Exposition formats" of Prometheus; the OpenMetrics specification.
 */
export type TextFormat = 'prometheus' | 'openmetrics';

/** The answers' content types. */
export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** A span that made a sample what it is. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  /** In the unit of the family. */
  readonly value: number;
  /** s since 1970. */
  readonly at_s: number;
}

/** Label names and values in the order in which they are written. */
export type LabelPairs = readonly (readonly [name: string, value: string])[];

/** One line: name and labels, a number, and where it came from. */
export interface Sample {
  /** What follows the family's name: empty for gauges. */
  readonly suffix: '' | '_total' | '_bucket' | '_sum' | '_count';
  readonly labels: LabelPairs;
  /** The upper bound of a bucket. */
  readonly le?: number;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

/** Samples of one name. */
export interface Family {
  /** Without the suffix `_total` that a counter's samples have. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** From the beginning each time. */
  readonly samples: () => Iterable<Sample>;
}

/** The whole answer. */
export function exposition(families: readonly Family[], format: TextFormat): string {
  const lines: string[] = [];
  for (const family of families) {
    // The older format calls a counter by the name of its samples.
    const counts = family.type === 'counter' && format === 'prometheus';
    const named = counts ? `${family.name}_total` : family.name;
    lines.push(`# HELP ${named} ${family.help}`, `# TYPE ${named} ${family.type}`);
    // The samples of a histogram have their labels in common: they are written once.
    let labels: LabelPairs | null = null;
    let text = '';
    for (const sample of family.samples()) {
      if (sample.labels !== labels) text = pairs(sample.labels);
      labels = sample.labels;
      lines.push(line(family.name, text, sample, format));
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

const pairs = (labels: LabelPairs): string =>
  labels.map(([name, text]) => `${name}="${escaped(text)}"`).join(',');

function line(name: string, labels: string, sample: Sample, format: TextFormat): string {
  const { suffix, le, value, exemplar } = sample;
  const comma = labels === '' ? '' : ',';
  const all = le === undefined ? labels : `${labels}${comma}le="${bound(le, format)}"`;
  const plain = `${name}${suffix}${all === '' ? '' : `{${all}}`} ${number(value)}`;
  if (exemplar === undefined || format === 'prometheus') return plain;
  const { traceId, spanId, at_s } = exemplar;
  const ids = pairs([
    ['trace_id', traceId],
    ['span_id', spanId],
  ]);
  return `${plain} # {${ids}} ${number(exemplar.value)} ${at_s}`;
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return String(value);
}

/** OpenMetrics wants a point in every bound, as Prometheus itself stores them then: `1.0`. */
function bound(le: number, format: TextFormat): string {
  const text = number(le);
  return format === 'openmetrics' && /^\d+$/.test(text) ? `${text}.0` : text;
}

const SPECIAL = /[\\"\n]/;

function escaped(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

interface Accepted {
  readonly format: TextFormat | null;
  readonly weight: number;
}

/** One member of an Accept header: a media type with its parameters. */
function accepted(member: string): Accepted {
  const [type = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
  const value = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  const weight = Number(value('q') ?? 1);
  const version = value('version');
  const isOpen = type === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0';
  const isPlain =
    ['text/plain', 'text/*', '*/*'].includes(type) && (version ?? '0.0.4') === '0.0.4';
  return { format: isOpen ? 'openmetrics' : isPlain ? 'prometheus' : null, weight };
}

/** The format that a client asks for: OpenMetrics if it says that it reads it and prefers it, else the older one. */
export function formatFor(accept: string | undefined): TextFormat {
  let best: Accepted = { format: null, weight: 0 };
  for (const member of (accept ?? '').split(',')) {
    const found = accepted(member);
    if (found.format !== null && found.weight > best.weight) best = found;
  }
  return best.format ?? 'prometheus';
}
