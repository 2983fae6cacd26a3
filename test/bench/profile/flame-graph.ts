import { type CallNode, IDLE } from './cpu-profile';

const WIDTH = 1400;
const ROW = 17;
const TOP = 34;
/** Narrower boxes cannot be seen; their time stays visible as a gap above their caller. */
const WIDTH_MIN = 0.4;
const CHARACTER = 6.3;

/** Colours by who wrote the code, so that one look says whose time it is. */
const COLOURS: readonly (readonly [RegExp, string, string])[] = [
  [/^\(garbage collector\)/, '#c96a6a', 'garbage collection'],
  [/^(\S+|\(loading modules\))$/, '#b0b0b0', 'native code, loading'],
  // All WebAssembly is ours.
  [/ (libs|services)\/|^wasm-/, '#e8a33d', 'Spanloom'],
  [/ node:/, '#8fae62', 'node'],
  [/./, '#7fa5c9', 'packages'],
];

function colourOf(name: string): string {
  return COLOURS.find(([pattern]) => pattern.test(name))?.[1] ?? '#cccccc';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Adds up children that are the same function: only the chain of callers tells boxes apart. */
function merged(children: readonly CallNode[]): readonly CallNode[] {
  const byName = new Map<string, CallNode>();
  for (const child of children) {
    const known = byName.get(child.name);
    if (known === undefined) byName.set(child.name, { ...child, children: [...child.children] });
    else {
      known.self_us += child.self_us;
      known.total_us += child.total_us;
      known.children.push(...child.children);
    }
  }
  return [...byName.values()].sort((a, b) => b.total_us - a.total_us);
}

/**
 * Draws a flame graph (Gregg, "The flame graph", CACM 2016) as SVG: width is time, callers below callees. Idle time
 * is left out. Pointing at a box shows its whole name and time.
 */
export function flameGraph(tree: CallNode, title: string): string {
  const roots = merged(tree.children.filter((child) => child.name !== IDLE));
  const busy_us = roots.reduce((sum, node) => sum + node.total_us, 0);
  const boxes: { x: number; width: number; depth: number; node: CallNode }[] = [];
  let depth_max = 0;
  const place = (nodes: readonly CallNode[], from: number, depth: number): void => {
    let x = from;
    for (const node of nodes) {
      const width = (node.total_us / busy_us) * WIDTH;
      if (width >= WIDTH_MIN) {
        depth_max = Math.max(depth_max, depth);
        boxes.push({ x, width, depth, node });
        place(merged(node.children), x, depth + 1);
      }
      x += width;
    }
  };
  place(roots, 0, 0);
  const height = TOP + (depth_max + 1) * ROW + 24;
  const drawn = boxes.map(({ x, width, depth, node }) => {
    const y = TOP + (depth_max - depth) * ROW;
    const characters = Math.floor((width - 4) / CHARACTER);
    const label = characters < 3 ? '' : escaped(node.name.slice(0, characters));
    const share = ((node.total_us / busy_us) * 100).toFixed(1);
    const hint = escaped(`${node.name}: ${(node.total_us / 1000).toFixed(0)} ms, ${share} %`);
    return (
      `<g><title>${hint}</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" ` +
      `height="${ROW - 1}" fill="${colourOf(node.name)}"/>` +
      `${label === '' ? '' : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${label}</text>`}</g>`
    );
  });
  const legend = COLOURS.map(
    ([, colour, name], i) =>
      `<rect x="${i * 180}" y="${height - 16}" width="12" height="12" fill="${colour}"/>` +
      `<text x="${i * 180 + 18}" y="${height - 6}">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
      'font-family="monospace" font-size="10.5">',
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="4" y="20" font-size="14">${escaped(title)}</text>`,
    ...drawn,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}
