import { fillLog, fillOtlpTopic, paceLog } from './kafka-load';
import { loadGateway } from './otlp-load';
import type { LoadReport, LoadRequest } from './request';

/** A process that makes load, so that neither its CPU nor its memory is anybody else's. */
async function main(): Promise<void> {
  const request = JSON.parse(process.argv[2] ?? '') as LoadRequest;
  const figures = await run(request);
  const { user, system } = process.cpuUsage();
  const report: LoadReport = { ...figures, cpu_us: user + system };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function run({ shape, mode, spans_per_s, gateway_url, otlp_topic }: LoadRequest) {
  if (mode === 'fill') return fillLog(shape);
  if (mode === 'paced') return paceLog(shape, spans_per_s);
  if (mode === 'fill-otlp') return fillOtlpTopic(shape, otlp_topic);
  return loadGateway(shape, gateway_url);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
