import type { Clock } from '@spanloom/runtime';

/** Where progress is shown: a terminal, or a file that plain lines go to. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Shows how far something is: redrawn in place on a terminal, else a line now and then. */
export interface Progress {
  /** Shows these lines instead of the last ones. */
  show(lines: readonly string[]): void;
  /** Leaves a line above, and the progress below it. */
  say(line: string): void;
  /** Leaves what is shown, and goes on below it. */
  end(): void;
}

const REDRAW_MS = 100;
const LINE_MS = 5000;
const ESC = '\u001b[';

/** Makes a {@link Progress}. Off a terminal only the first of the lines is written, every five seconds. */
export function createProgress(screen: Screen, clock: Clock): Progress {
  let shown = 0;
  let last_ms = Number.NEGATIVE_INFINITY;
  let pending: readonly string[] = [];

  const cut = (line: string): string => [...line].slice(0, (screen.columns ?? 100) - 1).join('');
  const erase = (): string => (shown === 0 ? '' : `${ESC}${shown}A\r${ESC}J`);
  const draw = (lines: readonly string[], above = ''): void => {
    screen.write(`${erase()}${above}${lines.map((line) => `${cut(line)}\n`).join('')}`);
    shown = lines.length;
    last_ms = clock.monotonicMs();
    pending = [];
  };
  const plain = (lines: readonly string[]): void => {
    if (lines[0] !== undefined) screen.write(`${lines[0]}\n`);
    last_ms = clock.monotonicMs();
    pending = [];
  };
  let current: readonly string[] = [];
  return {
    show(lines) {
      const due = clock.monotonicMs() - last_ms >= (screen.isTTY ? REDRAW_MS : LINE_MS);
      current = lines;
      pending = lines;
      if (!due) return;
      if (screen.isTTY) draw(lines);
      else plain(lines);
    },
    say(line) {
      if (screen.isTTY) draw(current, `${line}\n`);
      else screen.write(`${line}\n`);
    },
    end() {
      if (pending.length > 0) {
        if (screen.isTTY) draw(pending);
        else plain(pending);
      }
      shown = 0;
    },
  };
}

/** A whole number with its thousands apart: 1234567 → 1,234,567. */
export function grouped(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Milliseconds for people: three digits and a unit. */
export function shortMs(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms >= 1000) return `${(ms / 1000).toPrecision(ms >= 100_000 ? 4 : 3)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms.toPrecision(ms >= 1 ? 3 : 2)} ms`;
}
