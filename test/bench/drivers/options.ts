import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SpanloomError } from '@spanloom/runtime';
import {
  COMPRESSIONS,
  DRIVER_NAMES,
  type DriverCompression,
  type DriverName,
  FOREIGN,
} from './driver';

/** What the comparison of drivers is asked to do. */
export interface DriverOptions {
  readonly spans: number;
  readonly rounds: number;
  readonly compression: DriverCompression;
  /** Each with the folder that has it; '' for those that this project has. */
  readonly drivers: ReadonlyMap<DriverName, string>;
  /** Nothing on stdout but the JSON. */
  readonly json: boolean;
}

export const HELP = `Compares the CPU that Kafka drivers take per span to write and to read, each in a process of its own, on one
real broker: spans of 470 bytes, a hundred a message as the gateway packs them, and one a message.

  npm run bench:drivers                          Spanloom's port and plain kafkajs
  npm run bench:drivers -- --driver platformatic=FOLDER --driver confluent=FOLDER

  --driver NAME=FOLDER  a driver that this project does not have, and a folder with it in node_modules:
                        platformatic (@platformatic/kafka), confluent (@confluentinc/kafka-javascript)
  --spans N             spans of each run, a multiple of 800 (default 200000)
  --rounds N            runs of each (default 3), in turn; the median is shown
  --compression C       none (default) or lz4
  --json                nothing on stdout but the JSON
`;

const OPTIONS = {
  driver: { type: 'string', multiple: true, default: [] as string[] },
  spans: { type: 'string', default: '200000' },
  compression: { type: 'string', default: 'none' },
  rounds: { type: 'string', default: '3' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new SpanloomError('usage', `${(error as Error).message}; see --help`, { cause: error });
  }
}

function foreignDriver(text: string): readonly [DriverName, string] {
  const [given, folder = ''] = text.split(/=(.*)/s);
  const name = DRIVER_NAMES.find((known) => known === given);
  const packageName = name === undefined ? undefined : FOREIGN[name];
  if (name === undefined || packageName === undefined) {
    const known = Object.keys(FOREIGN).join(', ');
    throw new SpanloomError(
      'usage',
      `--driver: "${text}" should be NAME=FOLDER with one of ${known}`,
    );
  }
  if (!existsSync(join(folder, 'node_modules', packageName))) {
    throw new SpanloomError(
      'usage',
      `--driver: there is no ${packageName} in ${folder}/node_modules`,
    );
  }
  return [name, folder];
}

/** Reads the command line; null when it asks for help. SpanloomError('usage') says what is wrong. */
export function readDriverOptions(args: readonly string[]): DriverOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const [spans, rounds] = [Number(values.spans), Number(values.rounds)];
  if (!Number.isInteger(spans) || spans < 1600 || spans % 800 > 0) {
    throw new SpanloomError(
      'usage',
      `--spans: "${values.spans}" should be a multiple of 800, at least 1600`,
    );
  }
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new SpanloomError('usage', `--rounds: "${values.rounds}" is not a number of runs`);
  }
  const compression = COMPRESSIONS.find((known) => known === values.compression);
  if (compression === undefined) {
    const known = COMPRESSIONS.join(' or ');
    throw new SpanloomError('usage', `--compression: "${values.compression}" should be ${known}`);
  }
  const foreign = values.driver.map(foreignDriver);
  const drivers = new Map<DriverName, string>([['spanloom', ''], ['kafkajs', ''], ...foreign]);
  return { spans, rounds, compression, drivers, json: values.json };
}
