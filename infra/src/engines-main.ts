import { join } from 'node:path';
import { createLogger } from '@spanloom/runtime';
import { ENGINE_NAMES, ENGINE_VARIABLES, PORT_VARIABLES } from './engines/engine';
import { enginePorts } from './engines/ports';
import { engineKind, startEngines } from './engines/start-engines';

const HELP = `Starts the engines that Spanloom works on and keeps them running until Ctrl-C.

  node infra/dist/engines-main.js [--root DIR] [--kafka-port N] [--registry-port N] [--redis-port N] [--clickhouse-port N]

  --root DIR   where data and logs go (default .spanloom)
  ports        default 9092, 8081, 6379, 8123; also ${Object.values(PORT_VARIABLES).join(', ')}

An engine whose variable is set (${Object.values(ENGINE_VARIABLES).join(', ')}) is not started.
The last line printed before it waits is the environment for the services, as shell assignments.
`;

function readArguments(args: readonly string[]): { root: string; env: NodeJS.ProcessEnv } {
  let root = join(process.cwd(), '.spanloom');
  const env = { ...process.env };
  for (let i = 0; i < args.length; i += 2) {
    const [name = '', value = ''] = [args[i], args[i + 1]];
    const engine = ENGINE_NAMES.find((known) => name === `--${known}-port`);
    if (engine !== undefined) env[PORT_VARIABLES[engine]] = value;
    else if (name === '--root' && value !== '') root = value;
    else throw new Error(`unknown argument ${name}; see --help`);
  }
  return { root, env };
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return;
  }
  const { root, env } = readArguments(args);
  const logger = createLogger({ service: 'engines', level: 'info' });
  const running = await startEngines({
    kind: engineKind(env),
    root,
    ports: enginePorts(env),
    env,
    dieWithParent: true,
    logger,
  });
  const pairs = Object.entries(running.env).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(`${pairs.join(' ')}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    void running.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // The children do not keep this process alive by themselves on every platform.
  setInterval(() => undefined, 60_000);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
