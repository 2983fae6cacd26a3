import { isRetriable, SpanloomError } from '@spanloom/runtime';
import type { Command } from 'commander';
import { wholeNumber } from '../interrupt';
import { historyOf, type StoredAction } from './actions';
import { type Decoded, decodeMessage, decodeSpanFields } from './decode-raw';
import { letterOf } from './filter';
import { hexDump } from './hex-dump';
import { formatName } from './letter-name';
import { bytesOf, isSame, type Letter, type LetterBytes, named } from './letters';
import { type Session, withSession } from './session';

const EXAMPLES = `
Examples
  spanloom dlq show spans/3@42#0
  spanloom dlq show spans/3@42 --bytes 4096
  spanloom dlq show spans/3@42 --raw > message.bin
`;

interface ShowFlags {
  readonly bytes: string;
  readonly raw?: boolean;
  readonly json?: boolean;
  readonly home?: string;
}

/** Adds `dlq show`. */
export function registerShow(dlq: Command): void {
  dlq
    .command('show')
    .description('Show one dead letter: fields, history, bytes, and what can be read of them')
    .argument('<letter>', '<topic>/<partition>@<offset>#<index>, as "dlq list" shows it')
    .option('--bytes <n>', 'how many bytes to dump', '256')
    .option('--raw', 'write the bytes themselves to standard output, and nothing else')
    .option('--json', 'print one JSON object, bytes as hex')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action((name: string, flags: ShowFlags) => show(name, flags));
}

async function show(text: string, flags: ShowFlags): Promise<void> {
  const bytes_max = wholeNumber('--bytes', flags.bytes, 0, 10_000_000);
  await withSession(flags, async (session) => {
    const name = letterOf(text, session.prefix);
    const [letter] = await named(session.clickhouse, [name]);
    const [bytes] = await bytesOf(session.clickhouse, [name]);
    if (letter === undefined || bytes === undefined) {
      throw new SpanloomError(
        'usage',
        `there is no dead letter ${formatName(name)}; "spanloom dlq list" shows which there are`,
      );
    }
    if (flags.raw) {
      process.stdout.write(bytes.raw);
      return;
    }
    const history = await historyOf(session.clickhouse, name);
    const decoded = await decode(letter, bytes, session);
    const print = flags.json ? asJson : asText;
    process.stdout.write(`${print(letter, bytes, history, decoded, bytes_max)}\n`);
  });
}

/** What can be read; a registry that is away takes nothing from the rest. */
async function decode(
  letter: Letter,
  { raw }: LetterBytes,
  { kafka }: Session,
): Promise<readonly Decoded[]> {
  if (letter.index >= 0) return decodeSpanFields(raw);
  if (letter.topic !== kafka.topic('spans')) return [];
  try {
    return await decodeMessage(raw, kafka.registry());
  } catch (error) {
    if (!isRetriable(error)) throw error;
    return [['schema', 'unknown: the schema registry does not answer']];
  }
}

function asJson(
  letter: Letter,
  { raw, key }: LetterBytes,
  history: readonly StoredAction[],
  decoded: readonly Decoded[],
): string {
  return JSON.stringify({
    name: formatName(letter),
    ...letter,
    key: key?.toString('hex') ?? null,
    decoded: Object.fromEntries(decoded),
    history,
    raw: raw.toString('hex'),
  });
}

function asText(
  letter: Letter,
  { raw, key }: LetterBytes,
  history: readonly StoredAction[],
  decoded: readonly Decoded[],
  bytes_max: number,
): string {
  const fields: Decoded[] = [
    ['letter', formatName(letter)],
    ['state', letter.state],
    ['reason', letter.reason],
    ['error', letter.error],
    ['attempts', String(letter.attempts)],
    ['appended', letter.at],
    ['schema id', letter.index >= 0 ? String(letter.schemaId) : 'in the message'],
    ['key', key === null ? 'none' : JSON.stringify(key.toString('latin1'))],
    ['bytes', String(raw.length)],
  ];
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['', aligned(fields.filter(([, value]) => value !== ''))],
    ['history', history.map((action) => historyLine(letter, action))],
    ['what can be read', aligned(decoded)],
    ['bytes', hexDump(raw, bytes_max)],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [...(title === '' ? [] : [title]), ...lines].join('\n'))
    .join('\n\n');
}

function historyLine(letter: Letter, action: StoredAction): string {
  const note = action.note === '' ? '' : `: ${action.note}`;
  const by = `${action.at}  by ${action.who}`;
  if (!isSame(action, letter)) return `  ${by}  is a replay of ${formatName(action)}`;
  const to =
    action.action === 'replayed' && action.toOffset >= 0
      ? ` to ${action.topic}/${action.toPartition}@${action.toOffset}`
      : '';
  return `  ${by}  ${action.action}${to}${note}`;
}

function aligned(rows: readonly Decoded[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${plain(value)}`);
}

/** Without control characters, which could move the terminal's cursor. */
function plain(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return value.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
