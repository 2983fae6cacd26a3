import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@spanloom/infra';
import { SpanloomError } from '@spanloom/runtime';
import { WORKERS, type WorkerName } from '../run/drain';

/** What `npm run profile` is asked to do. */
export interface ProfileOptions {
  readonly service: WorkerName;
  readonly spans: number;
  readonly folder: string;
  /** Rows of the table. */
  readonly top: number;
}

export const PROFILE_HELP = `Drains a backlog with a CPU profiler on one service, on real engines of its own.

  npm run profile -- assembler
  npm run profile -- sink --spans 1000000 --out /tmp/profiles

Writes SERVICE.cpuprofile (open it in Chrome's developer tools or in an editor) and SERVICE.svg, a flame graph,
and prints the functions that took most.

  SERVICE      ${WORKERS.join(', ')}
  --spans N    spans to drain (default 300000)
  --out DIR    where to write (default .spanloom/profiles)
  --top N      how many functions to print (default 40)
`;

const SPANS_MIN = 1_000;

/** Reads the command line; null when it asks for help. SpanloomError('usage') says what is wrong. */
export function readProfileOptions(args: readonly string[]): ProfileOptions | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const service = WORKERS.find((name) => name === positionals[0]);
  if (service === undefined || positionals.length !== 1) {
    throw new SpanloomError('usage', `name one service of ${WORKERS.join(', ')}; see --help`);
  }
  const spans = Number(values.spans);
  const top = Number(values.top);
  if (!Number.isInteger(spans) || spans < SPANS_MIN || !Number.isInteger(top) || top < 1) {
    throw new SpanloomError('usage', `--spans takes ${SPANS_MIN} or more, --top a whole number`);
  }
  return { service, spans, folder: values.out, top };
}

function parse(args: readonly string[]) {
  const options = {
    spans: { type: 'string', default: '300000' },
    out: { type: 'string', default: join(repositoryRoot(), '.spanloom', 'profiles') },
    top: { type: 'string', default: '40' },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new SpanloomError('usage', `${(error as Error).message}; see --help`, { cause: error });
  }
}
