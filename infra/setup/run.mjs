import { spawn } from 'node:child_process';

/** Something that the person at the keyboard can cure; its message says how. */
export class Problem extends Error {}

/** Steps shorter than this are not worth a line. */
const SILENT_MS = 2_000;
const STILL_AT_IT_MS = 10_000;
const OUTPUT_CHARS_MAX = 200_000;
const TAIL_LINES = 40;

/** One line on standard error: standard output belongs to whoever calls this script. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** Milliseconds as text. */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function collect(child) {
  let output = '';
  const take = (chunk) => {
    output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return () => output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

/** Says what is being done once it takes longer than two seconds, and that it goes on every ten. */
function reportProgress(what, began) {
  let said = false;
  const first = setTimeout(() => {
    said = true;
    say(`${what} …`);
  }, SILENT_MS);
  const again = setInterval(() => say(`${what} … ${seconds(Date.now() - began)}`), STILL_AT_IT_MS);
  return () => {
    clearTimeout(first);
    clearInterval(again);
    return said;
  };
}

/** Runs a command to its end. Throws a Problem with the end of its output, and the cure, when it fails. */
export async function run(what, command, args, { cwd, env, cure = '', mayFail = false } = {}) {
  const began = Date.now();
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail = collect(child);
  const stopReporting = reportProgress(what, began);
  const outcome = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? null : (signal ?? `exit code ${code}`)),
    );
  });
  if (stopReporting() && outcome === null) say(`${what}: done in ${seconds(Date.now() - began)}`);
  if (outcome === null || mayFail) return outcome === null;
  throw new Problem(`${what} failed (${outcome}).\n${tail()}\n${cure}`);
}
