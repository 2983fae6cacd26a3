import type { Clock } from '@spanloom/runtime';

/** Where progress is shown: a terminal, or a file that plain lines go to. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Shows how far something is: redrawn in place on a terminal, else a line now and then. */
export interface Progress {
  /** Shows these lines instead of the last ones; `lines` is only called when they are drawn. */
  show(lines: () => readonly string[]): void;
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
  let drawn_ms = Number.NEGATIVE_INFINITY;
  let newest: (() => readonly string[]) | null = null;
  let stale = false;

  const cut = (line: string): string => [...line].slice(0, (screen.columns ?? 100) - 1).join('');
  const drawInPlace = (above: string): void => {
    const lines = newest?.() ?? [];
    const erase = shown === 0 ? '' : `${ESC}${shown}A\r${ESC}J`;
    screen.write(`${erase}${above}${lines.map((line) => `${cut(line)}\n`).join('')}`);
    shown = lines.length;
  };
  const draw = (): void => {
    if (screen.isTTY) drawInPlace('');
    else screen.write(`${newest?.()[0] ?? ''}\n`);
    drawn_ms = clock.monotonicMs();
    stale = false;
  };
  return {
    show(lines) {
      newest = lines;
      stale = true;
      if (clock.monotonicMs() - drawn_ms >= (screen.isTTY ? REDRAW_MS : LINE_MS)) draw();
    },
    say(line) {
      if (screen.isTTY) drawInPlace(`${line}\n`);
      else screen.write(`${line}\n`);
    },
    end() {
      if (stale) draw();
      newest = null;
      shown = 0;
    },
  };
}

const BAR_WIDTH = 30;

/** `[#####.....]  50%`; `share` outside of 0..1 is taken as the nearer end. */
export function bar(share: number): string {
  const part = Math.min(1, Math.max(0, Number.isNaN(share) ? 1 : share));
  const full = Math.round(part * BAR_WIDTH);
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${percent}`;
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
