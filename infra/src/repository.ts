import { join } from 'node:path';

/** The repository's folder: this module is two folders below it, compiled or not. */
export function repositoryRoot(): string {
  return join(__dirname, '..', '..');
}

/** Where data, logs and the state of a run are kept: SPANLOOM_HOME, else `.spanloom` in the repository. */
export function spanloomHome(env: NodeJS.ProcessEnv): string {
  return env.SPANLOOM_HOME || join(repositoryRoot(), '.spanloom');
}
