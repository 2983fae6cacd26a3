import { anomaliesStatement } from '../../src/sql/anomalies';
import { latencyPointsStatement, latencyStatement, type SeriesQuery } from '../../src/sql/latency';
import { operationsStatement } from '../../src/sql/names';
import { paneSlotsStatement } from '../../src/sql/pane-slots';
import { searchStatement } from '../../src/sql/search';
import { spansStatement } from '../../src/sql/spans';
import { edgeTotalsStatement, seriesTotalsStatement } from '../../src/sql/totals';

const HOSTILE = "x' OR 1=1 {a:String} -- `";

const SERIES: SeriesQuery = {
  filter: { service: HOSTILE, operation: HOSTILE, kind: HOSTILE, status: HOSTILE },
  by: ['service', 'status'],
  range: { start_s: 1, end_s: 2 },
  series_max: 3,
};

describe('statements', () => {
  const statements = [
    operationsStatement(HOSTILE, HOSTILE),
    searchStatement({
      service: HOSTILE,
      operation: HOSTILE,
      tags: [
        [HOSTILE, HOSTILE],
        ['error', 'true'],
        ['error', 'false'],
        ['constructor', HOSTILE],
        ['span.kind', HOSTILE],
      ],
      startNano: 1n,
      endNano: 2n,
      minNano: 3n,
      maxNano: 4n,
      limit: 5,
    }),
    spansStatement([HOSTILE], 10),
    latencyStatement(SERIES),
    latencyPointsStatement(SERIES, 10, 30),
    paneSlotsStatement({
      services: [HOSTILE],
      kinds: [HOSTILE],
      byOperation: true,
      range: { start_s: 1, end_s: 2 },
      slot_s: 10,
      withBuckets: true,
      rows_max: 5,
    }),
    seriesTotalsStatement({ series_max: 1, series_per_service_max: 2, edges_max: 3 }),
    edgeTotalsStatement({ series_max: 1, series_per_service_max: 2, edges_max: 3 }),
    anomaliesStatement({ service: HOSTILE, start_s: 1, end_s: 2 }, 3),
  ];

  it.each(statements)(
    '$name: values are parameters, every place has one, rows are bounded',
    (statement) => {
      const { sql, params } = statement;
      expect(sql).not.toContain("x'");
      const places = new Set([...sql.matchAll(/\{(\w+):/g)].map(([, name]) => name));
      expect([...places].sort()).toEqual(Object.keys(params).sort());
      expect(sql).toMatch(/LIMIT \{\w+:UInt32\}$/);
    },
  );
});
