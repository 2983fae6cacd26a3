import { randomBytes } from 'node:crypto';
import { createKafka } from '@spanloom/kafka';
import { freshKafka, quiet } from './fixture';

const { kafka, config } = freshKafka(1);
const subject = `test-${randomBytes(6).toString('hex')}-value`;

const FIRST = {
  type: 'record',
  name: 'Thing',
  namespace: 'test.registry',
  fields: [
    { name: 'id', type: { type: 'fixed', name: 'Id', size: 16 } },
    { name: 'at', type: 'long' },
  ],
};

afterAll(() => kafka.close());

test('a schema gets one id, whoever registers it, and is found by it', async () => {
  const other = createKafka(config, { logger: quiet, clientId: 'other' });
  const [id, again] = await Promise.all([
    kafka.registry().register(subject, FIRST),
    other.registry().register(subject, FIRST),
  ]);
  expect(again).toBe(id);
  expect(await kafka.registry().register(subject, FIRST)).toBe(id);
  const third = createKafka(config, { logger: quiet, clientId: 'third' });
  expect(await third.registry().schemaById(id)).toMatchObject({
    name: 'test.registry.Thing',
    fields: [{ name: 'id' }, { name: 'at', type: 'long' }],
  });
  expect(await third.registry().schemaById(2_000_000_000)).toBeNull();
});

test('a schema that old readers and data fit is taken, one that they do not is refused', async () => {
  const registry = kafka.registry();
  const id = await registry.register(subject, FIRST);
  const added = { name: 'note', type: 'string', default: '' };
  const wider = await registry.register(subject, { ...FIRST, fields: [...FIRST.fields, added] });
  expect(wider).not.toBe(id);
  const demanding = { name: 'must', type: 'string' };
  await expect(
    registry.register(subject, { ...FIRST, fields: [...FIRST.fields, demanding] }),
  ).rejects.toMatchObject({ code: 'schema-incompatible', details: { subject } });
});

test('a registry that is not there is an error that may pass', async () => {
  const nowhere = createKafka(
    { ...config, schema_registry_url: 'http://127.0.0.1:1/apis/ccompat/v7' },
    { logger: quiet, clientId: 'nobody' },
  );
  await expect(nowhere.registry().register(subject, FIRST)).rejects.toMatchObject({
    code: 'engine-unavailable',
    retriable: true,
  });
  await expect(nowhere.registry().schemaById(1)).rejects.toMatchObject({ retriable: true });
});
