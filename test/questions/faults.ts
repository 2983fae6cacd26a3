import { readFileSync } from 'node:fs';
import type { ClickHouse } from '@spanloom/clickhouse';
import { explain } from '@spanloom/outlier';

/** A fault that was injected while a recording was made. */
interface Fault {
  readonly unix_s: number;
  readonly service: string;
  readonly type: string;
}

/** The services by which users come into the recorded systems. */
const FRONTS = { boutique: 'frontend', trainticket: 'ts-gateway-service' } as const;

const BEFORE_S = 600;
const AFTER_S = 180;
const ROWS = 3;
const NANO_PER_S = 1_000_000_000n;

/** Of how many faults the service was named among the first rows of what takes the time. */
export interface FaultsNamed {
  readonly faults: number;
  readonly named: number;
  /** Those in the service that was asked about itself. */
  readonly in_front: number;
}

/**
 * Asks the front service of a recording what makes it slow around each fault, from ten minutes before to three after,
 * slow being more than the 95th percentile of the ten minutes before: nothing that is known of the fault but when it was.
 */
export async function faultsNamed(
  name: keyof typeof FRONTS,
  faultsPath: string,
  clickhouse: ClickHouse,
): Promise<FaultsNamed> {
  const service = FRONTS[name];
  const faults = JSON.parse(readFileSync(faultsPath, 'utf8')) as readonly Fault[];
  let named = 0;
  for (const { unix_s, service: faulty } of faults) {
    const [usual] = await clickhouse.query<{ p95: string }>(
      `SELECT toString(quantileExact(0.95)(Duration)) AS p95 FROM otel_traces
       WHERE ServiceName = {service:String} AND SpanKind = 'Server'
         AND Timestamp >= toDateTime({from:UInt32}) AND Timestamp < toDateTime({to:UInt32})`,
      { service, from: unix_s - BEFORE_S, to: unix_s },
    );
    const { below } = await explain(
      {
        service,
        slowerThanNano: BigInt(usual?.p95 ?? 0),
        fromNano: BigInt(unix_s - BEFORE_S) * NANO_PER_S,
        toNano: BigInt(unix_s + AFTER_S) * NANO_PER_S,
      },
      ({ sql, params }) => clickhouse.query(sql, params),
    );
    const first = below.slice(0, ROWS);
    if (first.some((row) => row.service === faulty || row.callee === faulty)) named++;
  }
  const in_front = faults.filter((fault) => fault.service === service).length;
  return { faults: faults.length, named, in_front };
}
