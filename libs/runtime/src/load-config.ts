import { readFileSync } from 'node:fs';
import { SpanloomError } from './errors';
import type { Setting } from './setting';
import { type ConfigOf, environmentName, type Settings, type SettingsShape } from './settings';
import { SHARED_SETTING_NAMES } from './shared-settings';

/** Where values come from: the environment wins over the file, the file over the defaults. */
export interface ConfigSources {
  readonly env: NodeJS.ProcessEnv;
  /**
   * Path of a JSON file. Settings stand at its top level, or in a section named like the service:
   * `{"kafka_brokers": ["k1:9092"], "gateway": {"log_level": "debug"}}`. A section wins over the top level.
   */
  readonly file?: string | undefined;
  /** The settings are only some of the service's: what else the file holds is none of this reader's business. */
  readonly partly?: boolean;
}

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readFile(path: string): Values {
  const failed = (why: string, cause?: unknown): SpanloomError =>
    new SpanloomError('config-invalid', `config file ${path}: ${why}`, { cause });
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw failed('cannot be read; check the path given in SPANLOOM_CONFIG', error);
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw failed(`is not JSON (${(error as Error).message})`, error);
  }
  if (!isObject(value)) throw failed('must hold one JSON object');
  return value;
}

/** Splits a file into this service's values and complaints about names that nothing knows. */
function valuesFor(settings: Settings<SettingsShape>, file: Values, path: string) {
  const section = isObject(file[settings.service]) ? (file[settings.service] as Values) : {};
  const topLevel = Object.entries(file).filter(([, value]) => !isObject(value));
  const known = (name: string): boolean => Object.hasOwn(settings.shape, name);
  const unknown = [
    ...topLevel
      .map(([name]) => name)
      .filter((name) => !known(name) && !SHARED_SETTING_NAMES.has(name)),
    ...Object.keys(section).filter((name) => !known(name)),
  ];
  return {
    values: { ...Object.fromEntries(topLevel), ...section } as Values,
    problems: unknown.map(
      (name) =>
        `${name} (in ${path}) is not a setting of ${settings.service}; correct the name, remove it, ` +
        'or put it in the section of its service',
    ),
  };
}

function badValue(label: string, setting: Setting<unknown>, raw: unknown): string {
  const shown = setting.secrecy === 'none' ? JSON.stringify(raw) : 'the given value';
  return `${label}: ${shown} is not ${setting.accepts}; ${setting.doc}`;
}

/**
 * Reads, checks and freezes a service's configuration. An empty environment variable counts as not given.
 * Throws `SpanloomError('config-invalid')` that names every wrong setting, its value and the cure at once.
 */
export function loadConfig<S extends SettingsShape>(
  settings: Settings<S>,
  sources: ConfigSources,
): ConfigOf<S> {
  const path = sources.file;
  const file = path ? valuesFor(settings, readFile(path), path) : { values: {}, problems: [] };
  const problems: string[] = sources.partly === true ? [] : [...file.problems];
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings.shape)) {
    const env = environmentName(name, setting);
    const fromEnv = sources.env[env] === '' ? undefined : sources.env[env];
    const fromFile = Object.hasOwn(file.values, name) ? (file.values as Values)[name] : undefined;
    const raw = fromEnv ?? fromFile;
    const label = fromEnv !== undefined ? `${name} (${env})` : `${name} (in ${path})`;
    if (raw !== undefined) {
      const reading = setting.read(raw);
      if (reading.ok) config[name] = reading.value;
      else problems.push(badValue(label, setting, raw));
    } else if (setting.default !== undefined) {
      config[name] = setting.default;
    } else {
      problems.push(`${name} is not set; set ${env} to ${setting.accepts}: ${setting.doc}`);
    }
  }
  if (problems.length > 0) {
    throw new SpanloomError(
      'config-invalid',
      `the configuration of ${settings.service} is not valid:\n  - ${problems.join('\n  - ')}`,
      { details: { problems } },
    );
  }
  return Object.freeze(config) as ConfigOf<S>;
}
