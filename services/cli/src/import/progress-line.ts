/** Where progress is shown: one line that is written over on a terminal, a line now and then elsewhere. */
export interface ProgressLine {
  /** Shows the newest state; drawn at most a few times a second. */
  show(text: () => string): void;
  /** Prints a line that stays. */
  note(text: string): void;
  /** Draws the newest state for good. */
  end(): void;
}

const TERMINAL_MS = 100;
const LOG_MS = 5000;
const BAR_WIDTH = 30;

/** `[#####.....]  50%`; `share` outside of 0..1 is taken as the nearer end. */
export function bar(share: number): string {
  const part = Math.min(1, Math.max(0, Number.isNaN(share) ? 1 : share));
  const full = Math.round(part * BAR_WIDTH);
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${percent}`;
}

/** Creates the progress line on a stream such as stderr. */
export function createProgressLine(
  stream: NodeJS.WriteStream,
  monotonicMs: () => number,
): ProgressLine {
  const terminal = stream.isTTY === true;
  const every_ms = terminal ? TERMINAL_MS : LOG_MS;
  let drawn_ms = monotonicMs();
  let newest: (() => string) | null = null;
  const clear = terminal ? '\r\x1b[K' : '';
  const draw = (end: string): void => {
    if (newest !== null) stream.write(`${clear}${newest()}${end}`);
    drawn_ms = monotonicMs();
  };
  return {
    show(text) {
      newest = text;
      if (monotonicMs() - drawn_ms >= every_ms) draw(terminal ? '' : '\n');
    },
    note(text) {
      stream.write(`${clear}${text}\n`);
    },
    end() {
      draw('\n');
      newest = null;
    },
  };
}
