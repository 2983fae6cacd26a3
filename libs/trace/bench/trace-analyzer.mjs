// Micro-benchmark: CPU per span of the analysis of traces. Build first: npx tsc -b libs/trace
// Usage: node libs/trace/bench/trace-analyzer.mjs [rounds]
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { TraceAnalyzer } = require('../dist/index.js');

const ROUNDS = Number(process.argv[2] ?? 25);
const random = (n) => Math.imul(n ^ (n >>> 15), 0x2c1b3c6d) >>> 0;
const SHAPES = {
  tree: (i) => (i - 1) >> 1,
  chain: (i) => i - 1,
  star: () => 0,
};

/** Ids and times of `traces` traces of `size` spans: what the sink has at hand after it read a span. */
function makeTraces(traces, size, parentOf) {
  const ids = Buffer.alloc(traces * size * 16);
  const starts = [];
  for (let t = 0; t < traces; t++) {
    for (let i = 0; i < size; i++) {
      const at = (t * size + i) * 16;
      ids.writeUInt32LE(random(t * size + i + 1), at);
      ids.writeUInt32LE(t * size + i + 1, at + 4);
      if (i > 0)
        ids.copy(ids, at + 8, (t * size + parentOf(i)) * 16, (t * size + parentOf(i)) * 16 + 8);
      starts.push(1000 + i * 500 + (random(t * 7 + i) % 300));
    }
  }
  return { ids, starts, traces, size };
}

function analyzeAll(analyzer, { ids, starts, traces, size }) {
  let checksum = 0;
  for (let t = 0; t < traces; t++) {
    analyzer.begin();
    for (let i = 0; i < size; i++) {
      const n = t * size + i;
      analyzer.spans.setIds(ids, n * 16, n * 16 + 8);
      const kind = i % 2 === 0 ? 2 : 3;
      analyzer.spans.add(starts[n], 0, (size - i) * 1000, kind, 0, (i + 1) >> 1);
    }
    analyzer.run();
    checksum += analyzer.path.sectionCount + analyzer.calls.count;
  }
  return checksum;
}

const analyzer = new TraceAnalyzer();
for (const size of [10, 100, 20_000]) {
  for (const [shape, parentOf] of Object.entries(SHAPES)) {
    const made = makeTraces(Math.ceil(200_000 / size), size, parentOf);
    const costs = [];
    for (let round = -5; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      if (analyzeAll(analyzer, made) < 0) throw new Error('unreachable');
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) costs.push((user + system) / (made.traces * size));
    }
    costs.sort((a, b) => a - b);
    const [median, least] = [costs[ROUNDS >> 1], costs[0]].map((cost) => cost.toFixed(3));
    console.log(`${shape} of ${size} spans: median ${median} µs a span, least ${least}`);
  }
}
