import { createLogger, SpanloomError } from '../src';

function capture(level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createLogger({ service: 'demo', level, destination }) };
}

test('a line is JSON with time, level, service, fields and message', () => {
  const { lines, logger } = capture();
  logger.child({ partition: 3 }).warn({ lag: 7 }, 'behind');
  expect(lines).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'warn',
      service: 'demo',
      pid: process.pid,
      partition: 3,
      lag: 7,
      message: 'behind',
    },
  ]);
});

test('lines below the level are not written', () => {
  const { lines, logger } = capture('warn');
  logger.info({}, 'no');
  logger.debug({}, 'no');
  logger.error({}, 'yes');
  expect(lines).toHaveLength(1);
});

test('errors are described with their causes, without what libraries hang on them', () => {
  const { lines, logger } = capture();
  const cause = Object.assign(new Error('below'), {
    code: 'EPIPE',
    command: { args: ['hunter2'] },
  });
  const error = new SpanloomError('timeout', 'above', { cause, details: { waited_ms: 5 } });
  logger.error({ error }, 'failed');
  expect(lines[0]?.error).toMatchObject({
    type: 'SpanloomError',
    code: 'timeout',
    message: 'above',
    retriable: false,
    details: { waited_ms: 5 },
    cause: { type: 'Error', message: 'below', code: 'EPIPE' },
  });
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});

test('a chain of causes that loops is cut', () => {
  const { lines, logger } = capture();
  const error = new Error('loop');
  error.cause = error;
  logger.error({ error }, 'failed');
  expect(lines).toHaveLength(1);
});

test('secrets in logged objects are hidden', () => {
  const { lines, logger } = capture();
  const sasl = { username: 'u', password: 'hunter2' };
  logger.info({ password: 'hunter2', options: { sasl }, kafka: { options: { sasl } } }, 'connect');
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});
