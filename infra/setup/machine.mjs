import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';

/** Where engines are kept; must be what `engineCache` in src/engines/catalogue.ts says. */
export function engineCache() {
  if (process.env.SPANLOOM_CACHE) return process.env.SPANLOOM_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'spanloom');
}

/** Whether a command can be found on the path. */
export function commandExists(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Major version of the Java that would be run; 0 when there is none. */
export function javaVersion() {
  const home = process.env.JAVA_HOME;
  const ofHome = home ? join(home, 'bin', 'java') : null;
  const java = ofHome !== null && existsSync(ofHome) ? ofHome : 'java';
  const { stderr = '', stdout = '' } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  // `openjdk version "17.0.15"`, and `"1.8.0_442"` of old.
  const match = /version "(?:1\.)?(\d+)/.exec(`${stderr}${stdout}`);
  return Number(match?.[1] ?? 0);
}

/** Installs a Debian package when this is Debian and we are root. Gives whether it did. */
export async function aptInstall(name, what) {
  const root = process.getuid?.() === 0;
  if (!root || !commandExists('apt-get')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '-q', '--no-install-recommends', name];
  if (await run(what, 'apt-get', install, { env, mayFail: true })) return true;
  await run('reading the package lists', 'apt-get', ['update', '-q'], { env, mayFail: true });
  return run(what, 'apt-get', install, { env, mayFail: true });
}
