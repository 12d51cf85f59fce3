// Arithmetic over a search space: what the sliders move. A child is the object
// that the engine understands: {resolution, stem, stages: [{width, depth,
// expansion, kernels}], head}, with expansions beside the kernels where the space has them per
// layer (then expansion is 0). Children are never changed in place.

const clamp = (x, lo, hi) => Math.min(hi, Math.max(lo, x));
const last = list => list[list.length - 1];
const pick = (list, fraction) => list[Math.round(fraction * (list.length - 1))];
const sum = list => list.reduce((a, b) => a + b, 0);
const copy = child => ({ ...child, stages: child.stages.map(s => setDepth(s, s.depth)) });
const filled = (n, f) => Array.from({ length: n }, (_, i) => f(i));
const expanded = (space, list, one) => space.expansionPerLayer ? { expansion: 0, expansions: list() } : { expansion: one() };

/**
 * The child with every slider at the same fraction of its way, 0 to 1. It is Space.At of
 * core/arch but for the layers, of which the depth slider adds one at a time.
 */
export function atFraction(space, f) {
  const child = {
    resolution: pick(space.resolutions, f), stem: pick(space.stem, f), head: pick(space.head, f),
    stages: space.stages.map(s => {
      const depth = pick(s.depths, f);
      const e = () => pick(s.expansions, f);
      return { width: pick(s.widths, f), depth, ...expanded(space, () => filled(depth, e), e), kernels: Array(depth).fill(pick(s.kernels, f)) };
    }),
  };
  const extra = depthOrder(space).length;
  return f > 0 && f < 1 ? withDepth(space, child, Math.round(f * extra)) : child;
}

export const smallest = space => atFraction(space, 0);
export const biggest = space => atFraction(space, 1);

/** How many children the space has. */
export function countChildren(space) {
  const choices = (list, d, perLayer) => list.length ** (perLayer ? d : 1);
  return space.stages.reduce((n, s) => n * s.widths.length *
    sum(s.depths.map(d => choices(s.kernels, d, space.kernelPerLayer) * choices(s.expansions, d, space.expansionPerLayer))),
    space.resolutions.length * space.stem.length * space.head.length);
}

export const layers = child => sum(child.stages.map(s => s.depth));

function setDepth(stage, depth) {
  const layers = list => filled(depth, i => list[i] ?? last(list)); // a layer that appears repeats the one before it
  return { ...stage, depth, kernels: layers(stage.kernels), ...stage.expansions && { expansions: layers(stage.expansions) } };
}

// The order in which layers appear as the depth slider goes up: one a notch,
// each stage at an even pace over its own range (Webster's method), later
// stages first where it is a tie, because a layer is cheaper there.
function depthOrder(space) {
  const turns = [];
  space.stages.forEach((s, i) => {
    const n = s.depths.length - 1;
    for (let j = 1; j <= n; j++) turns.push({ i, at: (j - 0.5) / n });
  });
  return turns.sort((a, b) => a.at - b.at || b.i - a.i).map(t => t.i);
}

function withDepth(space, child, notch) {
  const index = space.stages.map(() => 0);
  depthOrder(space).slice(0, notch).forEach(i => index[i]++);
  return { ...child, stages: child.stages.map((s, i) => setDepth(s, space.stages[i].depths[index[i]])) };
}

const widthLists = space => [space.stem, ...space.stages.map(s => s.widths), space.head];

// The fractions f at which the widths of all stages differ, each with the key of these
// widths: the notches of the width slider. Every notch changes something, none changes nothing.
const notches = new WeakMap();
function widthNotches(space) {
  if (!notches.has(space)) {
    const lists = widthLists(space), found = [];
    for (let i = 0; i <= 240; i++) {
      const f = i / 240, key = String(lists.map(list => pick(list, f)));
      if (key !== found.at(-1)?.key) found.push({ f, key });
    }
    notches.set(space, found);
  }
  return notches.get(space);
}

function withWidth(space, child, notch) {
  const { f } = widthNotches(space)[notch];
  return { ...child, stem: pick(space.stem, f), head: pick(space.head, f),
    stages: child.stages.map((s, i) => ({ ...s, width: pick(space.stages[i].widths, f) })) };
}

// What a slider moves in every layer, as a list of the stage has it: kernels and, where expansions
// are per layer and widths have no choice, with the slider of widths these.
const layered = (space, name) => name === 'kernel' ? 'kernels' : name === 'width' && space.expansionPerLayer && 'expansions';
const longest = (space, of) => space.stages.map(s => s[of]).reduce((a, b) => b.length > a.length ? b : a);

const percent = x => `${Math.round(100 * x)} %`;
const plural = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
const square = k => `${k} × ${k}`;

/**
 * What a slider shows: {max, value, text, off}. Stage is an index, or -1 for all
 * stages; notches count from 0.
 */
export function slider(space, child, stage, name) {
  const one = stage >= 0, s = space.stages[stage], c = child.stages[stage];
  const list = (choices, value, text) => ({ max: choices.length - 1, value: choices.indexOf(value), text, off: choices.length < 2 });
  const of = layered(space, name);
  if (of) {
    const choices = one ? s[of] : longest(space, of);
    const used = child.stages.filter((_, i) => one ? i === stage : space.stages[i][of].length > 1).flatMap(x => x[of]);
    const mean = sum(used.map(k => choices.indexOf(k))) / used.length;
    const text = !used.every(k => k === used[0]) ? 'mixed' : name === 'kernel' ? square(used[0]) : `expanded ${used[0]} ×`;
    return { max: choices.length - 1, value: Math.round(mean), text, off: choices.length < 2 };
  }
  switch (name) {
    case 'resolution': return list(space.resolutions, child.resolution, `${child.resolution} px`);
    case 'width': {
      if (one) return list(s.widths, c.width, plural(c.width, 'channel'));
      const lists = widthLists(space), all = [child.stem, ...child.stages.map(s => s.width), child.head].map((v, i) => [lists[i], v]);
      const elastic = all.filter(([choices]) => choices.length > 1);
      const mean = sum(elastic.map(([choices, v]) => choices.indexOf(v) / (choices.length - 1))) / elastic.length;
      const at = widthNotches(space), share = sum(all.map(w => w[1])) / sum(all.map(w => last(w[0])));
      const key = String(all.map(w => w[1])), exact = at.findIndex(n => n.key === key);
      const near = at.reduce((best, { f }, n) => Math.abs(f - mean) < Math.abs(at[best].f - mean) ? n : best, 0);
      return { max: at.length - 1, value: exact < 0 ? near : exact, text: (exact < 0 ? 'mixed, ' : '') + percent(share) };
    }
    case 'depth': {
      if (one) return list(s.depths, c.depth, plural(c.depth, 'layer'));
      const max = depthOrder(space).length;
      return { max, value: sum(space.stages.map((s, i) => s.depths.indexOf(child.stages[i].depth))), text: plural(layers(child), 'layer'), off: max === 0 };
    }
  }
}

/** The child after that slider was put to that notch. */
export function move(space, child, stage, name, notch) {
  const next = copy(child), s = space.stages[stage], c = next.stages[stage];
  const at = list => list[clamp(notch, 0, list.length - 1)];
  if (name === 'resolution') return { ...next, resolution: at(space.resolutions) };
  const of = layered(space, name);
  if (of) {
    const v = at(stage < 0 ? longest(space, of) : s[of]);
    next.stages.forEach((x, i) => { if (stage < 0 ? space.stages[i][of].includes(v) : i === stage) x[of].fill(v); });
    return next;
  }
  if (stage < 0) {
    if (name === 'width') return withWidth(space, next, clamp(notch, 0, widthNotches(space).length - 1));
    return withDepth(space, next, notch);
  }
  if (name === 'width') c.width = at(s.widths);
  if (name === 'depth') next.stages[stage] = setDepth(c, at(s.depths));
  return next;
}

/** The same choices everywhere. */
export const equal = (a, b) => JSON.stringify(order(a)) === JSON.stringify(order(b));
const order = c => [c.resolution, c.stem, c.head, c.stages.map(s => [s.width, s.depth, s.expansion, s.expansions, s.kernels])];

/** A child with every choice drawn at random, all alike likely. */
export function random(space) {
  const any = list => list[Math.floor(Math.random() * list.length)];
  return { resolution: any(space.resolutions), stem: any(space.stem), head: any(space.head),
    stages: space.stages.map(s => {
      const depth = any(s.depths), one = any(s.kernels), e = () => any(s.expansions);
      return { width: any(s.widths), depth, ...expanded(space, () => filled(depth, e), e),
        kernels: filled(depth, () => space.kernelPerLayer ? any(s.kernels) : one) };
    }) };
}

/**
 * The children with a name, cheapest first: the family of the weights, or even
 * steps. label stands on a button, title explains it, name goes into sentences.
 */
export function named({ space, family }) {
  const between = family?.length ? family.map(({ name, child }) => ({ label: name, title: `Child ${name}`, child }))
    : [['¼', 'A quarter of every choice', 0.25], ['½', 'The middle of every choice', 0.5], ['¾', 'Three quarters of every choice', 0.75]]
      .map(([label, title, f]) => ({ label, title, child: atFraction(space, f) }));
  return [{ label: 'Min', title: 'Smallest child', name: 'the smallest child', child: smallest(space) },
    ...between.map(c => ({ ...c, name: `child ${c.label}` })),
    { label: 'Max', title: 'Biggest child', name: 'the biggest child', child: biggest(space) }];
}
