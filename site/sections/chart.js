// The chart: accuracy against cost, one mark a child. Solid is measured, hollow is
// predicted with a whisker for its error. What the budget moves is drawn apart from
// what the search adds, so that a drag redraws almost nothing.
import { words } from '../shared/accuracy.js';
import { add, put, show } from '../shared/svg.js';
import { number } from '../shared/page.js';

const LEFT = 44, TOP = 26, BOTTOM = 46; // px around the plot; the budget's range hangs on LEFT
const REACH = 28; // px around a mark that a finger may miss it by
const WORDS = 1000; // marks that words may cover rather than other words
const CLOSE = 44; // px between marks that have whiskers

/** What a budget can be in: how much one of it is, and how it is written. */
export const UNITS = {
  macs: { name: 'MMACs', of: 1e6, axis: 'MMACs per image, log scale', ticks: [5, 10, 20, 40, 80, 160, 320, 640, 1280] },
  bytes: { name: 'KB', of: 1e3, axis: 'KB in half precision, log scale', ticks: [250, 500, 1000, 2000, 4000, 8000, 16000] },
  latency: { name: 'ms', of: 1, axis: 'ms per image on this device, log scale', ticks: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
};

/** An amount in a unit, as text. */
export function amount(unit, v) {
  const { name, of } = UNITS[unit], n = v / of;
  return `${number(n, n < 20 && unit !== 'bytes' ? 1 : 0)} ${name}`;
}

const text = (parent, x, y, words, attributes) => Object.assign(add(parent, 'text', { x: x.toFixed(1), y: y.toFixed(1), ...attributes }), { textContent: words });

// label is the place that words take, half so many px wide, whose line is at y.
const label = (x, y, half) => ({ x, y: y - 5, half: half + 3, more: 3 });

export class Chart {
  #svg; #onpick; #points = []; #unit = 'macs'; #range = [1, 2]; #budget = 0; #you; #best;
  #data; #over; #line; #limit; #ring; #bestLabel; #youGroup; #marks = []; #taken = []; #W = 0; #H = 0; #low = 0; #high = 1; #focused = '';

  /** onpick(point, event) gets the child whose mark was chosen. */
  constructor(svg, onpick) {
    this.#svg = svg;
    this.#onpick = onpick;
    new ResizeObserver(() => this.#build()).observe(svg);
    svg.addEventListener('click', e => this.#click(e));
    svg.addEventListener('keydown', e => this.#key(e));
    svg.addEventListener('focusin', e => { this.#focused = e.target.dataset.arch ?? ''; });
    svg.addEventListener('focusout', () => { this.#focused = ''; });
  }

  /** Draws the points, [{arch, name, costs, accuracy, front}]; range is [least, most] of the axis. */
  data(points, unit, range) {
    this.#points = points;
    this.#unit = unit;
    this.#range = range;
    this.#budget = 0; // it was in the other unit, and so were these
    this.#best = this.#you = undefined;
    this.#build();
  }

  /** Moves the budget, the mark of the best child within it, and that of the person's own. */
  move(budget, best, you) {
    this.#budget = budget;
    this.#best = best;
    this.#you = you;
    this.#patch();
  }

  #x = v => LEFT + (this.#W - LEFT) * Math.log(v / this.#range[0]) / Math.log(this.#range[1] / this.#range[0]);
  #y = p => this.#H - BOTTOM - (this.#H - BOTTOM - TOP) * (p - this.#low) / (this.#high - this.#low);

  #build() {
    const svg = this.#svg, W = this.#W = svg.clientWidth, H = this.#H = svg.clientHeight, unit = UNITS[this.#unit];
    if (!W) return;
    svg.setAttribute('viewBox', `0 0 ${W} ${H}`);
    const keep = this.#focused;
    svg.replaceChildren();
    const step = this.#scale(), base = H - BOTTOM;
    for (let i = Math.round(this.#low / step); i * step <= this.#high + 1e-9; i++) {
      const y = this.#y(i * step);
      add(svg, 'path', { class: 'ax', d: `M${LEFT} ${y.toFixed(1)}H${W}` });
      text(svg, LEFT - 8, y + 4, `${number(100 * i * step)} %`, { 'text-anchor': 'end' });
    }
    for (const v of unit.ticks.map(t => t * unit.of).filter(v => v >= this.#range[0] && v <= this.#range[1])) {
      const x = this.#x(v);
      if (x < W - 12) text(svg, x, base + 18, number(v / unit.of), { 'text-anchor': 'middle' });
    }
    this.#data = add(svg, 'g');
    const shown = this.#points.filter(p => p.costs[this.#unit] > 0);
    const front = shown.filter(p => p.front);
    if (front.length > 1) add(this.#data, 'path', { class: 'fr', d: 'M' + front.map(p => `${this.#x(p.costs[this.#unit]).toFixed(1)} ${this.#y(p.accuracy.p).toFixed(1)}`).join('L') });
    this.#marks = this.#place(shown);
    this.#over = add(svg, 'rect', { class: 'over', y: 0, height: base + 1 });
    text(svg, LEFT + 4, base - 10, 'accuracy', { class: 'halo' });
    if (W > 520) text(svg, W, base - 10, unit.axis, { 'text-anchor': 'end', class: 'halo' });
    this.#line = add(svg, 'path', { class: 'bl' });
    this.#limit = text(svg, 0, 12, '', { class: 'tb halo' });
    this.#ring = add(svg, 'circle', { class: 'ring bst', r: 11, 'stroke-dasharray': '4 3' });
    this.#bestLabel = text(svg, 0, 0, 'best', { class: 'tb halo', 'text-anchor': 'middle' });
    this.#youGroup = add(svg, 'g', { class: 'you' });
    add(this.#youGroup, 'circle', { class: 'ring', r: 10 });
    add(this.#youGroup, 'circle', { class: 'me', r: 5.5 });
    text(this.#youGroup, 0, 0, 'your child', { class: 'tc halo' });
    this.#patch();
    if (keep) this.#marks.find(m => m.arch === keep)?.el.focus({ preventScroll: true });
  }

  // scale puts the axis of accuracy around everything known, whiskers included, at round numbers.
  #scale() {
    const all = this.#points.flatMap(({ accuracy: a }) => a.kind === 'predicted' ? [a.p - a.error, a.p + a.error] : [a.p]);
    const least = Math.min(...all, 1), most = Math.max(...all, 0);
    const span = all.length ? Math.max(most - least, 0.01) : 1;
    const step = [0.01, 0.02, 0.05, 0.1, 0.2].find(s => span / s <= 7) ?? 0.2;
    this.#low = Math.max(0, Math.floor((all.length ? least : 0) / step - 0.15) * step);
    this.#high = Math.min(1, Math.ceil((all.length ? most : 1) / step + 0.15) * step);
    return step;
  }

  #place(shown) {
    let last = -Infinity, turn = 0;
    const big = shown.filter(p => !p.close && (p.front || p.accuracy.kind === 'measured'));
    const marks = big.map(p => {
      const measured = p.accuracy.kind === 'measured', x = this.#x(p.costs[this.#unit]), y = this.#y(p.accuracy.p);
      const roomy = measured || x - last >= CLOSE;
      if (roomy && !measured) last = x;
      const el = add(this.#data, 'g', { role: 'button', tabindex: turn++ ? -1 : 0, 'data-arch': p.arch, class: 'mk' });
      el.setAttribute('aria-label', `${p.name ? `Child ${p.name}, ` : ''}${words(p.accuracy).long}, ${amount(this.#unit, p.costs[this.#unit])}`);
      if (!measured && roomy) add(el, 'path', { class: 'wh', d: `M${x.toFixed(1)} ${this.#y(p.accuracy.p - p.accuracy.error).toFixed(1)}V${this.#y(p.accuracy.p + p.accuracy.error).toFixed(1)}` });
      add(el, 'circle', { class: measured ? 'pt s' : roomy ? 'pt f' : 'pt', r: measured ? 6 : roomy ? 5 : 2.5, cx: x.toFixed(1), cy: y.toFixed(1) });
      return { ...p, el, x, y };
    });
    this.#taken = marks.map(({ x, y }) => ({ x, y, half: 4, more: 0 }));
    for (const { name, x, y } of marks.filter(m => m.name)) {
      const [tx, ty] = this.#beside(x, y, 5 * name.length, this.#taken);
      text(this.#data, tx, ty, name, { class: 't halo', 'text-anchor': 'middle' });
      this.#taken.push(label(tx, ty, 5 * name.length));
    }
    return marks;
  }

  // beside is where words, half so many px wide, cover no other words of taken and the fewest marks: above, below,
  // right or left of (x, y), or farther off.
  #beside(x, y, half, taken) {
    const left = LEFT + half, right = this.#W - half, middle = Math.min(Math.max(x, left), right), aside = half + 12;
    const spots = [[middle, y - 14], [middle, y + 24], [x + aside, y + 5], [x - aside, y + 5], [x + aside, y - 14], [x - aside, y - 14], [middle, y + 40], [middle, y - 30], [x - aside, y + 24], [x + aside, y + 24], [middle, y + 58]];
    const cost = ([sx, sy]) => sx < left || sx > right || sy < TOP || sy > this.#H - BOTTOM ? Infinity
      : taken.filter(m => Math.abs(m.x - sx) < half + m.half && Math.abs(m.y - sy + 5) < 11 + m.more).reduce((sum, m) => sum + (m.more ? WORDS : 1), 0);
    return spots.reduce((best, spot) => cost(spot) < cost(best) ? spot : best);
  }

  #patch() {
    if (!this.#over) return;
    for (const el of [this.#over, this.#line, this.#limit]) show(el, this.#budget > 0);
    for (const el of [this.#ring, this.#bestLabel, this.#youGroup]) show(el, false);
    if (!(this.#budget > 0)) return; // it comes with the first move
    const W = this.#W, x = Math.min(W, Math.max(LEFT, this.#x(this.#budget))), end = x > W - 150;
    put(this.#over, { x: x.toFixed(1), width: Math.max(0, W - x + 14).toFixed(1) });
    put(this.#line, { d: `M${x.toFixed(1)} 0V${this.#H - 10}` });
    put(this.#limit, { x: (x + (end ? -8 : 8)).toFixed(1), 'text-anchor': end ? 'end' : 'start' });
    const taken = [...this.#taken, label(x + (end ? -58 : 58), 12, 50), label(LEFT + 30, this.#H - BOTTOM - 10, 26)];
    this.#limit.textContent = `at most ${amount(this.#unit, this.#budget)}`;
    const b = this.#best;
    show(this.#ring, b);
    show(this.#bestLabel, b && !b.name);
    if (b) {
      const bx = this.#x(b.costs[this.#unit]), by = this.#y(b.accuracy.p);
      put(this.#ring, { cx: bx.toFixed(1), cy: by.toFixed(1) });
      const [x, y] = this.#beside(bx, by - 4, 14, taken);
      put(this.#bestLabel, { x: x.toFixed(1), y: y.toFixed(1) });
      if (!b.name) taken.push(label(x, y, 14));
    }
    const you = this.#you, cost = you?.costs[this.#unit];
    show(this.#youGroup, cost > 0);
    if (!(cost > 0)) return;
    const known = you.accuracy, ux = this.#x(cost), uy = known ? this.#y(known.p) : this.#H - BOTTOM;
    const [ring, dot, says] = this.#youGroup.children;
    put(ring, { cx: ux.toFixed(1), cy: uy.toFixed(1) });
    put(dot, { cx: ux.toFixed(1), cy: uy.toFixed(1) });
    says.textContent = known ? 'your child' : 'your child, accuracy not known';
    const [lx, ly] = this.#beside(ux, uy + (known ? 3 : -4), known ? 36 : 100, taken);
    put(says, { x: lx.toFixed(1), y: ly.toFixed(1), 'text-anchor': 'middle' });
  }

  #click(e) {
    const r = this.#svg.getBoundingClientRect(), x = e.clientX - r.left, y = e.clientY - r.top;
    const near = this.#marks.map(p => ({ p, d: Math.hypot(p.x - x, p.y - y) })).reduce((a, b) => b.d < a.d ? b : a, { d: REACH });
    if (near.p) this.#onpick(near.p, e);
  }

  // Arrows go from mark to mark in order of cost; Enter and the space bar take one.
  #key(e) {
    const at = this.#marks.findIndex(m => m.el === e.target);
    if (at < 0) return;
    const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: this.#marks.length - 1 }[e.key];
    if (e.key === 'Enter' || e.key === ' ') this.#onpick(this.#marks[at], e);
    else if (to === undefined) return;
    else if (this.#marks[to]) {
      this.#marks[at].el.setAttribute('tabindex', -1);
      this.#marks[to].el.setAttribute('tabindex', 0);
      this.#marks[to].el.focus({ preventScroll: true });
    }
    e.preventDefault();
  }
}
