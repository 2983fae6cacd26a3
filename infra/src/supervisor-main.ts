import { createLogger } from '@spanloom/runtime';
import { identify } from './process/identity';
import { type DetachedOptions, recordFailure } from './supervisor/detach';
import { supervise } from './supervisor/supervise';

/** The background process of `up --detach`: what to run comes as JSON in its only argument. */
async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '{}') as DetachedOptions;
  const logger = createLogger({ service: 'supervisor', level: 'info' });
  const stopping = new AbortController();
  const starting = supervise({
    ...options,
    env: process.env,
    signal: stopping.signal,
    onProgress: (what) => logger.info({}, what),
    logger,
  });
  const stop = async (): Promise<void> => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Error('stopped while starting'));
    const supervisor = await starting.catch(() => null);
    await supervisor?.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  // Whoever asked for it may close the terminal.
  process.on('SIGHUP', () => undefined);
  try {
    await starting;
    logger.info({}, 'everything is up');
  } catch (error) {
    if (stopping.signal.aborted) return;
    logger.error({ error }, 'cannot start');
    const self = identify(process.pid);
    if (self !== null) recordFailure(options.root, self, error);
    process.exit(1);
  }
}

void main();
