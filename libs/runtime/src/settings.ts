import type { Secrecy, Setting } from './setting';

/** Settings by name: snake_case, the unit last. */
export type SettingsShape = Readonly<Record<string, Setting<unknown>>>;

/** All settings of one service. */
export interface Settings<S extends SettingsShape> {
  readonly service: string;
  readonly shape: S;
}

type PlainConfig<S extends SettingsShape> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** The plain, read-only object that a service is configured with; of `Settings` or of a bare group of them. */
export type ConfigOf<S> =
  S extends Settings<infer Shape>
    ? PlainConfig<Shape>
    : S extends SettingsShape
      ? PlainConfig<S>
      : never;

/** Names the settings of a service. Groups such as `kafkaSettings` are spread into `shape`. */
export function defineSettings<S extends SettingsShape>(service: string, shape: S): Settings<S> {
  return { service, shape };
}

/** The environment variable of a setting. */
export function environmentName(name: string, setting: Setting<unknown>): string {
  return setting.env ?? `SPANLOOM_${name.toUpperCase()}`;
}

const HIDDEN = '[redacted]';

function redactUrl(value: string): string {
  if (!URL.canParse(value)) return HIDDEN;
  const url = new URL(value);
  if (url.password !== '') url.password = 'redacted';
  if (url.search !== '') url.search = '?redacted';
  return url.toString();
}

/** A value as it may be shown to people and written to logs. */
export function redactedValue(secrecy: Secrecy, value: unknown): unknown {
  if (secrecy === 'none' || value === '' || value === undefined) return value;
  return secrecy === 'url' && typeof value === 'string' ? redactUrl(value) : HIDDEN;
}

/** The configuration with its secrets hidden: what a service prints at start. */
export function redactedConfig<S extends SettingsShape>(
  settings: Settings<S>,
  config: ConfigOf<S>,
): Record<string, unknown> {
  const values = config as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(settings.shape).map(([name, setting]) => [
      name,
      redactedValue(setting.secrecy, values[name]),
    ]),
  );
}

/** One row of the settings reference. */
export interface SettingDescription {
  readonly name: string;
  readonly env: string;
  readonly accepts: string;
  readonly unit: string;
  /** Null: must be given. */
  readonly default: unknown;
  readonly doc: string;
}

const UNIT_SUFFIXES = ['ms', 's', 'bytes'];

function unitOf(name: string, setting: Setting<unknown>): string {
  const words = name.split('_').filter((word) => word !== 'max' && word !== 'min');
  return setting.unit ?? UNIT_SUFFIXES.find((suffix) => words.at(-1) === suffix) ?? '';
}

/** Describes every setting, in the order of definition: what the reference page is made from. */
export function describeSettings<S extends SettingsShape>(
  settings: Settings<S>,
): readonly SettingDescription[] {
  return Object.entries(settings.shape).map(([name, setting]) => ({
    name,
    env: environmentName(name, setting),
    accepts: setting.accepts,
    unit: unitOf(name, setting),
    default: setting.default === undefined ? null : setting.default,
    doc: setting.doc,
  }));
}
