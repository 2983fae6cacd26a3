import { availableParallelism } from 'node:os';
import type { TestEngines } from '@spanloom/infra';
import type { BenchOptions } from '../options';
import { measureOtelcol } from '../peer/measure-otelcol';
import { cpuPerSpan, type RunResult } from '../report/figures';
import { capacitySpansPerS } from './capacity';
import { drain } from './drain';
import { measureGateway } from './gateway';
import { openLine } from './line';
import { type SteadyResult, steadyLoad } from './steady';

/** The steady loads, as shares of capacity. */
const SHARES = [0.3, 0.8];

/** Drain, gateway and steady loads, each on topics and a database of its own. */
export async function wholeRun(
  engines: TestEngines,
  options: BenchOptions,
  say: (text: string) => void,
): Promise<RunResult> {
  const { shape, partitions, copies } = options;
  const onLine = async <T>(work: (line: Awaited<ReturnType<typeof openLine>>) => Promise<T>) => {
    const line = await openLine(engines, { partitions });
    try {
      return await work(line);
    } finally {
      await line.close();
    }
  };
  const drained = await onLine((line) => drain(engines, line, { shape, copies, say }));
  let gateway: RunResult['gateway'] = null;
  if (options.gateway) {
    say('sending the spans through the gateway');
    gateway = await onLine((line) => measureGateway(engines, line, shape));
  }
  const { otelcol } = options;
  const peer =
    otelcol === null
      ? null
      : await onLine((line) => measureOtelcol(engines, line, shape, otelcol, say));
  const cpu = cpuPerSpan(drained, shape.spans);
  const capacity = capacitySpansPerS({
    processors: availableParallelism(),
    copies,
    workers_us: [cpu.assembler_us, cpu.latency_us, cpu.sink_us],
    system_us: cpu.system_us,
  });
  const steady: SteadyResult[] = [];
  for (const share of options.steady_s > 0 ? SHARES : []) {
    const load = { shape, share, spans_per_s: capacity * share, for_s: options.steady_s, say };
    steady.push(await onLine((line) => steadyLoad(engines, line, load)));
  }
  return { spans: shape.spans, drain: drained, gateway, steady, peer };
}
