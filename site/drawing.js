// The supernet from left to right, with the child inside it. Sides are square
// roots of channels and of pixels, so that areas are true: a block's filled
// share is the child's share of it. Elements are made once for a space and a
// size; a move of a slider only changes their attributes.

const NS = 'http://www.w3.org/2000/svg';
const sqrt = Math.sqrt, last = list => list[list.length - 1];
const px = x => x.toFixed(1);

function add(parent, tag, attributes = {}) {
  const el = parent.appendChild(document.createElementNS(NS, tag));
  for (const [k, v] of Object.entries(attributes)) el.setAttribute(k, v);
  return el;
}

// put changes attributes and remembers them, so that what stays costs nothing.
function put(el, attributes) {
  el.shown ??= {};
  for (const [k, v] of Object.entries(attributes)) {
    if (el.shown[k] === v) continue;
    el.shown[k] = v;
    el.setAttribute(k, v);
  }
}

const show = (el, on) => put(el, { visibility: on ? 'visible' : 'hidden' });
const rect = (el, x, y, w, h) => put(el, { x: px(x), y: px(y), width: px(w), height: px(h) });

/** Widths of the columns: the picture and the stem, one a stage, the head. */
export function columns(space) {
  const widest = Math.max(...space.stages.map((_, i) => inputs(space, i)));
  return [1.75, ...space.stages.map((_, i) => Math.max(0.85, 1.2 * sqrt(inputs(space, i) / widest))), 1.3];
}

// inputs is the most input channels that a layer of the stage has.
const inputs = (space, i) => Math.max(last(space.stages[i].depths) > 1 ? last(space.stages[i].widths) : 0,
  i ? last(space.stages[i - 1].widths) : last(space.stem));

export class Drawing {
  #svg; #space; #child; #stage = -1; #picture = '';
  #layers = []; #maps = []; #head; #stem; #band; #tile; #flow; #label; #columns = [];

  constructor(svg, space) {
    this.#svg = svg;
    this.#space = space;
    new ResizeObserver(() => { this.#build(); this.#patch(); }).observe(svg);
    this.#build();
  }

  /** Draws the child; stage is the selected one or -1. */
  show(child, stage) {
    this.#child = child;
    this.#stage = stage;
    this.#patch();
  }

  /** Puts the picture, as the child sees it, at the start of the flow. */
  picture(url) {
    this.#picture = url;
    if (this.#tile) put(this.#tile, { href: url });
    this.#patch();
  }

  #build() {
    const svg = this.#svg, space = this.#space;
    const W = svg.clientWidth || 640, H = svg.clientHeight || 320, small = W < 520;
    svg.setAttribute('viewBox', `0 0 ${W} ${H}`);
    svg.replaceChildren();
    const parts = columns(space), unit = W / parts.reduce((a, b) => a + b);
    const left = [];
    parts.reduce((x, w, i) => { left[i] = x; return x + w * unit; }, 0);
    const wide = i => parts[i] * unit, centre = i => left[i] + wide(i) / 2;
    const gap = small ? 2 : 3, ground = H - 2, side = small ? 46 : 68, flow = side / 2 + 2;
    const tallest = Math.max(...space.stages.map(s => last(s.depths) * sqrt(last(s.widths))));
    const deepest = Math.max(...space.stages.map(s => last(s.depths)));
    const u = Math.min((H - (small ? 42 : 64) - deepest * gap) / tallest, // pixels for a square root of channels
      ...space.stages.map((_, i) => 0.88 * wide(i + 1) / sqrt(inputs(space, i))));
    const v = side / sqrt(last(space.resolutions)); // and for one of pixels

    this.#band = add(svg, 'rect', { class: 'sel', y: 0, height: H, rx: 6 });
    const end = left[parts.length - 1] + wide(parts.length - 1);
    add(svg, 'path', { class: 'fl', d: `M${small ? 0 : -32} ${flow}H${px(end + (small ? -2 : 28))}m-6 -4l6 4l-6 4` });
    add(svg, 'path', { class: 'ld', d: `M${px(left[1] - 40)} ${ground + 1}H${px(end)}` });

    // Maps hang on the flow line and shrink from stage to stage.
    rect(add(svg, 'rect', { class: 'gh' }), 0.5, flow - side / 2 + 0.5, side - 1, side - 1);
    this.#flow = { x: side / 2, y: flow, v };
    this.#tile = add(svg, 'image', { class: 'tile', preserveAspectRatio: 'none' });
    if (this.#picture) put(this.#tile, { href: this.#picture });
    this.#label = small ? null : add(svg, 'text', { x: side / 2, y: flow + side / 2 + 15, 'text-anchor': 'middle' });
    let full = Math.ceil(last(space.resolutions) / 2), halvings = 1;
    this.#maps = space.stages.map((s, i) => {
      const changes = i === 0 || s.stride > 1;
      if (s.stride > 1) { full = Math.ceil(full / s.stride); halvings += Math.log2(s.stride); }
      const size = sqrt(full) * v, x = centre(i + 1);
      rect(add(svg, 'rect', { class: 'gh' }), x - size / 2 + 0.5, flow - size / 2 + 0.5, Math.max(0, size - 1), Math.max(0, size - 1));
      return { x, y: flow, halvings, el: add(svg, 'rect', { class: 'map' }),
        text: changes && !small ? add(svg, 'text', { x, y: flow + size / 2 + 15, 'text-anchor': 'middle' }) : null };
    });

    // Weights stand on the ground and grow.
    const stemX = left[1] - (small ? 12 : 22);
    this.#stem = this.#block(stemX, ground, sqrt(3) * u, sqrt(last(space.stem)) * u, 0);
    if (!small) add(svg, 'text', { x: stemX, y: ground - sqrt(last(space.stem)) * u - 6, 'text-anchor': 'middle' }).textContent = 'stem';
    this.#layers = space.stages.map((s, i) => {
      let base = ground;
      return Array.from({ length: last(s.depths) }, (_, j) => {
        const ins = j ? last(s.widths) : i ? last(space.stages[i - 1].widths) : last(space.stem);
        const b = this.#block(centre(i + 1), base, sqrt(ins) * u, sqrt(last(s.widths)) * u, last(s.kernels));
        base -= sqrt(last(s.widths)) * u + gap;
        return Object.assign(b, { ins, outs: last(s.widths) });
      });
    });
    const hx = centre(parts.length - 1), hin = last(last(space.stages).widths);
    this.#head = Object.assign(this.#block(hx, ground, sqrt(hin) * u, sqrt(last(space.head)) * u, 0), { ins: hin, outs: last(space.head) });
    Object.assign(this.#stem, { ins: 3, outs: last(space.stem) });
    space.stages.forEach((_, i) => add(svg, 'rect', { class: 'hit', 'data-stage': i, x: px(left[i + 1]), y: 0, width: px(wide(i + 1)), height: H }));
    this.#columns = space.stages.map((_, i) => ({ x: left[i + 1], w: wide(i + 1) }));
  }

  // block makes the elements of one layer whose full size is w x h.
  #block(cx, base, w, h, kernel) {
    const g = add(this.#svg, 'g'), x = cx - w / 2, rx = Math.min(2, w / 6);
    const full = add(g, 'rect', { rx });
    const part = add(g, 'rect', { class: 'c', rx });
    rect(full, x + 0.5, base - h + 0.5, Math.max(0, w - 1), Math.max(0, h - 1));
    return { x, base, w, h, kernel, full, part, dots: kernel ? add(g, 'path', { class: 'kd' }) : null, rim: kernel > 3 ? add(g, 'path', { class: 'kg' }) : null };
  }

  #patch() {
    const child = this.#child;
    if (!child || !this.#stem) return;
    const one = this.#stage >= 0;
    show(this.#band, one);
    if (one) put(this.#band, { x: px(this.#columns[this.#stage].x), width: px(this.#columns[this.#stage].w) });

    const { x, y, v } = this.#flow, side = sqrt(child.resolution) * v;
    rect(this.#tile, x - side / 2, y - side / 2, side, side);
    if (this.#label) this.#label.textContent = child.resolution;
    for (const m of this.#maps) {
      let size = child.resolution;
      for (let i = 0; i < m.halvings; i++) size = Math.ceil(size / 2);
      const w = sqrt(size) * v;
      rect(m.el, m.x - w / 2, m.y - w / 2, w, w);
      if (m.text && m.text.textContent !== String(size)) m.text.textContent = size;
    }

    let ins = child.stem;
    this.#fill(this.#stem, true, 3, child.stem, 0);
    child.stages.forEach((s, i) => this.#layers[i].forEach((b, j) => {
      const on = j < s.depth;
      this.#fill(b, on, j ? s.width : ins, s.width, on ? s.kernels[j] : 0);
      if (j === s.depth - 1) ins = s.width;
    }));
    this.#fill(this.#head, true, last(child.stages).width, child.head, 0);
  }

  // fill draws the child's part of a layer: slices share the bottom left corner.
  #fill(b, on, ins, outs, kernel) {
    put(b.full, { class: on ? 'r' : 'gh' });
    const w = b.w * sqrt(ins / b.ins), h = b.h * sqrt(outs / b.outs);
    show(b.part, on);
    if (on) rect(b.part, b.x, b.base - h, w, h);
    if (!b.dots) return;
    show(b.dots, on);
    if (b.rim) show(b.rim, on && kernel < b.kernel);
    if (!on) return;
    const reach = b.kernel >> 1, step = Math.min(Math.min(w, h) / (b.kernel + 1.2), 7), cx = b.x + w / 2, cy = b.base - h / 2;
    const ring = (lo, hi) => {
      let d = '';
      for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) {
        const m = Math.max(Math.abs(dx), Math.abs(dy));
        if (m >= lo && m <= hi) d += `M${px(cx + dx * step)} ${px(cy + dy * step)}h0`;
      }
      return d;
    };
    put(b.dots, { d: ring(0, kernel >> 1), 'stroke-width': px(step * 0.52) });
    if (b.rim && kernel < b.kernel) put(b.rim, { d: ring((kernel >> 1) + 1, reach), 'stroke-width': px(step * 0.4) });
  }
}
