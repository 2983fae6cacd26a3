import { createTurnstile } from '../src';

test('a turnstile lets in as many as it says, and everybody in the end', async () => {
  const turnstile = createTurnstile(2);
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside++;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  const failing = turnstile.run(() => Promise.reject(new Error('one fails')));
  const all = Array.from({ length: 10 }, () => turnstile.run(work));
  await expect(failing).rejects.toThrow('one fails');
  await Promise.all(all);
  expect(most).toBe(2);
});
