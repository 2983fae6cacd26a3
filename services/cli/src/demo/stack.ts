import { type DetachedOptions, type RunState, readState, supervise } from '@spanloom/infra';
import type { Logger } from '@spanloom/runtime';
import { processRuns } from './process-runs';

/** Engines and services that the demo works with. */
export interface Stack {
  /** Whether the demo started it, and so stops it. */
  readonly own: boolean;
  state(): RunState;
  /** Stops what the demo started; leaves alone what ran before. */
  stop(): Promise<void>;
}

/**
 * Starts engines and services as processes of this one; or uses those of a running `spanloom up` in the
 * same folder. Errors: port-in-use, engine-missing and the others of `supervise`.
 */
export async function startStack(
  options: DetachedOptions,
  deps: {
    readonly env: NodeJS.ProcessEnv;
    readonly signal: AbortSignal;
    readonly say: (line: string) => void;
  },
): Promise<Stack> {
  const running = readState(options.root);
  if (running?.status === 'running' && processRuns(running.supervisor.pid)) {
    deps.say(`using what "spanloom up" has started at ${running.startedAt}`);
    const state = (): RunState => readState(options.root) ?? running;
    return { own: false, state, stop: async () => undefined };
  }
  const supervisor = await supervise({
    ...options,
    env: deps.env,
    signal: deps.signal,
    onProgress: (what) => deps.say(`${what} …`),
    logger: sayingLogger(deps.say),
  });
  return { own: true, state: supervisor.state, stop: supervisor.stop };
}

/** Shows warnings and errors, such as a service that ended and is started again, between the progress. */
function sayingLogger(say: (line: string) => void): Logger {
  const tell = (fields: object, message: string): void => {
    const facts = Object.entries(fields).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [`${key}: ${firstLine(value)}`] : [],
    );
    say(`! ${message} (${facts.join(', ')})`);
  };
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: tell,
    error: tell,
    child: () => logger,
  };
  return logger;
}

/** The rest of a longer text is in the logs. */
function firstLine(value: string | number): string {
  return String(value).split('\n', 1)[0] as string;
}
