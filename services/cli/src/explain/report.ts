import type { AttributeDifference, Explanation, OperationDifference } from '@spanloom/outlier';
import { alignColumns } from '../terminal/columns';
import { grouped } from '../terminal/progress';

const TEXT_MAX = 60;
const MS_NANO = 1e6;
/** What explains less than this part of the difference is only in the JSON. */
const PART_MIN = 0.005;

/** What was asked, in words. */
export interface ExplainQuestion {
  readonly service: string;
  readonly operation: string | undefined;
  /** As it was typed, such as `500ms`. */
  readonly slower_than: string;
  /** Rows of each list that are shown. */
  readonly top: number;
}

/** The answer for people. */
export function explainText(question: ExplainQuestion, found: Explanation): string {
  const { slow, rest } = found;
  if (slow.spans === 0 || rest.spans === 0) return nothingToCompare(question, found);
  return [
    headline(question, found),
    '',
    ...attributeLines(question, found),
    '',
    `Where the time goes, of ${grouped(slow.below_traces)} slow and ${grouped(rest.below_traces)} others: on the critical path, mean for each, ms`,
    ...belowLines(question, found),
  ].join('\n');
}

function what({ service, operation }: ExplainQuestion): string {
  return operation === undefined ? `calls of ${service}` : `${service}: ${operation}`;
}

function headline(question: ExplainQuestion, { slow, rest }: Explanation): string {
  return `${what(question)}: ${grouped(slow.spans)} took ${question.slower_than} or longer, ${grouped(rest.spans)} did not`;
}

function nothingToCompare(question: ExplainQuestion, { slow, rest }: Explanation): string {
  const all = slow.spans + rest.spans;
  if (all === 0) {
    const why =
      question.operation === undefined
        ? 'no server, consumer or root spans of it are stored in this time; --operation takes spans of any kind'
        : 'none are stored in this time';
    return `${what(question)}: ${why}`;
  }
  const side = slow.spans === 0 ? 'none' : 'all';
  return `${what(question)}: ${side} of ${grouped(all)} took ${question.slower_than} or longer: nothing to compare`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function attributeLines({ top }: ExplainQuestion, found: Explanation): readonly string[] {
  const { attributes, compared, ids, keys_cut, slow, rest } = found;
  const samples = [slow, rest].some(({ sampled }) => sampled < 1)
    ? ` (a sample: ${percent(slow.sampled)} and ${percent(rest.sampled)})`
    : '';
  const lines = [
    `What the slow have more, or less, often: share of ${grouped(slow.traces)} and ${grouped(rest.traces)} traces${samples}`,
    ...(attributes.length === 0
      ? ['  nothing: what differs may be chance']
      : alignColumns(
          [
            ['attribute', 'slow', 'rest', 'difference', 'at least', 'lift'],
            ...attributes.slice(0, top).map(attributeRow),
          ],
          { indent: '  ' },
        )),
    `  ${grouped(compared)} values compared; "at least" holds for all of them with 95 %`,
  ];
  if (ids.length > 0)
    lines.push(`  not compared, too many values: ${shortened(ids.join(', '), 200)}`);
  if (keys_cut) lines.push('  there are more attributes; those of most spans were compared');
  return lines;
}

function attributeRow(one: AttributeDifference): readonly string[] {
  const { source, key, value, share_slow, share_rest, difference, score, lift } = one;
  return [
    `${source} ${key} = ${shortened(value, TEXT_MAX)}`,
    percent(share_slow),
    percent(share_rest),
    percent(difference),
    percent(Math.sign(difference) * score),
    lift === null ? '–' : lift.toFixed(1),
  ];
}

function belowLines(
  { top }: ExplainQuestion,
  { below, below_cut }: Explanation,
): readonly string[] {
  const lines =
    below.length === 0
      ? ['  nothing: what differs may be chance']
      : alignColumns(
          [
            [
              'operation',
              'slow',
              'rest',
              'more',
              'at least',
              'part',
              'in slow',
              'in rest',
              'instance',
            ],
            ...below
              .filter(({ part }) => part >= PART_MIN)
              .slice(0, top)
              .map(belowRow),
          ],
          { indent: '  ' },
        );
  return below_cut ? [...lines, '  fewer traces than meant: they have too many spans'] : lines;
}

function belowRow(one: OperationDifference): readonly string[] {
  const ms = (nano: number): string => (nano / MS_NANO).toFixed(1);
  return [
    `${one.service}${one.callee === null ? '' : ` → ${one.callee}`}: ${shortened(one.operation, TEXT_MAX)}`,
    ms(one.mean_slow_nano),
    ms(one.mean_rest_nano),
    ms(one.difference_nano),
    ms(one.bounds_nano.low),
    percent(one.part),
    percent(one.share_slow),
    percent(one.share_rest),
    one.instance === null ? '' : `${one.instance.name} (${percent(one.instance.share)})`,
  ];
}

/** One line without control characters, cut where it gets too long. */
function shortened(text: string, max: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const plain = [...text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')];
  return plain.length <= max ? plain.join('') : `${plain.slice(0, max - 1).join('')}…`;
}
