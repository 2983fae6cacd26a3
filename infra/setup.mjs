// Gets a fresh clone ready: node modules, the compiled code, and the local engines. No dependencies;
// does only what is missing; safe to run twice at the same time. `node infra/setup.mjs --help` says more.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './setup/lock.mjs';
import { aptInstall, commandExists, engineCache, javaVersion } from './setup/machine.mjs';
import { archiveArguments, dependencyArguments, pomFor } from './setup/maven.mjs';
import { Problem, run, say, seconds } from './setup/run.mjs';

const HELP = `Gets this clone ready to run. Does only what is missing.

  npm run setup
  node infra/setup.mjs [--no-build]

  1. node modules            npm ci
  2. the compiled code       tsc -b
  3. engines for local use   redis-server from the system's packages; Kafka and the schema registry
                             through Maven, kept in ~/.cache/spanloom; ClickHouse comes with the node modules

Environment
  SPANLOOM_CACHE                where engines are kept
  SPANLOOM_ENGINES=containers   engines come as containers: none is installed
  KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL
                                an engine that is given from outside is not installed
`;

const INFRA = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(INFRA);
const CATALOGUE = JSON.parse(readFileSync(join(INFRA, 'engines.json'), 'utf8'));
const NODE_MIN = 20;
const JAVA_MIN = 17;

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MIN) {
    throw new Problem(
      `Node ${process.versions.node} is too old: install Node ${NODE_MIN} or newer.`,
    );
  }
}

/** Compares what npm installed last with the lock file: version by version, ours and optional ones left out. */
function modulesAreCurrent() {
  const installedFile = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, wantedPackage]) => {
    if (!path.includes('node_modules/') || wantedPackage.optional) return true;
    return installed[path]?.version === wantedPackage.version || wantedPackage.link === true;
  });
}

async function installModules() {
  if (modulesAreCurrent()) return;
  await run('installing node modules (about a minute)', 'npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: ROOT,
    cure: 'Can this machine reach its npm registry? Try "npm ci" by hand.',
  });
}

async function build() {
  await run('compiling', process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b'], {
    cwd: ROOT,
    cure: 'The code does not compile; the messages above say where.',
  });
}

async function installRedis() {
  if (process.env.REDIS_URL || commandExists('redis-server')) return;
  const cure =
    'Install it (Debian: apt-get install redis-server; macOS: brew install redis), or set REDIS_URL to a running one.';
  if (!(await aptInstall('redis-server', 'installing redis-server'))) {
    throw new Problem(`redis-server is missing. ${cure}`);
  }
  // The package starts a server of its own, on the port that ours wants.
  if (commandExists('systemctl')) {
    await run('leaving the system redis off', 'systemctl', ['disable', '--now', 'redis-server'], {
      mayFail: true,
    });
  }
}

async function requireJava() {
  if (javaVersion() >= JAVA_MIN) return;
  await aptInstall('default-jre-headless', 'installing Java');
  const version = javaVersion();
  if (version >= JAVA_MIN) return;
  throw new Problem(
    `${version === 0 ? 'Java is missing' : `Java ${version} is too old`}: the local Kafka and schema registry need ` +
      `Java ${JAVA_MIN} or newer. Install one (Debian: apt-get install default-jre-headless) or set JAVA_HOME; ` +
      'or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to running ones.',
  );
}

async function requireMaven() {
  if (commandExists('mvn') || (await aptInstall('maven', 'installing Maven'))) return;
  throw new Problem(
    'Maven (mvn) is missing: it fetches the local Kafka and schema registry, once. Install it ' +
      '(Debian: apt-get install maven; macOS: brew install maven), or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL.',
  );
}

/** Fills a folder of the cache: built beside it and moved there when complete, so it is all there or not at all. */
async function fillFolder(cache, folder, fill) {
  const target = join(cache, folder);
  if (existsSync(target)) return;
  const work = join(cache, `${folder}.partial-${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    const complete = await fill(work);
    renameSync(complete, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const MAVEN_CURE = 'Can Maven reach its repository? See its settings.xml for mirrors and proxies.';

function installKafka(cache) {
  return fillFolder(cache, CATALOGUE.kafka.folder, async (work) => {
    await requireMaven();
    const jars = join(work, 'jars');
    const pom = join(work, 'pom.xml');
    writeFileSync(pom, pomFor(CATALOGUE.kafka.dependencies));
    await run(
      `fetching Kafka ${CATALOGUE.kafka.version} (43 MB)`,
      'mvn',
      dependencyArguments(pom, jars),
      {
        cwd: work,
        cure: MAVEN_CURE,
      },
    );
    if (!existsSync(jars) || readdirSync(jars).length < 30) {
      throw new Problem(
        'Maven fetched no complete Kafka; remove its local repository and try again.',
      );
    }
    return jars;
  });
}

function installRegistry(cache) {
  const { registry } = CATALOGUE;
  return fillFolder(cache, registry.folder, async (work) => {
    await requireMaven();
    await run(
      `fetching the schema registry ${registry.version} (142 MB)`,
      'mvn',
      archiveArguments(registry.archive, work),
      { cwd: work, cure: MAVEN_CURE },
    );
    const archive = readdirSync(work).find((name) => name.endsWith('.tar.gz'));
    const home = join(work, 'home');
    mkdirSync(home);
    await run(
      'unpacking the schema registry',
      'tar',
      ['-xzf', join(work, archive ?? ''), '-C', home],
      {
        cure: 'Is tar installed, and is there room on the disk?',
      },
    );
    if (!existsSync(join(home, registry.jar))) {
      throw new Problem(`the schema registry's archive holds no ${registry.jar}.`);
    }
    return home;
  });
}

function checkClickHouse() {
  if (process.env.CLICKHOUSE_URL) return;
  const folder = join(ROOT, 'node_modules', '@chdb');
  if (existsSync(folder) && readdirSync(folder).length > 0) return;
  throw new Problem(
    `The embedded ClickHouse has no build for ${process.platform}-${process.arch}: ` +
      'set CLICKHOUSE_URL to a running ClickHouse, or SPANLOOM_ENGINES=containers.',
  );
}

async function installEngines() {
  if (process.env.SPANLOOM_ENGINES === 'containers') return;
  checkClickHouse();
  await installRedis();
  const needs = { kafka: !process.env.KAFKA_BROKERS, registry: !process.env.SCHEMA_REGISTRY_URL };
  if (!needs.kafka && !needs.registry) return;
  await requireJava();
  const cache = engineCache();
  mkdirSync(cache, { recursive: true });
  const missing = (part) => !existsSync(join(cache, CATALOGUE[part].folder));
  if (!(needs.kafka && missing('kafka')) && !(needs.registry && missing('registry'))) return;
  await withLock(join(cache, 'setup.lock'), async () => {
    if (needs.kafka) await installKafka(cache);
    if (needs.registry) await installRegistry(cache);
  });
}

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return;
  }
  const began = Date.now();
  checkNode();
  mkdirSync(join(ROOT, '.spanloom'), { recursive: true });
  await withLock(join(ROOT, '.spanloom', 'setup.lock'), async () => {
    await installModules();
    await installEngines();
    if (!args.includes('--no-build')) await build();
  });
  say(`ready (${seconds(Date.now() - began)})`);
}

main().catch((error) => {
  process.stderr.write(`setup: ${error instanceof Problem ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
