// How far a training is: a bar, and the curves of its loss and of the accuracy on images held back.
import { number, percent, make, write } from '../shared/page.js';
import { add, put, px } from '../shared/svg.js';

const W = 320, H = 96;

export class Progress {
  #bar; #figure; #svg; #loss; #held; #caption; #steps = [];
  root;

  constructor() {
    this.#bar = make('div', { className: 'bar', hidden: true }, make('i'));
    for (const [name, value] of [['role', 'progressbar'], ['aria-label', 'Teaching'], ['aria-valuemin', 0], ['aria-valuemax', 100]]) this.#bar.setAttribute(name, value);
    this.#caption = make('span');
    this.#figure = make('figure', { hidden: true }, make('figcaption', {}, make('i', { className: 'loss' }), 'loss ', make('i', { className: 'held' }), 'accuracy. ', this.#caption));
    this.#svg = add(this.#figure, 'svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Loss and accuracy by step' });
    add(this.#svg, 'path', { class: 'axis', d: `M.5 0V${H - 0.5}H${W}` });
    this.#loss = add(this.#svg, 'polyline', { class: 'loss' });
    this.#held = add(this.#svg, 'polyline', { class: 'held' });
    this.root = make('div', { className: 'training' }, this.#bar, this.#figure);
  }

  /** Begins a training. */
  start() {
    this.#steps = [];
    this.#bar.hidden = false;
    this.#figure.hidden = true;
    this.#done(0);
  }

  /** Shows what the engine says on the way. */
  show({ done, total, step, of, loss, heldOut }) {
    if (total) return this.#done(done / total);
    this.#done(1);
    this.#steps.push({ loss, heldOut });
    this.#figure.hidden = false;
    const x = i => px((i + 1) * W / of), most = this.#steps[0].loss || 1;
    put(this.#loss, { points: this.#steps.map((s, i) => `${x(i)},${px((H - 2) * (1 - Math.min(1, s.loss / most)) + 1)}`).join(' ') });
    if (heldOut !== undefined) put(this.#held, { points: this.#steps.map((s, i) => `${x(i)},${px((H - 2) * (1 - s.heldOut) + 1)}`).join(' ') });
    const words = `Step ${step}: loss ${number(loss, 3)}${heldOut === undefined ? '' : `, accuracy ${percent(heldOut)} on the images held back, the mean of six children`}.`;
    write(this.#caption, words);
    put(this.#svg, { 'aria-label': words });
  }

  /** Ends it; the curves stay. */
  end() { this.#bar.hidden = true; }

  #done(share) {
    this.#bar.setAttribute('aria-valuenow', Math.round(100 * share));
    this.#bar.firstElementChild.style.setProperty('--v', share.toFixed(3));
  }
}
