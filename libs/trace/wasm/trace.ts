// Everything that is found out about a trace: lay its columns out, add its spans, then analyze. What was found is read
// from the other files here, until the next trace is laid out.
import * as calls from './calls';
import * as path from './path';
import * as skew from './skew';
import * as spans from './spans';
import * as tree from './tree';

/** Lays all columns out from `at` on, with room for `capacity` spans; gives the place after them. */
export function lay(at: usize, capacity: usize): usize {
  let end = spans.lay((at + 7) & ~7, capacity);
  end = tree.lay(end, capacity);
  end = skew.lay(end, capacity);
  end = path.lay(end, capacity);
  return calls.lay(end, capacity);
}

export function analyze(): void {
  tree.build();
  skew.build();
  path.build();
  calls.build();
}
