import { startAdminServer } from './admin';
import { type Clock, systemClock } from './clock';
import { SpanloomError } from './errors';
import { createHealth, type MutableHealth } from './health';
import { loadConfig } from './load-config';
import { createLogger, type Logger } from './logger';
import { createMetrics, type Metrics } from './metrics';
import { type ConfigOf, redactedConfig, type Settings, type SettingsShape } from './settings';
import { createStopStack } from './stop-stack';

/** What a service gets to start with. */
export interface ServiceContext<S extends SettingsShape> {
  readonly config: ConfigOf<S>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: MutableHealth;
  readonly clock: Clock;
  /** Aborts when the process begins to stop. */
  readonly signal: AbortSignal;
  /** Registers how to stop what was just started. Stops run in reverse order, also when start fails half-way. */
  onStop(name: string, stop: () => Promise<void>): void;
  /** Reports an error that the process cannot live with: it stops in order and exits with 1. */
  fail(error: unknown): void;
}

/** A service: its settings, and how it starts. */
export interface ServiceDefinition<S extends SettingsShape> {
  readonly name: string;
  readonly settings: Settings<S>;
  /** Resolves when the service does its work; from then on it is ready, unless it sets that itself. */
  start(context: ServiceContext<S>): Promise<void>;
}

/** The process that a service runs in; tests give their own. */
export interface ProcessHost {
  readonly env: NodeJS.ProcessEnv;
  on(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

const EXIT_SECOND_SIGNAL = 130;
const SIGNALS = ['SIGTERM', 'SIGINT'];

/** Loads the configuration or, where it is wrong, says why and ends the process. */
function configure<S extends SettingsShape>(service: ServiceDefinition<S>, host: ProcessHost) {
  try {
    return loadConfig(service.settings, { env: host.env, file: host.env.SPANLOOM_CONFIG });
  } catch (error) {
    const { message, details } =
      error instanceof SpanloomError ? error : new SpanloomError('internal', String(error));
    createLogger({ service: service.name, level: 'info' }).error(details, message);
    host.exit(1);
    return null;
  }
}

/**
 * Runs a service as this process: loads the configuration and prints it redacted, starts the admin server,
 * then the service. SIGTERM and SIGINT stop everything in reverse order within `drain_timeout_ms` and exit
 * with 0; a second signal exits with 130 at once. A fatal error is logged, then the same stop, and exit 1.
 * Resolves when the service has started, or failed to.
 */
export async function runService<S extends SettingsShape>(
  service: ServiceDefinition<S>,
  host: ProcessHost = process,
): Promise<void> {
  const config = configure(service, host);
  if (config === null) return;
  const { admin_port, log_level, drain_timeout_ms } = {
    admin_port: 0,
    log_level: 'info',
    drain_timeout_ms: 20_000,
    ...(config as object),
  };
  const clock = systemClock;
  const logger = createLogger({ service: service.name, level: log_level });
  const metrics = createMetrics(service.name, { process_metrics: true });
  const health = createHealth(clock);
  const stopping = new AbortController();
  const stops = createStopStack({ logger, clock });

  let started: Promise<void> = Promise.resolve();
  let exitCode = 0;
  const stop = async (code: number): Promise<void> => {
    exitCode = Math.max(exitCode, code);
    if (stopping.signal.aborted) return;
    stopping.abort(new Error('the process is stopping'));
    health.setReady(false, 'stopping');
    const clean = await stops.run(drain_timeout_ms, started);
    if (!clean) exitCode = 1;
    logger.info({ exit_code: exitCode }, 'stopped');
    host.exit(exitCode);
  };
  const fail = (error: unknown): void => {
    logger.error({ error }, 'fatal error');
    void stop(1);
  };

  for (const name of SIGNALS) {
    host.on(name, () => {
      if (stopping.signal.aborted) host.exit(EXIT_SECOND_SIGNAL);
      logger.info({ signal: name }, 'stopping; the same signal again exits at once');
      void stop(0);
    });
  }
  host.on('uncaughtException', fail);
  host.on('unhandledRejection', fail);

  logger.info({ config: redactedConfig(service.settings, config) }, 'starting');
  const start = async (): Promise<void> => {
    const admin = await startAdminServer({ port: admin_port, health, metrics, logger });
    stops.push('admin server', admin.close);
    logger.info({ admin_port: admin.port }, 'admin server listens');
    await service.start({
      config,
      logger,
      metrics,
      health,
      clock,
      signal: stopping.signal,
      onStop: stops.push,
      fail,
    });
  };
  started = start();
  try {
    await started;
  } catch (error) {
    // An error that comes of being stopped while starting is no failure of its own.
    if (!stopping.signal.aborted) fail(error);
    return;
  }
  if (stopping.signal.aborted) return;
  if (!health.readyWasSet) health.setReady(true);
  logger.info({}, 'started');
}
