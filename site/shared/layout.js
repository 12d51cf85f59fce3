// Where the blocks of a drawing of the supernet lie. Sides are square roots of
// channels and of pixels, so that areas are true: a block's filled share is the
// child's share of it.

const sqrt = Math.sqrt, last = list => list[list.length - 1];

/** Widths of the columns: the image and the stem, one a stage, the head. */
export function columns(space) {
  const widest = Math.max(...space.stages.map((_, i) => inputs(space, i)));
  return [1.75, ...space.stages.map((_, i) => Math.max(0.85, 1.2 * sqrt(inputs(space, i) / widest))), 1.3];
}

// entering is how many channels a layer of the stage gets at most; inputs is the most of any of its layers.
const entering = (space, i, j) => j ? last(space.stages[i].widths) : i ? last(space.stages[i - 1].widths) : last(space.stem);
const inputs = (space, i) => Math.max(entering(space, i, 0), last(space.stages[i].depths) > 1 ? entering(space, i, 1) : 0);

/**
 * The places for a drawing of W x H pixels: blocks (the stem, every layer, the
 * head; x is the left and base the lower side, both of the full size w x h), maps
 * (what flows, centred at x), and the lines between. top is what the maps take.
 */
export function layout(space, W, H, { small = W < 520 || H < 220, top = small ? 42 : 64, gap = small ? 2 : 3 } = {}) {
  const parts = columns(space), unit = W / parts.reduce((a, b) => a + b), left = [];
  const end = parts.reduce((x, w, i) => { left[i] = x; return x + w * unit; }, 0);
  const wide = i => parts[i] * unit, centre = i => left[i] + wide(i) / 2;
  const ground = H - 2, side = small ? 46 : 68, flow = side / 2 + 2;
  const tallest = Math.max(...space.stages.map(s => last(s.depths) * sqrt(last(s.widths))));
  const deepest = Math.max(...space.stages.map(s => last(s.depths)));
  const u = Math.min((H - top - deepest * gap) / tallest, // pixels for a square root of channels
    ...space.stages.map((_, i) => 0.88 * wide(i + 1) / sqrt(inputs(space, i))));
  const block = (cx, base, ins, outs, kernel) => ({ x: cx - sqrt(ins) * u / 2, base, w: sqrt(ins) * u, h: sqrt(outs) * u, ins, outs, kernel });

  const blocks = [block(left[1] - (small ? 12 : 22), ground, 3, last(space.stem), 0)];
  space.stages.forEach((s, i) => {
    let base = ground;
    for (let j = 0; j < last(s.depths); j++) {
      blocks.push(block(centre(i + 1), base, entering(space, i, j), last(s.widths), last(s.kernels)));
      base -= sqrt(last(s.widths)) * u + gap;
    }
  });
  blocks.push(block(centre(parts.length - 1), ground, last(last(space.stages).widths), last(space.head), 0));

  const v = side / sqrt(last(space.resolutions)); // pixels for a square root of pixels
  let full = Math.ceil(last(space.resolutions) / 2), halvings = 1;
  const maps = space.stages.map((s, i) => {
    if (s.stride > 1) { full = Math.ceil(full / s.stride); halvings += Math.log2(s.stride); }
    return { x: centre(i + 1), size: sqrt(full) * v, halvings, labelled: i === 0 || s.stride > 1 };
  });
  return { W, H, small, side, flow, ground, end, v, blocks, maps, stem: left[1],
    columns: space.stages.map((_, i) => ({ x: left[i + 1], w: wide(i + 1) })) };
}

/** What a child has of each block of a layout, in the same order: {on, ins, outs, kernel}. */
export function slices(space, child) {
  const list = [{ on: true, ins: 3, outs: child.stem, kernel: 0 }];
  let ins = child.stem;
  child.stages.forEach((s, i) => {
    for (let j = 0; j < last(space.stages[i].depths); j++) {
      const on = j < s.depth;
      list.push({ on, ins: j ? s.width : ins, outs: s.width, kernel: on ? s.kernels[j] : 0 });
    }
    ins = s.width;
  });
  list.push({ on: true, ins, outs: child.head, kernel: 0 });
  return list;
}

/** The side of a map after that many halvings, in pixels of the network. */
export function mapSide(resolution, halvings) {
  let side = resolution;
  for (let i = 0; i < halvings; i++) side = Math.ceil(side / 2);
  return side;
}

/** Sides in the drawing of the slice ins x outs of a block. */
export const inside = (b, { ins, outs }) => ({ w: b.w * sqrt(ins / b.ins), h: b.h * sqrt(outs / b.outs) });

/** The path of a kernel's dots between two rings, lo to hi, around a centre. */
export function dots(cx, cy, reach, step, lo, hi) {
  let d = '';
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const m = Math.max(Math.abs(dx), Math.abs(dy));
      if (m >= lo && m <= hi) d += `M${(cx + dx * step).toFixed(1)} ${(cy + dy * step).toFixed(1)}h0`;
    }
  }
  return d;
}
