// The same cuts in two networks of one shape: the supernet, and an ordinary network that was
// trained alone. The ordinary one is a file of its own, fetched when somebody asks for it; its
// engine ends when one leaves the figure.
import { Engine } from '../worker/engine.js';
import { NONE, unknown } from '../shared/answers.js';
import { sentences } from '../shared/notice.js';
import { asset, make, megabytes, number, percent, write } from '../shared/page.js';

const PLACES = 3; // of an answer

const HTML = `<div class="ask"><label for="story-cut">What is left</label><output for="story-cut"></output><input type="range" id="story-cut" min="0"></div>
<div class="pair"><div><h4 id="story-cut-here">Out of the supernet</h4><ol aria-labelledby="story-cut-here"></ol></div>
<div><h4 id="story-cut-there">Out of the ordinary network</h4><p data-is="fetch"><button type="button" class="btn"></button> <span role="status"></span></p><ol aria-labelledby="story-cut-there"></ol></div></div>
<table class="own cut"><caption class="vh">Held-out images classified correctly</caption>
<thead><tr><th scope="col">held-out images classified correctly</th><th scope="col">supernet</th><th scope="col">ordinary</th></tr></thead><tbody></tbody></table>
<p class="cap" data-is="says"></p>`;

const points = p => `${number(100 * p, 1)}\u00a0%`;

export default class Ordinary {
  #explorer; #root; #rows; #at; #engine; #ready; #seen; #asked = 0; #wanted = false;

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    root.innerHTML = HTML;
    this.#rows = this.#measured().catch(error => { explorer.failed(error); return []; });
    this.#slider.addEventListener('input', () => this.#choose(Number(this.#slider.value)));
    this.#button.addEventListener('click', () => this.#fetch());
    this.#offer(`The ordinary network is a file of ${megabytes(explorer.manifest.ordinary.bytes)} MB.`);
    explorer.signal.addEventListener('abort', () => this.leave());
  }

  async show(changed) {
    const rows = await this.#rows;
    if (!rows.length) return;
    if (changed.has('start')) this.#choose(rows.length - 1);
    else if (changed.has('image') || changed.has('ready')) this.#ask();
  }

  /** Hears that the figure is out of sight: the second engine gives its memory back. */
  leave() {
    this.#engine?.stop();
    this.#engine = this.#ready = undefined;
    this.#sides[1].replaceChildren();
  }

  /** Hears that it is back. */
  enter() { if (this.#wanted && !this.#engine) this.#fetch(); }

  get #slider() { return this.#root.querySelector('#story-cut'); }
  get #button() { return this.#root.querySelector('[data-is=fetch] button'); }
  get #sides() { return this.#root.querySelectorAll('.pair ol'); }

  // measured lists the children of the family that were measured in both networks, the cheapest first.
  async #measured() {
    const { family, manifest } = this.#explorer, all = await Promise.all(family.map(async c => ({ ...c, ...await this.#explorer.count(c.child) })));
    const of = (list, arch) => list.find(c => c.arch === arch);
    const rows = all.map(c => ({ ...c, here: of(manifest.children, c.arch), there: of(manifest.ordinary.children, c.arch) })).filter(c => c.here && c.there);
    rows.sort((a, b) => a.cost.macs - b.cost.macs);
    this.#slider.max = rows.length - 1;
    for (const r of rows.toReversed()) {
      const bar = p => {
        const td = make('td', {}, points(p), make('i'));
        td.style.setProperty('--v', p.toFixed(3));
        return td;
      };
      r.tr = make('tr', {}, make('th', { scope: 'row' }, `${r.name}, ${number(r.cost.macs / 1e6)} MMACs`), bar(r.here.top1), bar(r.there.top1));
      this.#root.querySelector('tbody').append(r.tr);
    }
    const [least, most] = [rows[0], rows.at(-1)], { labels } = this.#explorer.manifest;
    write(this.#root.querySelector('[data-is=says]'), `On ${number(most.there.n)} held-out images. Whole, the ordinary network classifies ${points(most.there.top1)} of them correctly; cut down to ${least.name}, ${points(least.there.top1)}, and the supernet ${points(least.here.top1)}. `
      + `A guess among ${labels.length} classes is right for ${points(1 / labels.length)}. No slice lacks statistics: those of the ordinary network were measured on training images for each of these sizes, those of the supernet are computed, as everywhere on this page.`);
    return rows;
  }

  async #choose(at) {
    const rows = await this.#rows, row = rows[at], input = this.#slider;
    this.#at = at;
    input.value = at;
    const text = `${row.name}, ${percent(row.cost.params / rows.at(-1).cost.params)}`;
    write(this.#root.querySelector('output'), text);
    input.setAttribute('aria-valuetext', `${text} of the weights`);
    input.parentElement.style.setProperty('--p', at / Math.max(1, rows.length - 1));
    for (const r of rows) r.tr.classList.toggle('now', r === row);
    this.#ask();
  }

  async #ask() {
    const rows = await this.#rows, { engine, image } = this.#explorer, asked = ++this.#asked, row = rows[this.#at], [here, there] = this.#sides;
    if (!image || !row) return;
    const answer = async (from, list) => {
      const reply = await from.request('try', { child: row.child });
      if (asked === this.#asked) this.#write(list, reply.answer, image.label);
    };
    try {
      await answer(engine, here);
      if (!this.#ready || asked !== this.#asked) return;
      if (!image.read) return there.replaceChildren(make('li', { textContent: 'Of the webcam the ordinary network sees nothing: choose an image.' }));
      await this.#look(image);
      if (asked === this.#asked && this.#ready) await answer(this.#engine, there);
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  // look shows the second engine the image, where it is another one than before.
  async #look(image) {
    if (this.#seen === image) return;
    const bytes = await image.read();
    await this.#engine?.request('image', {}, { bytes });
    this.#seen = image;
  }

  #write(list, answer, truth) {
    const rows = answer.top.slice(0, PLACES).map(({ label, p }, i) => {
      const bar = make('i'), mark = !truth || i ? '' : label === truth && !unknown(answer) ? '✓ ' : '✕ ';
      bar.style.setProperty('--v', p.toFixed(4));
      return make('li', {}, make('span', { textContent: mark + label }), make('span', { textContent: percent(p) }), bar);
    });
    list.replaceChildren(...unknown(answer) ? [make('li', { textContent: `${NONE}. If it is one:` })] : [], ...rows);
  }

  #offer(text, action = 'Fetch it') {
    const box = this.#root.querySelector('[data-is=fetch]');
    box.hidden = false;
    this.#button.hidden = !action;
    write(this.#button, action);
    write(box.querySelector('span'), text);
    this.#sides[1].replaceChildren();
  }

  async #fetch() {
    const { manifest } = this.#explorer, { ordinary } = manifest, failed = error => {
      this.leave();
      this.#wanted = false;
      this.#offer(sentences(error), 'Try again');
    };
    this.#wanted = true;
    const engine = this.#engine = new Engine(failed), say = loaded => this.#offer(`${megabytes(loaded)} of ${megabytes(ordinary.bytes)} MB`, '');
    say(0);
    try {
      await engine.boot({ ...ordinary, engine: manifest.engine, space: manifest.space, labels: manifest.labels }, ({ loaded }) => { if (engine === this.#engine && loaded !== undefined) say(loaded); });
    } catch (error) {
      if (engine === this.#engine && !error.stale) failed(error);
      return;
    }
    if (engine !== this.#engine) return;
    this.#ready = true;
    this.#seen = undefined;
    this.#root.querySelector('[data-is=fetch]').hidden = true;
    navigator.serviceWorker?.ready.then(({ active }) => active.postMessage({ keep: asset(ordinary.weights) }));
    this.#ask();
  }
}
