import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SpanloomError } from '@spanloom/runtime';
import { freePorts, requireFreePort } from '../process/ports';
import { exchange } from '../process/probe';
import { readCatalogue, requireInstalled } from './catalogue';
import { type Engine, type EngineOptions, PORT_VARIABLES } from './engine';
import { javaCommand, javaProblem } from './java';
import { KAFKA_LOGGING, kafkaProperties, newClusterId } from './kafka-config';
import { launchEngine } from './launch';

const READY_MS = 60_000;
const STOP_MS = 30_000;
const FORMAT_TIMEOUT_MS = 60_000;

/**
 * The serial collector costs the least; the heap is for one laptop's partitions. The second compiler is off: a local
 * broker lives for minutes, and compiling took more than half of its CPU while it moved 500,000 spans (10 µs a span with
 * it, 6 without).
 */
const JVM = ['-Xms128m', '-Xmx768m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/**
 * FindCoordinator request, version 1, for a group: header (key 10, version 1, id 1, client ''), then the
 * group's name and key type 0. Source: Kafka protocol guide.
 */
function coordinatorRequest(group: string): Buffer {
  const name = Buffer.from(group);
  const header = Buffer.from('000a0001000000010000', 'hex');
  const lengths = [Buffer.alloc(4), Buffer.alloc(2)] as const;
  lengths[0].writeInt32BE(header.length + 2 + name.length + 1);
  lengths[1].writeInt16BE(name.length);
  return Buffer.concat([lengths[0], header, lengths[1], name, Buffer.from([0])]);
}

const PROBE = coordinatorRequest('spanloom-probe');
/** Answer: size 4, id 4, throttle 4, then the error code. */
const ERROR_AT = 12;

/**
 * Ready means that groups can be joined: the first such request also makes the broker create its offsets
 * topic, which would otherwise keep the first consumer waiting for seconds.
 */
async function probe(port: number): Promise<boolean> {
  const answer = await exchange(port, PROBE, (a) => a.length >= ERROR_AT + 2);
  return answer.readInt16BE(ERROR_AT) === 0;
}

const runFile = promisify(execFile);

async function format(java: string, classPath: string, properties: string): Promise<void> {
  const jvm = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', classPath];
  const tool = ['kafka.tools.StorageTool', 'format', '-t', newClusterId(), '-c', properties];
  try {
    await runFile(java, [...jvm, ...tool], { timeout: FORMAT_TIMEOUT_MS });
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    const missing = code === 'ENOENT' ? javaProblem(process.env) : null;
    if (missing !== null) throw missing;
    throw new SpanloomError(
      'engine-unavailable',
      `Kafka's storage cannot be formatted: ${(error as Error).message}\n${stderr}`,
      { cause: error },
    );
  }
}

/**
 * Starts a real Kafka broker as one process that is its own controller (KRaft). The folder is formatted
 * the first time; topics and offsets stay in it. Errors: engine-missing, port-in-use, engine-unavailable.
 */
export async function startKafka(options: EngineOptions): Promise<Engine> {
  const home = requireInstalled(options.cache, readCatalogue().kafka.folder, 'Kafka');
  await requireFreePort(options.port, 'Kafka', PORT_VARIABLES.kafka);
  const dataDir = join(options.dir, 'data');
  mkdirSync(dataDir, { recursive: true });
  const [controllerPort = 0] = await freePorts(1);
  const properties = join(options.dir, 'server.properties');
  const logging = join(options.dir, 'log4j2.properties');
  const { port, advertisedPort = port } = options;
  const file = { dir: dataDir, port, advertisedPort, controllerPort };
  writeFileSync(properties, kafkaProperties(file));
  writeFileSync(logging, KAFKA_LOGGING);
  const java = javaCommand(process.env);
  const classPath = join(home, '*');
  if (!existsSync(join(dataDir, 'meta.properties'))) await format(java, classPath, properties);
  return launchEngine(
    {
      name: 'kafka',
      command: java,
      args: [
        ...JVM,
        `-Dlog4j2.configurationFile=${logging}`,
        '-cp',
        classPath,
        'kafka.Kafka',
        properties,
      ],
      url: `127.0.0.1:${options.port}`,
      probe: () => probe(options.port),
      ready_ms: READY_MS,
      stop_ms: STOP_MS,
    },
    options,
  );
}
