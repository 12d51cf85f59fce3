// Weights arrive smallest child first: what can be run before all of them are here.
import { equal } from '../shared/space.js';

const least = (a, b) => Math.min(a, b);

/** The biggest child that is nested in both; the child itself where it fits, or where there is no ceiling. */
export function within(child, ceiling) {
  if (!ceiling) return child;
  const stages = child.stages.map((s, i) => {
    const c = ceiling.stages[i], depth = least(s.depth, c.depth);
    const each = (of, most) => of.slice(0, depth).map((k, j) => least(k, most[j]));
    return { width: least(s.width, c.width), depth, expansion: least(s.expansion, c.expansion),
      ...s.expansions && { expansions: each(s.expansions, c.expansions) }, kernels: each(s.kernels, c.kernels) };
  });
  const nested = { resolution: least(child.resolution, ceiling.resolution), stem: least(child.stem, ceiling.stem), stages, head: least(child.head, ceiling.head) };
  return equal(child, nested) ? child : nested;
}

/** True where the weights of the child are here. */
export const fits = (child, ceiling) => within(child, ceiling) === child;
