// The filters of a layer side by side on a canvas, of which one can be pointed at.
import { enlarged } from '../shared/page.js';

const CELL = 4, GAP = 4; // px of a weight, and between filters

export class Bank {
  #canvas; #filters = []; #side = 5; #used; #chosen = 0; #columns = 1; #scale = 1; #probe;

  /** onpoint(channel) gets the filter under the pointer. It follows size and theme until the signal. */
  constructor(canvas, onpoint, signal) {
    this.#canvas = canvas;
    this.#probe = canvas.parentElement.appendChild(Object.assign(document.createElement('span'), { hidden: true }));
    const sized = new ResizeObserver(() => this.#draw()), themed = new MutationObserver(() => this.#draw());
    sized.observe(canvas.parentElement);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    matchMedia('(prefers-color-scheme:dark)').addEventListener('change', () => this.#draw(), { signal });
    signal.addEventListener('abort', () => { sized.disconnect(); themed.disconnect(); });
    for (const type of ['pointermove', 'pointerdown']) canvas.addEventListener(type, e => {
      const channel = this.#at(e);
      if (channel !== undefined && channel !== this.#chosen) onpoint(channel);
    });
  }

  /** Draws the filters, row-major; used {channels, side} is drawn strong, what is beyond it faint. */
  show(filters, side, used, chosen) {
    this.#filters = filters;
    this.#side = side;
    this.#used = used;
    this.#chosen = chosen;
    this.#draw();
  }

  get #pitch() { return Math.round((this.#side * CELL + GAP) * this.#scale); }

  #at(e) {
    const r = this.#canvas.getBoundingClientRect(), column = Math.floor((e.clientX - r.x) / this.#pitch), row = Math.floor((e.clientY - r.y) / this.#pitch);
    const channel = row * this.#columns + column;
    return column < this.#columns && channel < this.#filters.length ? channel : undefined;
  }

  #colour(name) {
    this.#probe.style.color = `var(${name})`;
    return getComputedStyle(this.#probe).color;
  }

  #draw() {
    const wide = this.#canvas.parentElement.clientWidth, n = this.#filters.length;
    if (!wide || !n) return;
    this.#scale = enlarged();
    this.#columns = Math.min(n, Math.max(1, Math.floor(wide / this.#pitch)));
    const w = this.#columns * this.#pitch, h = Math.ceil(n / this.#columns) * this.#pitch, scale = devicePixelRatio, cell = CELL * this.#scale, gap = GAP * this.#scale;
    Object.assign(this.#canvas, { width: w * scale, height: h * scale });
    Object.assign(this.#canvas.style, { width: `${w}px`, height: `${h}px` });
    const g = this.#canvas.getContext('2d'), [plus, minus, rest, ink] = ['--child', '--both', '--rest2', '--ink'].map(c => this.#colour(c));
    g.scale(scale, scale);
    const rim = (this.#side - this.#used.side) / 2, inner = v => v >= rim && v < this.#side - rim;
    this.#filters.forEach((filter, c) => {
      const x = c % this.#columns * this.#pitch + gap / 2, y = Math.floor(c / this.#columns) * this.#pitch + gap / 2, most = Math.max(...filter.map(Math.abs)) || 1;
      filter.forEach((v, i) => {
        const column = i % this.#side, row = Math.floor(i / this.#side), on = c < this.#used.channels && inner(column) && inner(row);
        g.globalAlpha = (on ? 1 : 0.3) * Math.abs(v) / most;
        g.fillStyle = !on ? rest : v < 0 ? minus : plus;
        g.fillRect(x + column * cell, y + row * cell, cell, cell);
      });
      g.globalAlpha = 1;
      if (c !== this.#chosen) return;
      g.strokeStyle = ink;
      g.lineWidth = 1.5;
      g.strokeRect(x - 1.25, y - 1.25, this.#side * cell + 2.5, this.#side * cell + 2.5);
    });
  }
}
