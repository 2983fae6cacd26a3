import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SpanloomError } from '@spanloom/runtime';

/** The oldest Java that the brokers of today run on. */
const JAVA_MIN = 17;

function versionOf(java: string): number | null {
  try {
    const output = execFileSync(java, ['-XshowSettings:properties', '-version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return Number(/java\.specification\.version = (\d+)/.exec(output)?.[1] ?? 0);
  } catch {
    return null;
  }
}

/** The java to run: of JAVA_HOME, else of the path. Cheap: it only looks whether the file is there. */
export function javaCommand(env: NodeJS.ProcessEnv): string {
  const home = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : null;
  return home !== null && existsSync(home) ? home : 'java';
}

/** Explains a Java that is missing or too old; null when it is fine. */
export function javaProblem(env: NodeJS.ProcessEnv): SpanloomError | null {
  const version = versionOf(javaCommand(env));
  if (version !== null && version >= JAVA_MIN) return null;
  const found = version === null ? 'no Java was found' : `Java ${version} is too old`;
  return new SpanloomError(
    'engine-missing',
    `${found}: the local Kafka and schema registry need Java ${JAVA_MIN} or newer. ` +
      'Install one (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME',
  );
}
