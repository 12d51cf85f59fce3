// The best child for a budget: the chart, the budget on its axis, and what can be
// done with the child that was found.
import { dot, words } from '../shared/accuracy.js';
import { amount, Chart, UNITS } from './chart.js';
import { byId, make, number, percent, write } from '../shared/page.js';
import { Children } from './search.js';
import * as spaces from '../shared/space.js';
import { save } from './save.js';

const STEPS = 200; // of the range
const START = 0.62; // of the range, where no link says otherwise
const SETTLE = 300; // ms that the budget must stand still before the search goes there
const PAUSE = 200; // ms between drawings of the chart while it grows
const PHASES = { seeds: 'first guesses', coarse: 'a coarse grid', fine: 'near the best', random: 'at random' };

const HTML = `<figure class="chart">
  <div class="units"><div class="seg" role="group" aria-label="Budget in"></div><button type="button" class="btn" data-do="measure">Measure again</button></div>
  <svg id="chart" role="group" aria-label="Children: accuracy against cost. Arrow keys go from one to the next, Enter takes it."></svg>
  <div class="bud"><label for="limit" class="vh">Budget</label><input type="range" id="limit" min="0" max="${STEPS}"></div>
  <figcaption><p class="key row"><span><i class="dot s"></i><span data-is="n">measured</span></span><span data-is="hollow"><i class="dot"></i>predicted, line is ± its error</span><span><i class="dot me"></i>your child</span></p>
    <p class="under" data-is="progress"></p></figcaption>
</figure>
<div class="pick">
  <h3 class="eyebrow" data-is="title">Best within the budget</h3>
  <p class="big" data-is="accuracy"></p>
  <dl class="mini" data-is="facts"></dl>
  <p class="acts"><button type="button" class="btn pri" data-do="load">Load this child</button><button type="button" class="btn" data-do="onnx">Save as ONNX</button><button type="button" class="btn" data-do="safetensors">as safetensors</button></p>
  <label class="check"><input type="checkbox" checked data-is="half"> in half precision, half the size</label>
  <p class="cap">An ONNX file opens in <a href="https://netron.app">Netron</a>, which draws its layers.</p>
  <p class="cap" data-is="note"></p>
  <p class="cap" data-is="saved" role="status"></p>
</div>
<details class="behind"><summary>The numbers behind the chart</summary><div class="scroll" tabindex="0" role="region" aria-label="Children of the chart"><table class="cmp"></table></div></details>`;

export default class Budget {
  #explorer; #root; #children; #chart; #chosen; #list = []; #frame = 0; #drawn = 0; #timer = 0; #measured; #measuring; #timed; #range = [1, 2]; #table;

  constructor(explorer, root) {
    this.#explorer = explorer;
    const box = this.#root = byId('chart-box');
    box.innerHTML = HTML;
    this.#table = root.querySelector('table');
    this.#children = new Children(explorer, () => this.#soon());
    this.#chart = new Chart(byId('chart'), (p, e) => this.#choose(p, e));
    this.#part('hollow').hidden = true;
    const seg = box.querySelector('.seg');
    for (const [unit, { name }] of Object.entries(UNITS)) {
      const b = make('button', { type: 'button', textContent: unit === 'latency' ? 'ms on this device' : name });
      b.dataset.unit = unit;
      b.addEventListener('click', () => this.#use(unit));
      seg.append(b);
    }
    byId('limit').addEventListener('input', () => this.#drag());
    for (const [name, f] of Object.entries({ load: e => this.#load(e), measure: () => this.#measure(), onnx: () => this.#save('onnx'), safetensors: () => this.#save('safetensors') })) {
      box.querySelector(`[data-do=${name}]`).addEventListener('click', f);
    }
    root.querySelector('details').addEventListener('toggle', () => this.#soon());
    this.#start();
  }

  show(changed) {
    if (changed.has('ready') && !changed.has('start')) { // a new engine knows nothing of the device, and of no search
      this.#measured = undefined;
      this.#start();
    }
    if (changed.has('address')) this.#soon();
    else if (changed.has('child') || changed.has('cost')) this.#redraw();
  }

  #part(name) { return this.#root.querySelector(`[data-is=${name}]`); }

  // The unit of the chart: milliseconds only once they are known.
  get #unit() {
    const unit = this.#explorer.state.get('unit');
    return unit === 'latency' && !this.#measured ? 'macs' : unit;
  }

  async #start() {
    try {
      await this.#ends();
      await this.#children.measured();
      this.#draw();
      if (this.#explorer.state.get('unit') === 'latency') await this.#measure();
      else await this.#search({});
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  // ends are the least and the most that a child of the space costs.
  async #ends() {
    const { space } = this.#explorer;
    const [low, high] = await Promise.all([spaces.smallest(space), spaces.biggest(space)].map(c => this.#explorer.count(c)));
    this.ends = unit => [low.cost[unit] * 0.9, high.cost[unit] * 1.12];
  }

  // ---- the budget

  #budget() {
    const given = Number(this.#explorer.state.get('budget')) / (this.#unit === 'latency' ? 1000 : 1), [low, high] = this.#range;
    return given ? Math.min(high, Math.max(low, given)) : low * (high / low) ** START;
  }

  #drag() {
    const [low, high] = this.#range, v = Number(low * (high / low) ** (byId('limit').value / STEPS)).toPrecision(3);
    this.#explorer.state.set('budget', String(Math.round(v * (this.#unit === 'latency' ? 1000 : 1))));
    this.#chosen = undefined;
    this.#redraw();
    clearTimeout(this.#timer);
    this.#busy(true);
    this.#timer = setTimeout(() => this.#search({ [this.#unit]: this.#budget() }), SETTLE);
  }

  #use(unit) {
    this.#explorer.state.set('unit', unit);
    this.#explorer.state.set('budget', '');
    this.#chosen = undefined;
    this.#measuring?.stop();
    this.#draw();
    if (unit === 'latency' && !this.#measured) this.#measure();
    else this.#search({});
  }

  async #search(limits) {
    if (this.#explorer.closed) return;
    const progress = this.#part('progress'), unit = this.#unit;
    let tried = 0;
    this.#busy(true);
    try {
      const ended = await this.#children.search(unit, limits, ({ done, total, phase }) => {
        tried = total;
        write(progress, `Searching in your browser: ${number(done)} of ${number(total)} children, ${PHASES[phase] ?? phase}`);
      });
      if (ended || !this.#children.predictable) this.#busy(false);
      if (ended) {
        const n = this.#children.list(unit).filter(c => c.front).length;
        write(progress, `The search is done${tried ? `: ${number(tried)} children tried` : ''}, ${number(n)} are on the line. Move the budget and it goes on there.${unit === 'latency' ? ` Milliseconds are right to ${percent(this.#measured.error)}.` : ''}`);
      } else if (!this.#children.predictable) {
        write(progress, 'No predictor of accuracy came with these weights: the chart shows the children that were measured, and no search runs.');
      }
    } catch (error) {
      write(progress, '');
      this.#busy(false);
      this.#explorer.failed(error);
    }
  }

  // busy says that the chart is about to change.
  #busy(on) { byId('chart').setAttribute('aria-busy', String(on)); }

  // measure times every kind of layer on this device, until the engine can say what any child takes. The chart stays as it is meanwhile.
  async #measure() {
    const progress = this.#part('progress'), { engine } = this.#explorer;
    this.#measuring?.stop();
    this.#children.stop();
    const request = engine.request('latency', {}, {
      onprogress: ({ done, total }) => write(progress, `Measuring this device: ${number(done)} of ${number(total)} kinds of layer. Choose another unit to stop.`),
    });
    const measuring = this.#measuring = { stop: () => engine.cancel(request.id) };
    this.#draw();
    try {
      this.#measured = await request;
      await this.#ends();
      await this.#children.recount();
      this.#timed = await this.#explorer.count(this.#explorer.child); // it was counted before its time could be told
    } catch (error) {
      if (this.#measuring === measuring && !error.stale) write(progress, 'This device could not be measured.');
      this.#explorer.failed(error);
      return;
    } finally {
      if (this.#measuring === measuring) this.#measuring = undefined;
    }
    this.#draw();
    this.#search({});
  }

  // ---- drawing

  // While a search runs the chart is drawn a few times a second: the page is for whoever uses it.
  #soon() {
    this.#frame ||= setTimeout(() => requestAnimationFrame(() => { this.#frame = 0; this.#draw(); }), Math.max(0, this.#drawn + PAUSE - performance.now()));
  }

  #draw() {
    if (!this.ends || this.#explorer.closed) return;
    this.#drawn = performance.now();
    const unit = this.#unit, wanted = this.#explorer.state.get('unit');
    for (const b of this.#root.querySelectorAll('.seg button')) b.setAttribute('aria-pressed', String(b.dataset.unit === wanted));
    const again = this.#root.querySelector('[data-do=measure]');
    again.hidden = unit !== 'latency';
    again.disabled = Boolean(this.#measuring);
    this.#range = this.ends(unit);
    this.#list = this.#children.list(unit);
    const n = this.#list.find(c => c.accuracy.kind === 'measured')?.accuracy.n;
    write(this.#part('n'), n ? `measured, ${number(n)} images` : 'measured');
    this.#part('hollow').hidden = !this.#list.some(c => c.accuracy.kind === 'predicted');
    this.#chart.data(this.#list, unit, this.#range);
    if (this.#table.closest('details').open) this.#rows();
    this.#redraw();
  }

  // redraw shows what follows from the budget and from the person's own child.
  #redraw() {
    if (!this.ends || this.#explorer.closed) return;
    const unit = this.#unit, budget = this.#budget(), [low, high] = this.#range, range = byId('limit');
    const within = this.#list.filter(c => c.costs[unit] > 0 && c.costs[unit] <= budget);
    const best = within.reduce((a, b) => !a || b.accuracy.p > a.accuracy.p ? b : a, undefined);
    const cost = this.#timed?.arch === this.#explorer.cost?.arch ? this.#timed : this.#explorer.cost;
    range.value = Math.round(STEPS * Math.log(budget / low) / Math.log(high / low));
    range.setAttribute('aria-valuetext', `at most ${amount(unit, budget)}`);
    this.#chart.move(budget, best, cost && { costs: cost.cost, accuracy: cost.accuracy });
    this.#show(this.#chosen ?? best, this.#chosen ? 'Chosen in the chart' : `Best within ${amount(unit, budget)}`,
      best ? '' : 'No child that is known fits this budget. Move it up.');
  }

  #show(pick, title, note) {
    this.pick = pick;
    write(this.#part('title'), title);
    const w = words(pick?.accuracy), big = this.#part('accuracy');
    big.replaceChildren(...pick ? [dot(pick.accuracy), make('b', { textContent: w.value }), ` ${w.note}`] : ['\u00a0']);
    const facts = pick ? [['Resolution', `${pick.child.resolution} px`], ['Layers', spaces.layers(pick.child)], ['Work', amount('macs', pick.costs.macs)],
      ['Time here', pick.costs.latency ? `about ${amount('latency', pick.costs.latency)}` : 'not measured'], ['Size', amount('bytes', pick.costs.bytes)]] : [];
    this.#part('facts').replaceChildren(...facts.flatMap(([a, b]) => [make('dt', { textContent: a }), make('dd', { textContent: b })]));
    for (const b of this.#root.querySelectorAll('.pick button')) b.disabled = !pick;
    write(this.#part('note'), note);
  }

  #rows() {
    const head = make('thead', {}, make('tr', {}, ...['Accuracy', 'MMACs', 'KB', 'ms here', ''].map(t => make('th', { scope: 'col', textContent: t || 'Take' }))));
    const rows = this.#list.filter(c => !c.close).map(c => {
      const take = make('button', { type: 'button', className: 'plain', textContent: 'Take' });
      take.setAttribute('aria-label', `Take ${c.name ? `child ${c.name}` : `the child with ${amount('macs', c.costs.macs)}`}`);
      take.addEventListener('click', e => this.#choose(c, e));
      const number1 = (unit, v) => amount(unit, v).split(' ')[0];
      return make('tr', {}, make('th', { scope: 'row' }, dot(c.accuracy), `${words(c.accuracy).value} `, make('small', { textContent: words(c.accuracy).note })),
        make('td', { textContent: number1('macs', c.costs.macs) }), make('td', { textContent: number1('bytes', c.costs.bytes) }),
        make('td', { textContent: c.costs.latency ? number1('latency', c.costs.latency) : '–' }), make('td', {}, take));
    });
    this.#table.replaceChildren(make('caption', { className: 'vh', textContent: 'Children of the chart, cheapest first' }), head, make('tbody', {}, ...rows));
  }

  // ---- what one can do with a child

  #choose(point, event) {
    this.#chosen = point;
    this.#explorer.take(point.child, event);
    this.#redraw();
  }

  #load(event) {
    this.#explorer.take(this.pick.child, event);
    byId('explore').scrollIntoView();
  }

  async #save(format) {
    const { pick } = this, buttons = [...this.#root.querySelectorAll('.pick button')], saved = this.#part('saved');
    write(saved, '');
    buttons.forEach(b => { b.disabled = true; });
    try {
      const { name, size } = await save(this.#explorer.engine, pick.child, format, this.#part('half').checked);
      write(saved, `Saved ${name}, ${number(size / 1000)} KB.`);
    } catch (error) {
      this.#explorer.failed(error);
    }
    buttons.forEach(b => { b.disabled = false; });
  }
}
