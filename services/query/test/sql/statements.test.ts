import { latencyStatement } from '../../src/sql/latency';
import { operationsStatement } from '../../src/sql/names';
import { searchStatement } from '../../src/sql/search';
import { spansStatement } from '../../src/sql/spans';

const HOSTILE = "x' OR 1=1 {a:String} -- `";

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
    latencyStatement({ service: HOSTILE, operation: HOSTILE }, { start_s: 1, end_s: 2 }, 3),
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
