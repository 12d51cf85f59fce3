// What a search does: the best child within a budget as children are tried, by coarse
// to fine and at random. The engine searches; accuracies are predicted.
import { scale } from './curves.js';
import { words } from '../shared/accuracy.js';
import { add, px, put } from '../shared/svg.js';
import { make, number, write } from '../shared/page.js';
import * as spaces from '../shared/space.js';

const TRIES = 1000; // children, by each of the two
const WAYS = [['coarse-to-fine', 'coarse to fine', 'small'], ['random', 'at random', 'any']];
const SHARES = [0.15, 0.3, 0.5, 0.75]; // of the biggest child's work: budgets to choose from
const PATIENCE = 5000, POLL = 200; // ms that another search of the page is waited for
const LEFT = 52, RIGHT = 108, TOP = 14, BOTTOM = 30; // px around the plot

const HTML = `<div class="go"><span class="eyebrow" id="story-budget">At most MMACs</span><div class="seg" role="group" aria-labelledby="story-budget"></div><button type="button" class="btn pri" data-do="search">Search</button></div>
<svg class="race" role="img"></svg>
<p class="cap" data-is="says" role="status"></p><p class="cap" data-is="known"></p>`;

export default class Race {
  #explorer; #root; #svg; #budget; #ways = []; #turn = 0;

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    root.innerHTML = HTML;
    this.#svg = root.querySelector('svg');
    root.querySelector('[data-do=search]').addEventListener('click', () => this.#run());
    new ResizeObserver(() => this.#draw()).observe(this.#svg);
    this.#budgets().catch(error => explorer.failed(error));
  }

  show() {}

  async #budgets() {
    const { space } = this.#explorer, { cost } = await this.#explorer.count(spaces.biggest(space)), seg = this.#root.querySelector('.seg');
    const round = macs => Number((macs / 1e6).toPrecision(macs < 1e8 ? 1 : 2)) * 1e6;
    seg.replaceChildren(...SHARES.map(share => {
      const macs = round(share * cost.macs), b = make('button', { type: 'button', textContent: number(macs / 1e6) });
      b.addEventListener('click', () => { this.#choose(b, macs); this.#run(); });
      if (share === SHARES[1]) this.#choose(b, macs);
      return b;
    }));
    if (!this.#explorer.manifest.predictor) {
      this.#root.querySelector('[data-do=search]').disabled = true;
      write(this.#root.querySelector('[data-is=says]'), 'No predictor of accuracy came with these weights, so that no search runs.');
    }
    this.#known();
    this.#draw();
  }

  #choose(button, macs) {
    this.#budget = macs;
    for (const b of this.#root.querySelectorAll('.seg button')) b.setAttribute('aria-pressed', 'false');
    button.setAttribute('aria-pressed', 'true');
  }

  // known says of the children with a name, which such searches have found, what was measured afterwards.
  async #known() {
    const { family } = this.#explorer.manifest, found = await Promise.all((family ?? []).map(async c => ({ ...c, ...await this.#explorer.count(c.child) })));
    const measured = found.filter(c => c.accuracy?.kind === 'measured');
    if (!measured.length) return;
    const list = measured.map(c => `${c.name} with ${number(c.cost.macs / 1e6)}\u00a0MMACs ${words(c.accuracy).value.replace(' ', '\u00a0')}`).join(', ');
    write(this.#root.querySelector('[data-is=known]'), `Found by such searches, and measured afterwards on ${number(measured[0].accuracy.n)} held-out images: ${list}.`);
  }

  async #run() {
    const turn = ++this.#turn, says = this.#root.querySelector('[data-is=says]'), button = this.#root.querySelector('[data-do=search]');
    this.#ways = WAYS.map(() => []);
    let took = 0;
    this.#draw();
    button.disabled = true;
    try {
      write(says, 'Another search of this page ends first …');
      for (let waited = 0; waited < PATIENCE && document.querySelector('#chart[aria-busy=true]'); waited += POLL) await new Promise(done => setTimeout(done, POLL));
      for (const [i, [method, name]] of WAYS.entries()) {
        const told = ({ done, best, evaluations }) => {
          if (turn !== this.#turn) return;
          this.#ways[i].push({ done: done ?? evaluations, p: best.accuracy, error: best.error, macs: best.costs.macs });
          write(says, `Searching in your browser, ${name}: ${number(done ?? evaluations)} children`);
          this.#draw();
        };
        const found = await this.#explorer.engine.request('search', { limits: { macs: this.#budget }, evaluations: TRIES, seed: turn, method }, { onprogress: told });
        took += found.ms;
        told(found);
      }
      if (turn === this.#turn) this.#end(says, took);
    } catch (error) {
      write(says, '');
      this.#explorer.failed(error);
    }
    if (turn === this.#turn) button.disabled = false;
  }

  #end(says, took) {
    const [fine, random] = this.#ways.map(way => way.at(-1)), points = number(100 * (fine.p - random.p), 1);
    write(says, `Of ${number(TRIES)} children within ${number(this.#budget / 1e6)} MMACs the search’s best is predicted at ${number(100 * fine.p, 1)} %, the best of as many at random at ${number(100 * random.p, 1)} %: `
      + `${points} points. A prediction is off by ${number(100 * fine.error, 1)} points in the mean. Both searches took ${number(took / 1000, 1)} s.`);
  }

  #draw() {
    const svg = this.#svg, big = scale(svg), W = svg.clientWidth / big, H = svg.clientHeight / big, all = this.#ways.flat();
    if (!W) return;
    svg.setAttribute('viewBox', `0 0 ${W} ${H}`);
    svg.replaceChildren();
    svg.setAttribute('aria-label', all.length ? `The best child found, by how many were tried: ${WAYS.map(([, name], i) => this.#ways[i].length ? `${name} ${number(100 * this.#ways[i].at(-1).p, 1)} %` : '').filter(Boolean).join(', ')}` : 'Empty until a search runs');
    const least = Math.min(1, ...all.map(a => a.p)), most = Math.max(0, ...all.map(a => a.p)), step = most - least > 0.03 ? 0.02 : 0.005;
    const low = all.length ? Math.floor(least / step) * step : 0, high = all.length ? Math.max(Math.ceil(most / step) * step, low + 2 * step) : 2 * step;
    const base = H - BOTTOM, x = n => LEFT + (W - LEFT - RIGHT) * n / TRIES, y = p => base - (base - TOP) * (p - low) / (high - low);
    const text = (tx, ty, what, attributes) => Object.assign(add(svg, 'text', { x: px(tx), y: px(ty), ...attributes }), { textContent: what });
    for (let p = low; p <= high + 1e-9; p += step) {
      add(svg, 'path', { class: 'ax', d: `M${LEFT} ${px(y(p))}H${px(x(TRIES))}` });
      if (all.length) text(LEFT - 8, y(p) + 4, `${number(100 * p, 1)} %`, { 'text-anchor': 'end' });
    }
    for (const n of [0, TRIES / 2, TRIES]) text(x(n), H - 8, n ? number(n) : 'tried: 0', { 'text-anchor': 'middle' });
    const ends = [];
    WAYS.forEach(([, name, kind], i) => {
      const way = this.#ways[i] ?? [];
      if (!way.length) return;
      let last = way[0], d = `M${px(x(last.done))} ${px(y(last.p))}`;
      for (last of way) d += `H${px(x(last.done))}V${px(y(last.p))}`; // a step: it stays until a better one is found
      put(add(svg, 'path', { class: kind }), { d });
      let at = y(last.p) + 4;
      if (ends.some(e => Math.abs(e - at) < 15)) at += 16;
      ends.push(at);
      text(x(last.done) + 6, at, name, { class: kind });
    });
  }
}
