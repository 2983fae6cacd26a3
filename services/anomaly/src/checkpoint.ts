import { SpanloomError } from '@spanloom/runtime';

/** A number kept with a committed offset: what is committed is `{"v":1,"<name>":<number>}`. */
export function encodeMark(name: string, value: number): string {
  return JSON.stringify({ v: 1, [name]: value });
}

/**
 * Reads what {@link encodeMark} wrote; null where nothing was committed.
 * @throws SpanloomError 'state-corrupt' when it is something else
 */
export function decodeMark(name: string, metadata: string): number | null {
  if (metadata === '') return null;
  try {
    const parsed = JSON.parse(metadata) as Readonly<Record<string, unknown>> | null;
    const value = parsed?.[name];
    if (parsed?.v === 1 && Number.isSafeInteger(value) && (value as number) >= 0) {
      return value as number;
    }
  } catch {
    // Said below, with what it is.
  }
  throw new SpanloomError(
    'state-corrupt',
    `a committed offset carries no checkpoint of the anomaly worker (${metadata.slice(0, 200)}); delete its consumer groups to begin anew`,
    { details: { metadata } },
  );
}
