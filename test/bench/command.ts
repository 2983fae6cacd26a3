import { SpanloomError } from '@spanloom/runtime';

const EXIT_USAGE = 2;

/** Runs a command's main function: an error that people can act on is a line, and anything else a stack. */
export function runCommand(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const known = error instanceof SpanloomError ? error : null;
    const text = known?.message ?? String((error as Error)?.stack ?? error);
    process.stderr.write(`${text}\n`);
    process.exit(known?.code === 'usage' ? EXIT_USAGE : 1);
  });
}
