// A training to watch: a supernet that is small enough for the browser, on drawn shapes, by the
// sandwich rule and in-place distillation. It runs in a worker of its own, which ends with it.
import { caption, plot } from './curves.js';
import { asset, make, number, write } from '../shared/page.js';

const MEGABYTES = 0.8; // of the program, at most: TRAINER_MAX in the Makefile
const MEAN = 10; // steps over which correct answers are averaged

const HTML = `<div class="go"><button type="button" class="btn" data-do="train"></button><p data-is="says" role="status"></p></div>
<div class="trained" hidden><canvas class="batch" role="img"></canvas><svg role="img"></svg><p class="cap" data-is="steps"></p>
<p class="cap" data-is="about"></p></div>`;

const average = values => values.reduce((a, b) => a + b, 0) / values.length;
const points = share => `${number(100 * share)} %`;
const macs = n => number(n / 1e6, 2);

export class Live {
  #root; #svg; #worker; #begin; #steps = []; #trainings = 0; #frame = 0;

  /** Works in the element root, until the signal. */
  constructor(root, signal) {
    this.#root = root;
    root.innerHTML = HTML;
    this.#svg = root.querySelector('svg');
    this.#button.addEventListener('click', () => this.#worker ? this.#end('Stopped') : this.#train());
    this.#label();
    write(this.#find('says'), `A tiny supernet, on drawn shapes: a minute or two, here in your browser. The program that trains it is fetched, ${MEGABYTES} MB.`);
    new ResizeObserver(() => this.#draw()).observe(this.#svg);
    signal.addEventListener('abort', () => this.#worker?.terminate());
  }

  get #button() { return this.#root.querySelector('[data-do=train]'); }
  #find(name) { return this.#root.querySelector(`[data-is=${name}]`); }
  #label() { write(this.#button, this.#worker ? 'Stop' : this.#trainings ? 'Train another' : 'Train one now'); }

  async #train() {
    const worker = this.#worker = new Worker(new URL('../worker/trainer.js', import.meta.url), { type: 'module' });
    const mine = f => e => { if (worker === this.#worker) f(e); };
    worker.onmessage = mine(({ data }) => this.#told(data));
    worker.onerror = mine(e => { e.preventDefault?.(); this.#end('The training could not be started. Load the page again, or try another browser.'); });
    this.#label();
    write(this.#find('says'), 'Fetching the program …');
    const manifest = await fetch(asset('manifest.json')).then(r => r.json(), () => undefined);
    if (worker !== this.#worker) return; // stopped meanwhile
    if (!manifest) return this.#end('The program that trains did not arrive. Check the connection and try again.');
    const program = asset(manifest.trainer);
    worker.postMessage({ program, seed: ++this.#trainings });
    navigator.serviceWorker?.ready.then(({ active }) => active.postMessage({ keep: program }));
  }

  #told({ begin, pixels, step, ended, error }) {
    if (begin) this.#show(begin, pixels);
    if (step) {
      this.#steps.push(step);
      this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#draw(); });
    }
    if (ended) this.#end(error ? `${error.message}. ${error.hint}.` : `Done: ${this.#words()}`);
  }

  // end ends the worker, and with it whatever it does.
  #end(says) {
    this.#worker.terminate();
    this.#worker = undefined;
    this.#label();
    write(this.#find('says'), says);
    this.#draw();
  }

  #show(begin, pixels) {
    const { side, classes } = this.#begin = begin, canvas = this.#root.querySelector('canvas');
    this.#steps = [];
    this.#root.querySelector('.trained').hidden = false;
    Object.assign(canvas, { width: side * classes.length, height: side });
    canvas.setAttribute('aria-label', `Images of its first batch: ${classes.join(', ')}`);
    const image = new ImageData(side * classes.length, side);
    for (let i = 0; i < pixels.length / 3; i++) {
      const column = i % side, row = Math.floor(i / side) % side, at = (row * classes.length + Math.floor(i / side ** 2)) * side + column;
      image.data.set([...pixels.subarray(3 * i, 3 * i + 3), 255], 4 * at);
    }
    canvas.getContext('2d').putImageData(image, 0, 0);
    write(this.#find('says'), 'Training in your browser. The page goes on working meanwhile.');
    write(this.#find('about'), `Real steps of the same trainer, in a worker of its own: ${number(begin.weights)} weights, ${begin.classes.length} classes of shapes, ${begin.images} newly drawn images a step, which no child has seen before. `
      + `The biggest child takes ${macs(begin.biggest)} MMACs, the smallest ${macs(begin.smallest)}. Losses in nats, each against what the child learns from; in the first half the label is part of every target.`);
    this.#draw();
  }

  // words is how often the children are right.
  #words() {
    const [biggest, random, smallest] = [0, 1, 2].map(i => points(average(this.#steps.slice(-MEAN).map(s => s.correct[i]))));
    return `of the images of the last ${Math.min(MEAN, this.#steps.length)} steps the biggest child classified ${biggest} correctly, those at random ${random}, the smallest ${smallest}.`;
  }

  #draw() {
    if (!this.#begin || !this.#svg.clientWidth) return;
    const { of } = this.#begin, losses = this.#steps.map(({ loss: [loss_biggest, loss_random, loss_smallest] }) => ({ loss_biggest, loss_random, loss_smallest }));
    plot(this.#svg, [losses], { of, most: 2.5, says: steps => `${steps.length} steps` });
    this.#svg.setAttribute('aria-label', losses.length ? `Losses over ${losses.length} steps. ${caption(losses, 'In the last one')}` : 'Losses, as soon as there are some');
    write(this.#find('steps'), losses.length ? `Step ${losses.length} of ${of}: ${this.#words()}` : '');
  }
}
