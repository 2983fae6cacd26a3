import { SpanloomError } from '@spanloom/runtime';

/** What the supervisor knows of a service. */
export interface ServiceFacts {
  readonly name: ServiceName;
  /** Default admin port of its first copy; further copies take free ones. */
  readonly adminPort: number;
  /** The port that clients use, for services that listen; such a service has one copy on a machine. */
  readonly listens: { readonly port: number; readonly variable: string } | null;
  /** What its lag is measured by: consumer groups and topics, without prefix. */
  readonly reads: readonly { readonly group: string; readonly topic: string }[];
}

/** The services that run as processes. */
export type ServiceName = 'gateway' | 'assembler' | 'latency' | 'anomaly' | 'sink' | 'query';

/**
 * In the order in which they stop: first who takes spans in, then who works on them, then who stores them,
 * so that what is on its way drains; they start the other way round.
 */
export const SERVICES: readonly ServiceFacts[] = [
  {
    name: 'gateway',
    adminPort: 9471,
    listens: { port: 4318, variable: 'SPANLOOM_OTLP_HTTP_PORT' },
    reads: [],
  },
  {
    name: 'assembler',
    adminPort: 9472,
    listens: null,
    reads: [{ group: 'assembler', topic: 'spans' }],
  },
  {
    name: 'latency',
    adminPort: 9473,
    listens: null,
    reads: [{ group: 'latency', topic: 'spans' }],
  },
  {
    name: 'anomaly',
    adminPort: 9476,
    listens: null,
    reads: [
      { group: 'anomaly', topic: 'traces' },
      { group: 'anomaly-detector', topic: 'self-times' },
    ],
  },
  {
    name: 'sink',
    adminPort: 9474,
    listens: null,
    reads: ['traces', 'latency', 'figures', 'anomalies', 'dead-letters'].map((topic) => ({
      group: `sink-${topic}`,
      topic,
    })),
  },
  {
    name: 'query',
    adminPort: 9475,
    listens: { port: 8080, variable: 'SPANLOOM_QUERY_PORT' },
    reads: [],
  },
];

/** How many copies of each service. */
export type Copies = Readonly<Record<ServiceName, number>>;

const COPIES_MAX = 64;

/**
 * Reads `assembler=3,sink=2`; one copy of what is not named. SpanloomError('usage') names what is wrong.
 * A service with a port of its own cannot have a second copy on the same machine.
 */
export function parseCopies(text: string): Copies {
  const copies = { gateway: 1, assembler: 1, latency: 1, anomaly: 1, sink: 1, query: 1 };
  for (const part of text.split(',').filter((piece) => piece.trim() !== '')) {
    const [name = '', count = ''] = part.split('=').map((piece) => piece.trim());
    const service = SERVICES.find((known) => known.name === name);
    const number = Number(count);
    if (service === undefined) {
      const names = SERVICES.map((known) => known.name).join(', ');
      throw new SpanloomError('usage', `copies: there is no service "${name}"; one of ${names}`);
    }
    if (!Number.isInteger(number) || number < 0 || number > COPIES_MAX || count === '') {
      throw new SpanloomError(
        'usage',
        `copies: "${part}" should look like ${name}=3, with 0 to ${COPIES_MAX}`,
      );
    }
    if (service.listens !== null && number > 1) {
      throw new SpanloomError(
        'usage',
        `copies: ${name} listens on port ${service.listens.port}, so one machine runs one copy; ` +
          `start others by hand with ${service.listens.variable} set`,
      );
    }
    copies[service.name] = number;
  }
  return copies;
}
