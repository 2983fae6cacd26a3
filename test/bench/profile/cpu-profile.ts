import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A V8 CPU profile as `node --cpu-prof` writes it; only what is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function, where it was called from, and the time under it. */
export interface CallNode {
  /** Function and place, such as `next libs/avro/src/span-scanner.js:40`. */
  readonly name: string;
  /** Time in the function itself, µs. */
  self_us: number;
  /** Time in it and in what it called, µs. */
  total_us: number;
  readonly children: CallNode[];
}

function place(url: string, line: number, root: string): string {
  if (url === '') return '';
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const short = isAbsolute(path) ? relative(root, path) : path;
  // Compiled files are named like their sources; line numbers are those of the compiled file.
  return ` ${short.replace(/^.*node_modules\//, '')}:${line + 1}`;
}

/** What loads a module: dozens of calls deep, and over once the process runs. */
const LOADER = 'node:internal/modules/';
const LOADING = '(loading modules)';

/** The profile as a tree of calls; loading modules is one leaf. Paths are shown relative to `root`. */
export function callTree(profile: CpuProfile, root: string): CallNode {
  const self = new Map<number, number>();
  profile.samples.forEach((id, i) => {
    self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[i] as number));
  });
  const nodes = new Map<number, CallNode>();
  for (const { id, callFrame } of profile.nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const name = url.startsWith(LOADER)
      ? LOADING
      : `${functionName || '(anonymous)'}${place(url, lineNumber, root)}`;
    nodes.set(id, { name, self_us: self.get(id) ?? 0, total_us: 0, children: [] });
  }
  // Parents come before their children, so going backwards adds up the children first.
  for (const { id, children = [] } of [...profile.nodes].reverse()) {
    const node = nodes.get(id) as CallNode;
    node.children.push(...children.map((child) => nodes.get(child) as CallNode));
    node.total_us = node.children.reduce((sum, child) => sum + child.total_us, node.self_us);
    if (node.name !== LOADING) continue;
    node.self_us = node.total_us;
    node.children.length = 0;
  }
  return nodes.get(profile.nodes[0]?.id ?? 0) as CallNode;
}

/** Not work: the process waits. */
export const IDLE = '(idle)';

/** Time that the process was not idle, µs. */
export function busyUs(tree: CallNode): number {
  const idle = tree.children.find((child) => child.name === IDLE);
  return tree.total_us - (idle?.total_us ?? 0);
}

/** A function over all places that it was called from. */
export interface FunctionTime {
  readonly name: string;
  readonly self_us: number;
  /** Time in it and under it, counted once where it calls itself. */
  readonly total_us: number;
}

/** Functions by the time in themselves, most first; idle time left out. */
export function functionTimes(tree: CallNode): readonly FunctionTime[] {
  const times = new Map<string, { self_us: number; total_us: number }>();
  const above = new Set<string>();
  const visit = (node: CallNode): void => {
    const time = times.get(node.name) ?? { self_us: 0, total_us: 0 };
    times.set(node.name, time);
    time.self_us += node.self_us;
    const outermost = !above.has(node.name);
    if (outermost) {
      time.total_us += node.total_us;
      above.add(node.name);
    }
    for (const child of node.children) visit(child);
    if (outermost) above.delete(node.name);
  };
  visit(tree);
  times.delete(IDLE);
  times.delete(tree.name);
  const all = [...times].map(([name, time]) => ({ name, ...time }));
  return all.sort((a, b) => b.self_us - a.self_us);
}
