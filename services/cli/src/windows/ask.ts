import { SpanloomError } from '@spanloom/runtime';

/** The query service bounds its own reading; this is for a connection that hangs. */
const ANSWER_MS_MAX = 20_000;
const SHOWN_MAX = 300;

/** One partition of {@link WindowsAnswer}; without figures where `state` is not `read`. */
export interface PartitionWindows {
  readonly partition: number;
  readonly state: string;
  readonly log_clock?: string;
  readonly open_windows?: number;
  readonly spans?: number;
  readonly bytes?: number;
  readonly stored_bytes?: number;
  readonly oldest_age_s?: number | null;
}

/** An open trace of {@link WindowsAnswer}. */
export interface OpenTrace {
  readonly trace_id: string;
  readonly partition: number;
  readonly opened_at: string;
  readonly age_s: number;
  readonly quiet_s: number;
  readonly spans: number;
  readonly bytes: number;
  readonly has_root: boolean;
}

/** What the query service's /api/windows says. */
export interface WindowsAnswer {
  readonly order: string;
  readonly partitions: readonly PartitionWindows[];
  readonly traces: readonly OpenTrace[];
  readonly warnings: readonly string[];
}

/**
 * Asks the query service for the open windows.
 * @param base URL of the service, without a path
 * @throws SpanloomError 'usage' where it refuses the parameters, 'engine-unavailable' where it does not answer or cannot
 */
export async function askWindows(
  base: string,
  parameters: Readonly<Record<string, string>>,
): Promise<WindowsAnswer> {
  const url = new URL('/api/windows', base);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, { signal });
    text = await answer.text();
  } catch (error) {
    throw new SpanloomError(
      'engine-unavailable',
      `the query service at ${base} does not answer: start it with "spanloom up", or name another with --query`,
      { cause: error, retriable: true },
    );
  }
  const said = jsonOf(text);
  if (answer.ok && isAnswer(said)) return said;
  const code = answer.status === 400 ? 'usage' : 'engine-unavailable';
  throw new SpanloomError(code, `${base} says: ${reasonOf(said) ?? `status ${answer.status}`}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isAnswer(said: unknown): said is WindowsAnswer {
  const { partitions, traces, warnings } = (said ?? {}) as Partial<WindowsAnswer>;
  return [partitions, traces, warnings].every((list) => Array.isArray(list));
}

/** The messages of a refusal in the query service's frame; null when it is something else's answer. */
function reasonOf(said: unknown): string | null {
  const { errors } = (said ?? {}) as { readonly errors?: readonly { readonly msg?: unknown }[] };
  if (!Array.isArray(errors)) return null;
  const text = errors.map(({ msg }) => String(msg)).join('; ');
  return text.slice(0, SHOWN_MAX);
}
