// The heat map: what the child looked at for its answer. It is the class-activation
// map of the engine, a few cells wide, laid over the image without smoothing away
// how coarse it is.
import { brush, byId, make, percent, write } from '../shared/page.js';

const SIDE = 96; // pixels of the map as drawn
const SHADE = 0.78; // how dark it is where it is lowest

export default class Heat {
  #explorer; #canvas = byId('heat-map'); #on = false; #asked = 0; #key; #class = make('span');

  constructor(explorer) {
    this.#explorer = explorer;
    const scale = make('i');
    Object.assign(scale.style, { display: 'inline-block', width: '3rem', height: '.5rem', margin: '0 .375rem', border: '1px solid var(--edge)', background: `linear-gradient(90deg,rgb(10 12 16/${SHADE}),transparent)` });
    this.#key = make('p', { className: 'cap', id: 'heat-key', hidden: true, style: 'margin-top:.375rem' }, this.#class, make('span', { className: 'nb' }, 'least', scale, 'most'));
    byId('frame').after(this.#key);
    explorer.signal.addEventListener('abort', () => this.#key.remove());
    explorer.on(what => {
      if (!this.#on) return;
      if (what === 'image') this.#hide();
      if (what === 'answer') this.#ask();
    });
  }

  /** Shows or hides the map of the present answer. */
  show(on) {
    this.#on = on;
    if (!on) this.#hide();
    else this.#ask();
  }

  #hide() { this.#canvas.hidden = this.#key.hidden = true; }

  async #ask() {
    const { answer, child, engine, inherited } = this.#explorer, asked = ++this.#asked;
    if (!answer) return; // one is on its way
    const { label, index, p } = answer.top[0];
    try {
      const { width, height, bytes } = await engine.request('cam', { child, class: index, inherited });
      if (asked !== this.#asked || !this.#on) return;
      this.#draw(new Float32Array(bytes), width, height);
      this.#canvas.setAttribute('aria-label', `Heat map: the lightest parts spoke most for “${label}”, ${percent(p)}`);
      write(this.#class, `Speaks for “${label}”: `);
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  // Lit where the map is high, dark where it is low: readable without telling colours apart.
  #draw(map, width, height) {
    const low = Math.min(...map), span = Math.max(...map) - low || 1;
    const small = new OffscreenCanvas(width, height), cells = new ImageData(width, height);
    map.forEach((v, i) => {
      const heat = (v - low) / span;
      cells.data.set([10, 12, 16, 255 * SHADE * (1 - heat)], 4 * i);
    });
    brush(small).putImageData(cells, 0, 0);
    this.#canvas.width = this.#canvas.height = SIDE;
    const g = brush(this.#canvas);
    g.imageSmoothingQuality = 'high';
    g.drawImage(small, 0, 0, SIDE, SIDE);
    this.#canvas.hidden = this.#key.hidden = false;
  }
}
