// The supernet from left to right, with the child inside it. Elements are made
// once for a space and a size; a move of a slider only changes their attributes.
import { dots, inside, layout, mapSide, slices } from '../shared/layout.js';
import { brush } from '../shared/page.js';
import { add, ghost, put, px, rect, show } from '../shared/svg.js';

const TILE = 128; // pixels of the image in the drawing, on a side

export class Drawing {
  #svg; #space; #child; #ceiling; #stage = -1; #image = '';
  #places; #blocks = []; #maps = []; #band; #tile; #label;

  /** It follows the size of svg until the signal. */
  constructor(svg, space, signal) {
    this.#svg = svg;
    this.#space = space;
    this.#build();
    // It also reports the size as it is now, which is drawn already.
    const sized = new ResizeObserver(() => { if (svg.clientWidth !== this.#places.W || svg.clientHeight !== this.#places.H) { this.#build(); this.#patch(); } });
    sized.observe(svg);
    signal.addEventListener('abort', () => sized.disconnect());
  }

  /** Draws the child; stage is the selected one or -1. */
  show(child, stage) {
    this.#child = child;
    this.#stage = stage;
    this.#patch();
  }

  /** Weights beyond that child are drawn as not here; undefined for none. */
  limit(ceiling) { this.#ceiling = ceiling; }

  /** Puts the image, a canvas with what the child sees, at the start of the flow. */
  image(canvas) {
    const small = document.createElement('canvas'); // a tile's worth is encoded in a moment
    small.width = small.height = Math.min(canvas.width, TILE);
    brush(small).drawImage(canvas, 0, 0, small.width, small.height);
    this.#image = small.toDataURL('image/jpeg', 0.9);
    if (this.#tile) put(this.#tile, { href: this.#image });
  }

  #build() {
    const svg = this.#svg, p = this.#places = layout(this.#space, svg.clientWidth || 640, svg.clientHeight || 320);
    svg.setAttribute('viewBox', `0 0 ${p.W} ${p.H}`);
    svg.replaceChildren();
    const text = (x, y) => p.small ? null : add(svg, 'text', { x: px(x), y: px(y), 'text-anchor': 'middle' });

    this.#band = add(svg, 'rect', { class: 'sel', y: 0, height: p.H, rx: 6 });
    add(svg, 'path', { class: 'fl', d: `M${p.small ? 0 : -32} ${p.flow}H${px(p.end + (p.small ? -2 : 28))}m-6 -4l6 4l-6 4` });
    add(svg, 'path', { class: 'ld', d: `M${px(p.stem - 40)} ${p.ground + 1}H${px(p.end)}` });

    // Maps hang on the flow line and shrink from stage to stage.
    ghost(svg, p.side / 2, p.flow, p.side);
    this.#tile = add(svg, 'image', { class: 'tile', preserveAspectRatio: 'none' });
    if (this.#image) put(this.#tile, { href: this.#image });
    this.#label = text(p.side / 2, p.flow + p.side / 2 + 15);
    this.#maps = p.maps.map(m => {
      ghost(svg, m.x, p.flow, m.size);
      return { ...m, el: add(svg, 'rect', { class: 'map' }), text: m.labelled ? text(m.x, p.flow + m.size / 2 + 15) : null };
    });

    // Weights stand on the ground and grow.
    const stem = p.blocks[0];
    const label = text(stem.x + stem.w / 2, stem.base - stem.h - 6);
    if (label) label.textContent = 'stem';
    this.#blocks = p.blocks.map(b => this.#block(b));
    p.columns.forEach(({ x, w }, i) => add(svg, 'rect', { class: 'hit', 'data-stage': i, x: px(x), y: 0, width: px(w), height: p.H }));
  }

  #block(b) {
    const g = add(this.#svg, 'g'), rx = Math.min(2, b.w / 6), full = add(g, 'rect', { rx }), here = add(g, 'rect', { class: 'r', rx }), part = add(g, 'rect', { class: 'c', rx });
    rect(full, b.x + 0.5, b.base - b.h + 0.5, b.w - 1, b.h - 1);
    return { ...b, full, here, part, dots: b.kernel ? add(g, 'path', { class: 'kd' }) : null, rim: b.kernel > 3 ? add(g, 'path', { class: 'kg' }) : null };
  }

  #patch() {
    const child = this.#child, p = this.#places;
    if (!child) return;
    const column = p.columns[this.#stage];
    show(this.#band, column);
    if (column) put(this.#band, { x: px(column.x), width: px(column.w) });

    const square = (el, x, pixels) => { const w = Math.sqrt(pixels) * p.v; rect(el, x - w / 2, p.flow - w / 2, w, w); };
    square(this.#tile, p.side / 2, child.resolution);
    if (this.#label) this.#label.textContent = child.resolution;
    for (const m of this.#maps) {
      const side = mapSide(child.resolution, m.halvings);
      square(m.el, m.x, side);
      if (m.text && m.text.textContent !== String(side)) m.text.textContent = side;
    }
    const arrived = this.#ceiling && slices(this.#space, this.#ceiling);
    slices(this.#space, child).forEach((s, i) => this.#fill(this.#blocks[i], s, arrived?.[i]));
  }

  // fill draws the child's part of a layer: slices share the bottom left corner.
  // arrived is the part whose weights are here, undefined for all of it.
  #fill(b, s, arrived) {
    const come = arrived && inside(b, arrived), waits = come && !(arrived.on && come.w >= b.w && come.h >= b.h);
    put(b.full, { class: s.on && !waits ? 'r' : 'gh' });
    show(b.here, waits && arrived.on);
    if (waits && arrived.on) rect(b.here, b.x, b.base - come.h, come.w, come.h);
    const { w, h } = inside(b, s);
    show(b.part, s.on);
    if (s.on) rect(b.part, b.x, b.base - h, w, h);
    if (!b.dots) return;
    show(b.dots, s.on);
    if (b.rim) show(b.rim, s.on && s.kernel < b.kernel);
    if (!s.on) return;
    const reach = b.kernel >> 1, used = s.kernel >> 1, step = Math.min(Math.min(w, h) / (b.kernel + 1.2), 7), cx = b.x + w / 2, cy = b.base - h / 2;
    put(b.dots, { d: dots(cx, cy, reach, step, 0, used), 'stroke-width': px(step * 0.52) });
    if (b.rim && s.kernel < b.kernel) put(b.rim, { d: dots(cx, cy, reach, step, used + 1, reach), 'stroke-width': px(step * 0.4) });
  }
}
