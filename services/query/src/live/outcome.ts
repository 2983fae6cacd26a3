/** Why open windows could not be read: a closed list, also for metrics. */
export const LIVE_FAILURES = ['off', 'away', 'slow', 'moving', 'unreadable', 'too-large'] as const;
export type LiveFailure = (typeof LIVE_FAILURES)[number];

/** What was read, or why it was not: that is expected of a Redis that others write to. */
export type LiveOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: LiveFailure };

/** A failed {@link LiveOutcome}. */
export function failed(why: LiveFailure): { readonly ok: false; readonly why: LiveFailure } {
  return { ok: false, why };
}

const WORDS: Readonly<Record<LiveFailure, string>> = {
  off: 'reading them is turned off: set SPANLOOM_LIVE_WINDOWS to true',
  away: 'Redis does not answer: see that it runs, and that REDIS_URL is right',
  slow: 'Redis took too long: ask again, or raise SPANLOOM_LIVE_TIMEOUT_MS',
  moving: 'they changed while they were read: ask again',
  unreadable:
    'what Redis holds is not as this version writes it: run the same version everywhere; assemblers rebuild what is damaged when they start',
  'too-large': 'they are too many to be read for one answer: add partitions',
};

/** The reason and its cure, for people. */
export function wordsOf(why: LiveFailure): string {
  return WORDS[why];
}
