import { join, resolve } from 'node:path';
import {
  DEFAULT_PORTS,
  type DetachedOptions,
  ENGINE_NAMES,
  engineKind,
  enginePorts,
  PORT_VARIABLES,
  parseCopies,
  repositoryRoot,
  SERVICES,
  spanloomHome,
} from '@spanloom/infra';
import { SpanloomError } from '@spanloom/runtime';
import type { Command } from 'commander';

/** What `up` takes on the command line. */
export interface RunFlags {
  readonly copies: string;
  readonly enginesOnly?: boolean;
  readonly home?: string;
  readonly [portFlag: string]: unknown;
}

/** Names of flags as commander gives them: `--kafka-port` is `kafkaPort`. */
const PORT_FLAGS: readonly {
  readonly flag: string;
  readonly key: string;
  readonly variable: string;
  readonly port: number;
}[] = [
  ...ENGINE_NAMES.map((name) => ({
    flag: `--${name}-port`,
    key: `${name}Port`,
    variable: PORT_VARIABLES[name],
    port: DEFAULT_PORTS[name],
  })),
  ...SERVICES.flatMap(({ name, listens }) =>
    listens === null ? [] : [{ flag: `--${name}-port`, key: `${name}Port`, ...listens }],
  ),
];

/** Adds the flags by which ports can be moved, each also an environment variable. */
export function addPortFlags(command: Command): Command {
  for (const { flag, variable, port } of PORT_FLAGS) {
    command.option(`${flag} <port>`, `default ${port}; also ${variable}`);
  }
  return command;
}

function checkPort(flag: string, value: string): string {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return value;
  throw new SpanloomError(
    'usage',
    `${flag}: "${value}" is not a port; give a number from 1 to 65535`,
  );
}

/** The `.spanloom` folder that the command works in. */
export function homeOf(flags: { readonly home?: string }, env: NodeJS.ProcessEnv): string {
  return resolve(flags.home ?? spanloomHome(env));
}

/** The environment with ports from flags laid over it. SpanloomError('usage') names a flag that is no port. */
export function runEnvironment(flags: RunFlags, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = { ...env };
  for (const { flag, key, variable } of PORT_FLAGS) {
    const value = flags[key];
    if (value !== undefined) result[variable] = checkPort(flag, String(value));
  }
  return result;
}

/** What to run, from flags and environment. SpanloomError('usage' or 'config-invalid') says what is wrong. */
export function runOptions(flags: RunFlags, env: NodeJS.ProcessEnv): DetachedOptions {
  return {
    kind: engineKind(env),
    root: homeOf(flags, env),
    repository: repositoryRoot(),
    ports: enginePorts(env),
    copies: parseCopies(flags.copies),
    enginesOnly: flags.enginesOnly === true,
  };
}

/** Where people look when everything is up. */
export function summary(
  state: {
    readonly env: Readonly<Record<string, string>>;
    readonly processes: readonly { readonly name: string; readonly port: number | null }[];
  },
  home: string,
): string {
  const portOf = (name: string): number | null =>
    state.processes.find((process) => process.name === name)?.port ?? null;
  const gateway = portOf('gateway');
  const query = portOf('query');
  const rows: readonly (readonly [string, string | null])[] = [
    ['OTLP over HTTP', gateway === null ? null : `http://127.0.0.1:${gateway}/v1/traces`],
    ['Query API', query === null ? null : `http://127.0.0.1:${query}`],
    ...Object.entries(state.env).map(([name, url]) => [name, withoutPassword(url)] as const),
    ['Logs', join(home, 'logs')],
  ];
  return rows
    .flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(20)} ${value}\n`]))
    .join('');
}

/** An address of somebody's own engine may hold a password; a terminal should not. */
function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^:/@]*:)[^@]*@/, '$1***@');
}
