import { clickhouseSettings, defineSettings, int, processSettings, text } from '@spanloom/runtime';

/** The query service's settings. */
export const settings = defineSettings('query', {
  ...clickhouseSettings,
  ...processSettings(9475),
  query_port: int({
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'Port of the query API; 0 takes any free one.',
  }),
  query_host: text({
    default: '',
    doc: 'Address to listen on for queries; empty means all.',
  }),
  query_seconds_max: int({
    default: 20,
    min: 1,
    max: 600,
    unit: 's',
    doc: 'ClickHouse ends a query that takes longer; the client gets a 504.',
  }),
  trace_spans_max: int({
    default: 50_000,
    min: 100,
    max: 1_000_000,
    doc: 'Spans of one trace in an answer; the trace says in its warnings when there are more.',
  }),
  answer_spans_max: int({
    default: 200_000,
    min: 1_000,
    max: 2_000_000,
    doc: 'Spans of all traces of a search together; traces beyond are left out, and errors say so.',
  }),
  search_days: int({
    default: 0,
    min: 0,
    max: 10_000,
    unit: 'days',
    doc: 'How far back a search without a start goes, from its end; 0 means everything stored.',
  }),
});
