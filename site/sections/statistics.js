// The one thing that is not shared: batch-norm statistics. A switch runs the child
// with those of the biggest child instead of its own, and a curve shows for one
// channel what that does to its signals.
import { add } from '../shared/svg.js';
import { says } from '../shared/answers.js';
import { byId, make, number, percent, write } from '../shared/page.js';
import { latest } from './latest.js';

const POINTS = 96; // of a curve
const REACH = 3.2; // standard deviations on both sides

const HTML = `<div class="bn"><div>
  <label class="sw"><input type="checkbox" role="switch" id="own" aria-describedby="own-says"><span><b>Use statistics made for this child</b><small id="own-says"></small></span></label>
  <dl class="mini"><dt>With its own statistics</dt><dd data-is="own">…</dd><dt>With the biggest child’s</dt><dd data-is="inherited">…</dd><dt>Weights changed</dt><dd data-is="changed">…</dd></dl></div>
<figure><svg id="curve" role="img" aria-labelledby="curve-words"></svg>
  <div class="choice"><label for="layer">Stage</label><select id="layer"></select><label for="channel">Channel</label><input type="number" id="channel" min="1" value="1" inputmode="numeric"></div>
  <figcaption class="cap" id="curve-words">The signal of one channel</figcaption></figure></div>`;

// ticks are round values between two, three to six of them, and the decimals that tell them apart.
function ticks(low, high) {
  if (!(high > low)) return { values: [low], decimals: 2 };
  const rough = (high - low) / 3, ten = 10 ** Math.floor(Math.log10(rough)), step = ten * [5, 2, 1].find(n => n * ten <= rough);
  const values = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) values.push(i * step || 0); // no minus zero
  return { values, decimals: Math.min(3, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))) };
}

export default class Statistics {
  #explorer; #root; #asked = 0; #tried = 0; #signal; #tries = latest(); #curves = latest();

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    byId('statistics-box').innerHTML = HTML;
    byId('own').addEventListener('change', e => explorer.switchStatistics(e.target.checked ? 'own' : 'inherited'));
    byId('layer').append(...explorer.space.stages.map(s => make('option', { value: s.name, textContent: s.name })));
    byId('layer').addEventListener('change', e => { explorer.state.set('layer', e.target.value); explorer.state.set('channel', ''); this.#again(); });
    byId('channel').addEventListener('change', e => { explorer.state.set('channel', String(Math.max(0, Math.round(e.target.value) - 1))); this.#again(); });
    new ResizeObserver(() => this.#draw()).observe(byId('curve'));
  }

  show(changed) {
    const own = !this.#explorer.inherited;
    byId('own').checked = own;
    write(byId('own-says'), own ? 'Signals arrive at the strength that the next layer expects, so the child works as it is.'
      : 'Inherited from the biggest child: signals arrive shifted or squeezed. Watch the answer, here and at the top.');
    if (changed.has('start') || changed.has('child') || changed.has('image') || changed.has('address')) {
      this.#tried++;
      this.#tries(() => this.#try(this.#tried));
    }
    if (changed.has('start') || changed.has('child') || changed.has('address')) this.#again();
    else this.#draw();
  }

  #part(name) { return this.#root.querySelector(`[data-is=${name}]`); }

  // try asks the child twice, and then counts the weights that have changed by it.
  async #try(tried) {
    const { child, engine, image } = this.#explorer;
    if (!image) return;
    try {
      for (const inherited of [false, true]) {
        const { answer } = await engine.request('try', { child, inherited });
        if (tried !== this.#tried) return;
        const label = says(answer), { p } = answer.top[0];
        write(this.#part(inherited ? 'inherited' : 'own'), `${!image.label ? '' : label === image.label ? '✓ ' : '✕ '}${label}${label === answer.top[0].label ? ` ${percent(p)}` : ''}`);
      }
      const { check } = await engine.request('verify');
      write(this.#part('changed'), number(check.changed));
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  #again() {
    this.#asked++;
    this.#curves(() => this.#curve(this.#asked));
  }

  async #curve(asked) {
    const { child, engine, space, state } = this.#explorer;
    const name = state.get('layer') || space.stages[Math.floor(space.stages.length / 2)].name, stage = space.stages.findIndex(s => s.name === name);
    const most = child.stages[stage].width, chosen = state.get('channel');
    const channel = chosen === '' ? {} : { channel: Math.min(Number(chosen), most - 1) };
    try {
      const signal = await engine.request('statistics', { child, stage, layer: child.stages[stage].depth - 1, ...channel });
      if (asked !== this.#asked) return;
      this.#signal = { ...signal, name, found: chosen === '' };
      byId('layer').value = name;
      byId('channel').max = most;
      byId('channel').value = signal.channel + 1;
      this.#draw();
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  // What the layer makes of a channel whose signals have a mean and a variance, when it normalises with those that it was given.
  #sent({ mean, variance, inheritedMean, inheritedVariance, gamma, beta }, inherited) {
    const scale = gamma / Math.sqrt((inherited ? inheritedVariance : variance) + 1e-9);
    return { mean: beta + scale * (mean - (inherited ? inheritedMean : mean)), deviation: Math.abs(scale) * Math.sqrt(variance) };
  }

  #draw() {
    if (this.#explorer.closed) return; // its curve is gone
    const svg = byId('curve'), s = this.#signal, W = svg.clientWidth, H = svg.clientHeight;
    if (!s || !W) return;
    const { inherited } = this.#explorer, expected = this.#sent(s, false), wrong = this.#sent(s, true), sent = inherited ? wrong : expected;
    const low = Math.min(...[expected, wrong].map(d => d.mean - REACH * d.deviation)), high = Math.max(...[expected, wrong].map(d => d.mean + REACH * d.deviation));
    const x = v => W * (v - low) / (high - low || 1), base = H - 28, top = 40;
    const tallest = 1 / Math.min(expected.deviation, wrong.deviation);
    const curve = ({ mean, deviation }) => Array.from({ length: POINTS + 1 }, (_, i) => {
      const v = low + (high - low) * i / POINTS;
      return `${x(v).toFixed(1)} ${(base - (base - top) * Math.exp(-(((v - mean) / deviation) ** 2) / 2) / deviation / tallest).toFixed(1)}`;
    }).join('L');
    svg.setAttribute('viewBox', `0 0 ${W} ${H}`);
    svg.replaceChildren();
    add(svg, 'path', { class: 'g0', d: `M${curve(expected)}V${base}H0Z` });
    add(svg, 'path', { class: 'g1', d: `M${curve(sent)}` });
    add(svg, 'path', { class: 'fl', d: `M0 ${base}H${W}` });
    const { values, decimals } = ticks(low, high);
    for (const v of values) {
      const at = Math.min(W - 14, Math.max(14, x(v)));
      Object.assign(add(svg, 'text', { x: at.toFixed(1), y: H - 8, 'text-anchor': 'middle' }), { textContent: number(v, decimals) });
    }
    const small = W < 520;
    Object.assign(add(svg, 'text', { x: 0, y: 12, class: 'sent' }), { textContent: 'line: what this child sends' });
    Object.assign(add(svg, 'text', { x: small ? 0 : W, y: small ? 30 : 12, 'text-anchor': small ? 'start' : 'end' }), { textContent: 'area: what the next layer expects' });
    const ratio = wrong.deviation / expected.deviation, off = Math.abs(wrong.mean - expected.mean) / expected.deviation;
    write(byId('curve-words'), `How often each signal strength occurs after normalising, drawn as a normal curve, in channel ${s.channel + 1} of the last layer of ${s.name}${s.found ? '. Wrong statistics shift this channel most' : ''}. `
      + `With the statistics of the biggest child it is ${number(off, 1)} standard deviations off and ${number(ratio, 2)} times as wide.`);
  }
}
