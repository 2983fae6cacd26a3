import { parseExposition } from './text-format';

const GOOD = `# HELP a Spans.
# TYPE a counter
a_total{x="1"} 3 # {trace_id="t",span_id="s"} 0.5 1700000000.1
# HELP b Durations.
# TYPE b histogram
b_bucket{le="1.0"} 1
b_bucket{le="+Inf"} 2
b_sum 4.5
b_count 2
# EOF
`;

describe('the parser of this folder', () => {
  it('reads what is right', () => {
    const families = parseExposition(GOOD, 'openmetrics');
    expect(families.get('a')?.samples).toEqual([
      {
        name: 'a_total',
        labels: { x: '1' },
        value: 3,
        exemplar: { labels: { trace_id: 't', span_id: 's' }, value: 0.5, at_s: 1_700_000_000.1 },
      },
    ]);
  });

  it.each([
    ['# EOF', '# End'],
    ['a_total{', 'a{'],
    ['a_total{x="1"}', 'a_total{x="1}'],
    ['x="1"', 'x="1",x="2"'],
    ['x="1"', 'x="\\t"'],
    ['} 3 ', '} three '],
    ['# {trace_id', '# trace_id'],
    ['trace_id="t"', `trace_id="${'t'.repeat(120)}"`],
    ['le="1.0"', 'le="1"'],
    ['"+Inf"} 2', '"+Inf"} 3'],
    ['"1.0"} 1', '"1.0"} 3'],
    ['"+Inf"', '"2.0"'],
    ['b_sum 4.5', 'b_sum 4.5 # {t="1"} 1'],
    ['b_sum 4.5\n', ''],
    ['# TYPE b histogram', '# TYPE c histogram'],
    ['# HELP b Durations.\n# TYPE b histogram', '# HELP a Spans.\n# TYPE a counter'],
    ['b_count 2\n', 'b_count 2\nb_count 2\n'],
  ])('turns down %s as %s', (good, bad) => {
    expect(GOOD).toContain(good);
    expect(() => parseExposition(GOOD.replace(good, bad), 'openmetrics')).toThrow();
  });
});
