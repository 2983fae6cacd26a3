import { freePorts, type TestEngines } from '@spanloom/infra';
import { SpanloomError } from '@spanloom/runtime';
import type { LoadReport } from '../load/request';
import { runLoad } from '../load/run-load';
import { type Usage, usedBetween } from '../measure/usage';
import type { SpanShape } from '../spans/shape';
import type { Line } from './line';
import { metricOf, startWorker } from './worker';

/** What the gateway took for the spans of a run. */
export interface GatewayResult {
  readonly marginal: Usage;
  readonly startUp: Usage;
  readonly load: LoadReport;
}

/**
 * Sends the spans through a gateway, as OTLP in protobuf over HTTP, onto topics that nobody reads.
 * SpanloomError('internal') unless Kafka acknowledged every one of them.
 */
export async function measureGateway(
  engines: TestEngines,
  line: Line,
  shape: SpanShape,
): Promise<GatewayResult> {
  const [port = 0] = await freePorts(1);
  const more = { SPANLOOM_OTLP_HTTP_PORT: String(port), SPANLOOM_OTLP_HTTP_HOST: '127.0.0.1' };
  const gateway = await startWorker(engines, line, 'gateway', { more });
  try {
    const gateway_url = `http://127.0.0.1:${port}/v1/traces`;
    const load = await runLoad(line.env, { shape, mode: 'otlp', gateway_url });
    const marginal = usedBetween(gateway.atReady, gateway.usage());
    const accepted = await metricOf(gateway, 'spanloom_gateway_spans_accepted_total');
    if (accepted !== shape.spans) {
      throw new SpanloomError('internal', `the gateway took ${accepted} of ${shape.spans} spans`);
    }
    return { marginal, startUp: gateway.atReady, load };
  } finally {
    await gateway.stop();
  }
}
