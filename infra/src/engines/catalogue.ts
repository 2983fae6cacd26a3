import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SpanloomError } from '@spanloom/runtime';

/** Versions of the engines: one file, which the set-up script reads too. */
export interface Catalogue {
  readonly kafka: { readonly version: string; readonly folder: string };
  readonly registry: { readonly version: string; readonly folder: string; readonly jar: string };
  readonly images: Readonly<Record<'kafka' | 'registry' | 'redis' | 'clickhouse', string>>;
}

/** Reads `infra/engines.json`. */
export function readCatalogue(): Catalogue {
  return JSON.parse(readFileSync(join(__dirname, '..', '..', 'engines.json'), 'utf8'));
}

/**
 * Where the engines' programs are kept, shared by all clones of one user: SPANLOOM_CACHE, else the
 * user's cache folder.
 */
export function engineCache(env: NodeJS.ProcessEnv): string {
  if (env.SPANLOOM_CACHE) return env.SPANLOOM_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'spanloom');
}

/** A folder of the cache, once it is complete. SpanloomError('engine-missing') says how to get it. */
export function requireInstalled(cache: string, folder: string, who: string): string {
  const path = join(cache, folder);
  if (existsSync(path)) return path;
  throw new SpanloomError(
    'engine-missing',
    `${who} is not installed (looked for ${path}): run "npm run setup", ` +
      'or point the services at a running one with its environment variable',
    { details: { path } },
  );
}
