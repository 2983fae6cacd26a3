import type { RunState } from '@spanloom/infra';
import {
  type ConfigOf,
  type ConfigSources,
  clickhouseSettings,
  defineSettings,
  kafkaSettings,
  loadConfig,
  SpanloomError,
} from '@spanloom/runtime';

const settings = defineSettings('cli', clickhouseSettings);
const engineSettings = defineSettings('cli', { ...clickhouseSettings, ...kafkaSettings });

const GATEWAY_PORT = 4318;
const QUERY_PORT = 8080;
const TRACES_PATH = '/v1/traces';

/** Where ClickHouse is: the environment wins over what the running services were given, that over the file. */
export function clickhouseConfig(
  state: Pick<RunState, 'env'> | null,
  env: NodeJS.ProcessEnv,
): ConfigOf<typeof settings> {
  return loadConfig(settings, sourcesOf(state, env));
}

/** Where ClickHouse, Kafka and the registry are, by the same rule as {@link clickhouseConfig}. */
export function engineConfig(
  state: Pick<RunState, 'env'> | null,
  env: NodeJS.ProcessEnv,
): ConfigOf<typeof engineSettings> {
  return loadConfig(engineSettings, sourcesOf(state, env));
}

/** What the running services were given, and over that the environment; the file comes under both. */
export function sourcesOf(
  state: Pick<RunState, 'env'> | null,
  env: NodeJS.ProcessEnv,
): ConfigSources {
  const given = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  return { env: { ...state?.env, ...Object.fromEntries(given) }, file: env.SPANLOOM_CONFIG };
}

/**
 * The URL to send spans to: the flag, else the running gateway, else the port in the environment, else
 * the default. An address without a path gets OTLP's. SpanloomError('usage') when the flag is no URL.
 */
export function gatewayUrl(
  flag: string | undefined,
  state: Pick<RunState, 'processes'> | null,
  env: NodeJS.ProcessEnv,
): string {
  if (flag !== undefined) return tracesUrl(flag);
  const running = state?.processes.find(({ name }) => name === 'gateway')?.port;
  const port = running ?? (Number(env.SPANLOOM_OTLP_HTTP_PORT) || GATEWAY_PORT);
  return `http://127.0.0.1:${port}${TRACES_PATH}`;
}

/**
 * The URL of the query service: the flag, else the running one, else the port in the environment, else the
 * default. SpanloomError('usage') when the flag is no URL.
 */
export function queryUrl(
  flag: string | undefined,
  state: Pick<RunState, 'processes'> | null,
  env: NodeJS.ProcessEnv,
): string {
  if (flag !== undefined) return urlOf('--query', flag, QUERY_PORT).origin;
  const running = state?.processes.find(({ name }) => name === 'query')?.port;
  const port = running ?? (Number(env.SPANLOOM_QUERY_PORT) || QUERY_PORT);
  return `http://127.0.0.1:${port}`;
}

function tracesUrl(text: string): string {
  const url = urlOf('--gateway', text, GATEWAY_PORT);
  if (url.pathname === '/') url.pathname = TRACES_PATH;
  return url.toString();
}

function urlOf(flag: string, text: string, port: number): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const cure = `give one like http://127.0.0.1:${port}`;
    throw new SpanloomError('usage', `${flag}: "${text}" is no URL; ${cure}`);
  }
  return url;
}
