import * as prom from 'prom-client';

/** Label values by label name. */
export type Labels = Readonly<Record<string, string>>;

/** What a metric is: enough to register it and to document it. */
export interface MetricDefinition {
  /** The whole name: `spanloom_<service>_<what>_<unit or total>`. */
  readonly name: string;
  readonly help: string;
  /** Names of its labels. Values come from small closed sets (reason, partition, status), never from data. */
  readonly labels?: readonly string[];
}

/** A definition with its type, for the reference page. */
export interface MetricDescription extends MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
}

/** Goes up. */
export interface Counter {
  inc(labels?: Labels, n?: number): void;
}

/** Goes up and down. */
export interface Gauge {
  set(labels: Labels, value: number): void;
  /** Takes a label set away, for example of a partition that is no longer ours. */
  remove(labels: Labels): void;
}

/** Counts observations in buckets. */
export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** The metrics of one process. Each name is defined once. */
export interface Metrics {
  counter(definition: MetricDefinition): Counter;
  gauge(definition: MetricDefinition): Gauge;
  histogram(definition: MetricDefinition & { readonly buckets: readonly number[] }): Histogram;
  /** The Prometheus text exposition. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Everything defined so far, in order of definition. */
  definitions(): readonly MetricDescription[];
}

/** Distinct label sets per metric; further ones are folded into one whose values are all `other`. */
export const LABEL_SETS_MAX = 1000;

/** Keeps the label sets of one metric within the bound. Without labels it costs nothing. */
function createLabelBound(labelNames: readonly string[], onFold: () => void) {
  const seen = new Set<string>();
  const other = Object.fromEntries(labelNames.map((name) => [name, 'other']));
  const keyOf = (labels: Labels): string => labelNames.map((name) => labels[name]).join('\u0000');
  return {
    admit(labels: Labels): Labels {
      if (labelNames.length === 0) return labels;
      const key = keyOf(labels);
      if (seen.has(key)) return labels;
      if (seen.size < LABEL_SETS_MAX) {
        seen.add(key);
        return labels;
      }
      onFold();
      return other;
    },
    forget(labels: Labels): void {
      seen.delete(keyOf(labels));
    },
  };
}

/**
 * Makes the metrics of a service's process. With `process_metrics`, CPU, memory, event-loop delay and
 * garbage collection of the process are exposed too, under Prometheus' usual names.
 */
export function createMetrics(
  service: string,
  options: { readonly process_metrics?: boolean } = {},
): Metrics {
  const registry = new prom.Registry();
  const definitions: MetricDescription[] = [];
  if (options.process_metrics) prom.collectDefaultMetrics({ register: registry });

  const register = (type: MetricDescription['type'], definition: MetricDefinition) => {
    const { name, help, labels = [] } = definition;
    definitions.push({ type, name, help, labels });
    return { name, help, labelNames: [...labels], registers: [registry] };
  };
  const folded = new prom.Counter(
    register('counter', {
      name: `spanloom_${service}_label_sets_folded_total`,
      help: `Updates counted under "other" because a metric already had ${LABEL_SETS_MAX} label sets.`,
      labels: ['metric'],
    }),
  );
  const boundFor = (definition: MetricDefinition) =>
    createLabelBound(definition.labels ?? [], () => folded.inc({ metric: definition.name }));

  return {
    counter(definition) {
      const metric = new prom.Counter(register('counter', definition));
      const bound = boundFor(definition);
      return { inc: (labels = {}, n = 1) => metric.inc(bound.admit(labels), n) };
    },
    gauge(definition) {
      const metric = new prom.Gauge(register('gauge', definition));
      const bound = boundFor(definition);
      return {
        set: (labels, value) => metric.set(bound.admit(labels), value),
        remove(labels) {
          bound.forget(labels);
          metric.remove(labels);
        },
      };
    },
    histogram(definition) {
      const buckets = [...definition.buckets];
      const metric = new prom.Histogram({ ...register('histogram', definition), buckets });
      const bound = boundFor(definition);
      return { observe: (labels, value) => metric.observe(bound.admit(labels), value) };
    },
    async expose() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
    definitions: () => definitions,
  };
}
