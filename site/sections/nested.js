// Two children inside the supernet: what both use, what only A, what only B.
// Slices share a corner, so that what both use is again a slice.
import { add, ghost, rect, show } from '../shared/svg.js';
import { dots, inside, layout, mapSide, slices } from '../shared/layout.js';

const small = (a, b) => ({ on: a.on && b.on, ins: Math.min(a.ins, b.ins), outs: Math.min(a.outs, b.outs), kernel: Math.min(a.kernel, b.kernel) });

export class Nested {
  #svg; #space; #a; #b; #places; #maps = []; #blocks = []; #label;

  constructor(svg, space) {
    this.#svg = svg;
    this.#space = space;
    new ResizeObserver(() => { this.#build(); this.#patch(); }).observe(svg);
    this.#build();
  }

  /** Draws the two children. */
  show(a, b) {
    this.#a = a;
    this.#b = b;
    this.#patch();
  }

  #build() {
    const svg = this.#svg, p = this.#places = layout(this.#space, svg.clientWidth || 640, svg.clientHeight || 290);
    svg.setAttribute('viewBox', `0 0 ${p.W} ${p.H}`);
    svg.replaceChildren();
    const hatch = add(add(svg, 'defs'), 'pattern', { id: 'hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
    add(hatch, 'rect', { width: 5, height: 5, class: 'hb' });
    add(hatch, 'rect', { width: 3, height: 5, class: 'bf' });
    add(svg, 'path', { class: 'fl', d: `M0 ${p.flow}H${(p.end - 2).toFixed(1)}m-6 -4l6 4l-6 4` });
    add(svg, 'path', { class: 'ld', d: `M${(p.stem - 40).toFixed(1)} ${p.ground + 1}H${p.end.toFixed(1)}` });
    const three = (parent, rx = 0) => ({ a: add(parent, 'rect', { class: 'c', rx }), b: add(parent, 'rect', { fill: 'url(#hatch)', rx }), both: add(parent, 'rect', { class: 'both', rx }) });
    this.#maps = [{ x: p.side / 2, size: p.side, halvings: 0 }, ...p.maps].map(m => {
      ghost(svg, m.x, p.flow, m.size);
      return { ...m, ...three(svg) };
    });
    this.#label = p.small ? null : add(svg, 'text', { x: p.side / 2, y: p.flow + p.side / 2 + 15, 'text-anchor': 'middle' });
    this.#blocks = p.blocks.map(b => {
      const g = add(svg, 'g'), rx = Math.min(2, b.w / 6), full = add(g, 'rect', { rx });
      rect(full, b.x + 0.5, b.base - b.h + 0.5, b.w - 1, b.h - 1);
      return { place: b, full, ...three(g, rx), inner: b.kernel ? add(g, 'path', { class: 'kb' }) : null, rim: b.kernel > 3 ? add(g, 'path') : null };
    });
  }

  #patch() {
    const { flow, v } = this.#places, a = this.#a, b = this.#b;
    if (!a) return;
    for (const m of this.#maps) {
      const sides = [a, b].map(c => Math.sqrt(mapSide(c.resolution, m.halvings)) * v);
      for (const [el, w] of [[m.a, sides[0]], [m.b, sides[1]], [m.both, Math.min(...sides)]]) rect(el, m.x - w / 2, flow - w / 2, w, w);
    }
    if (this.#label) this.#label.textContent = a.resolution === b.resolution ? a.resolution : `${a.resolution}, ${b.resolution}`;
    const of = slices(this.#space, a), other = slices(this.#space, b);
    this.#blocks.forEach((el, i) => this.#fill(el, of[i], other[i]));
  }

  #fill({ place, full, inner, rim, ...parts }, a, b) {
    full.setAttribute('class', a.on || b.on ? 'r' : 'gh');
    const both = small(a, b);
    for (const [el, s] of [[parts.a, a], [parts.b, b], [parts.both, both]]) {
      show(el, s.on);
      const { w, h } = inside(place, s);
      if (s.on) rect(el, place.x, place.base - h, w, h);
    }
    if (!inner) return;
    // Of two kernels the smaller is the centre of the bigger: its dots are shared, the rim is one child's.
    const { w, h } = inside(place, both), step = Math.min(Math.min(w, h) / (place.kernel + 1.2), 7);
    const at = [place.x + w / 2, place.base - h / 2, place.kernel >> 1, step], most = Math.max(a.kernel, b.kernel);
    inner.setAttribute('d', both.on ? dots(...at, 0, both.kernel >> 1) : '');
    inner.setAttribute('stroke-width', (step * 0.52).toFixed(1));
    if (!rim) return;
    rim.setAttribute('class', a.kernel > b.kernel ? 'ka' : 'kx');
    rim.setAttribute('d', both.on && most > both.kernel ? dots(...at, (both.kernel >> 1) + 1, most >> 1) : '');
    rim.setAttribute('stroke-width', (step * 0.52).toFixed(1));
  }
}
