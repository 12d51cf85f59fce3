// The brightness of an image, and what a filter makes of it: with its middle and with
// all of its weights.
import { brush, make } from '../shared/page.js';

const MIDDLE = 3; // weights on a side

export class Sketch {
  #grey; #side = 0; #weights; #k = 5; #canvases;

  constructor(root) {
    this.#canvases = ['brightness', 'filtered, 3 × 3', 'filtered, 5 × 5'].map(name => {
      const canvas = make('canvas', { width: 1, height: 1 });
      canvas.setAttribute('aria-hidden', 'true');
      root.append(make('figure', {}, canvas, make('figcaption', { textContent: name })));
      return canvas;
    });
  }

  /** Takes an image: RGBA bytes of a square. */
  image(bytes, side) {
    this.#side = side;
    this.#grey = Float32Array.from({ length: side * side }, (_, i) => (0.299 * bytes[4 * i] + 0.587 * bytes[4 * i + 1] + 0.114 * bytes[4 * i + 2]) / 255);
    this.#draw();
  }

  /** Takes a filter of k x k weights, row-major. */
  filter(weights, k) {
    this.#weights = weights;
    this.#k = k;
    this.#draw();
  }

  #draw() {
    if (!this.#grey || !this.#weights) return;
    const [as, middle, all] = this.#canvases;
    this.#paint(as, this.#grey.map(v => 2 * v - 1));
    this.#paint(middle, this.#filtered(MIDDLE));
    this.#paint(all, this.#filtered(this.#k));
    all.nextElementSibling.textContent = `filtered, ${this.#k} × ${this.#k}`;
  }

  // filtered applies the middle of that many weights on a side; beyond the border is zero, as in the network.
  #filtered(side) {
    const n = this.#side, k = this.#k, reach = side >> 1, centre = k >> 1, out = new Float32Array(n * n);
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) {
        const w = this.#weights[(centre + dy) * k + centre + dx];
        for (let y = Math.max(0, -dy); y < Math.min(n, n - dy); y++) {
          for (let x = Math.max(0, -dx); x < Math.min(n, n - dx); x++) out[y * n + x] += w * this.#grey[(y + dy) * n + x + dx];
        }
      }
    }
    return out;
  }

  // paint draws values around 0 as greys, the strongest as black or white.
  #paint(canvas, values) {
    const n = this.#side, most = values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6), pixels = new ImageData(n, n);
    values.forEach((v, i) => {
      const grey = 127.5 + 127.5 * v / most;
      pixels.data.set([grey, grey, grey, 255], 4 * i);
    });
    canvas.width = canvas.height = n;
    brush(canvas).putImageData(pixels, 0, 0);
  }
}
