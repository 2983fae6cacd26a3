/** A guard taken out of the code, and the tests that must notice. */
export interface Mutation {
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Jest's pattern of test paths. */
  readonly tests: string;
}

/** The guards that exactly-once rests on. Each of them, taken out alone, must make a test fail. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'compare-and-set: the Redis script takes any change',
    file: 'services/assembler/src/checkpoint-script.ts',
    find: "if (head[i] or '') ~= ARGV[i] then",
    replace: 'if false then',
    tests: 'test/assembler/window-store',
  },
  {
    name: 'order: Redis moves before the entries are acknowledged',
    file: 'services/assembler/src/processor.ts',
    find: 'await output.flush();',
    replace: 'void output.flush().catch(() => undefined);',
    tests: 'test/assembler/order',
  },
  {
    name: 'order: several requests of a producer are under way at once',
    file: 'libs/kafka/src/producer.ts',
    find: 'inOrder ? 1 : (options.inFlightMax ?? IN_FLIGHT_MAX)',
    replace: 'options.inFlightMax ?? IN_FLIGHT_MAX',
    tests: 'test/kafka/producer',
  },
  {
    name: 'intent: a block is inserted without saying which',
    file: 'services/sink/src/processor.ts',
    find: 'await commit({ ...stored, intentTo: position });',
    replace: '',
    tests: 'test/sink/exactly-once',
  },
  {
    name: 'deduplication token: blocks have no name',
    file: 'services/sink/src/insert.ts',
    find: 'insert_deduplication_token: token,',
    replace: "insert_deduplication_token: token && '',",
    tests: 'test/sink/exactly-once',
  },
  {
    name: 'rebuild: windows that Redis lost are taken to be empty',
    file: 'libs/window/src/rebuild.ts',
    find: 'if (from < applied) {',
    replace: 'if (from > applied) {',
    tests: 'test/assembler/exactly-once',
  },
  {
    name: 'activity age: the absolute cut looks at the age of the window',
    file: 'libs/window/src/deadline.ts',
    find: 'const activityStartS = words[trace + TRACE.activityStartS] as number;',
    replace:
      'const activityStartS = state.windows.pool.words[(words[trace + TRACE.window] as number) + WINDOW.openedAtS] as number;',
    tests: 'libs/window/test',
  },
  {
    name: 'sequence rule: the sink takes repeats',
    file: 'services/sink/src/seq-gate.ts',
    find: "if (last !== null && seq <= last) return 'repeat';",
    replace: '',
    tests: 'test/sink/exactly-once',
  },
  {
    name: 'decisions: what the registry says today is believed of messages that were dead letters',
    file: 'libs/window/src/decisions.ts',
    find: 'if (value !== null && decisions.has(offset)) {',
    replace: 'if (value !== null && decisions.has(-1)) {',
    tests: 'libs/window/test',
  },
  {
    name: 'lost commits: the sink begins from the beginning',
    file: 'services/sink/src/processor.ts',
    find: 'seq: await deps.storedBefore(partition)',
    replace: 'seq: (await deps.storedBefore(partition)) && null',
    tests: 'test/sink/exactly-once',
  },
  {
    name: 'reuse: the memory of records is used again while they are processed',
    file: 'libs/kafka/src/partition-loop.ts',
    find: 'const records = await queue.open();',
    replace: 'const records = await queue.open();\n          queue.done();',
    tests: 'test/kafka/memory',
  },
];
