import { LABEL_SETS_MAX } from '@spanloom/runtime';
import { code, GENERATED, page, table } from './markdown';
import type { ServiceDescription } from './service-description';

const INTRODUCTION = `Each process serves its metrics in the Prometheus text format at \`/metrics\` on its admin port. Besides its own,
listed here, it has those of its process under Prometheus' usual names: \`process_*\` (CPU, memory, open files)
and \`nodejs_*\` (event-loop delay, heap, garbage collection).

A metric has at most ${LABEL_SETS_MAX} label sets; updates of further ones go to one whose values are all \`other\`,
and are counted. Counters start at 0 with the process.`;

/** The metrics reference, by service. */
export function metricsPage(services: readonly ServiceDescription[]): string {
  return page([
    '# Metrics',
    GENERATED,
    INTRODUCTION,
    ...services.flatMap(({ name, metrics }) => [
      `## ${name}`,
      table(
        ['name', 'type', 'labels', 'what it shows'],
        metrics.map((metric) => [
          code(metric.name),
          metric.type,
          (metric.labels ?? []).map(code).join(', '),
          metric.help,
        ]),
      ),
    ]),
  ]);
}
