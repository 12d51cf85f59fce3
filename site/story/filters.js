// What a child shares, under the pointer: the filters of one layer, the centre that a
// smaller filter is and the channels that a narrower child leaves out. The weights are
// those that the engine writes into an exported child.
import { Bank } from './bank.js';
import { make, number, write } from '../shared/page.js';
import { Sketch } from './sketch.js';
import { tensors } from '../shared/safetensors.js';
import * as spaces from '../shared/space.js';

const HTML = `<div class="go"><div class="seg" role="group" aria-label="Filter"></div>
<div class="ask"><label for="story-width">Width</label><output for="story-width"></output><input type="range" id="story-width" min="0"></div></div>
<canvas class="bank" role="img" aria-label="The filters of a layer"></canvas>
<p class="cap" data-is="counts" role="status"></p>
<div class="ask"><label for="story-channel">Channel</label><output for="story-channel"></output><input type="range" id="story-channel" min="1" value="1"></div>
<div class="one"><div class="cells" aria-hidden="true"></div><div class="sketches"></div></div>
<p class="cap" data-is="says"></p>`;

// place is a layer whose filter and width can both be chosen, and which every child has: {stage, layer}.
function place({ stages }) {
  const elastic = stages.map((s, stage) => ({ stage, layer: Math.min(1, s.depths[0] - 1), both: s.kernels.length > 1 && s.widths.length > 1 && s.depths[0] > 1, kernels: s.kernels.length }));
  return elastic.find(s => s.both) ?? elastic.find(s => s.kernels > 1) ?? elastic[0];
}

export default class Filters {
  #explorer; #root; #at; #weights; #reading; #side = 0; #channels = 0; #channel = 0; #bank; #sketch; #cells = [];

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    this.#at = place(explorer.space);
    root.innerHTML = HTML;
    const { stage } = this.#at, { kernels } = explorer.space.stages[stage], move = (name, notch, e) => explorer.take(spaces.move(explorer.space, explorer.child, stage, name, notch), e);
    root.querySelector('.seg').append(...kernels.map((k, notch) => {
      const b = make('button', { type: 'button', textContent: `${k} × ${k}` });
      b.addEventListener('click', e => move('kernel', notch, e));
      return b;
    }));
    this.#input('width').addEventListener('input', e => move('width', Number(e.target.value), e));
    this.#input('channel').addEventListener('input', e => this.#choose(e.target.value - 1));
    this.#bank = new Bank(root.querySelector('.bank'), channel => this.#choose(channel), explorer.signal);
    this.#sketch = new Sketch(root.querySelector('.sketches'));
  }

  async show(changed) {
    try {
      await (this.#reading ??= this.#read());
      if (changed.has('start') || changed.has('image')) await this.#see();
    } catch (error) {
      if (!this.#weights) this.#reading = undefined; // the next change tries again
      return this.#explorer.failed(error);
    }
    this.#draw();
  }

  #input(name) { return this.#root.querySelector(`#story-${name}`); }

  // read takes the layer's weights, all of them, out of the smallest child that has them all.
  async #read() {
    const { space, engine } = this.#explorer, { stage, layer } = this.#at, last = list => list[list.length - 1];
    const child = spaces.smallest(space), s = space.stages[stage];
    const layers = list => Array(layer + 1).fill(last(list));
    Object.assign(child.stages[stage], { width: last(s.widths), depth: layer + 1, kernels: layers(s.kernels) },
      space.expansionPerLayer ? { expansions: layers(s.expansions) } : { expansion: last(s.expansions) });
    if (!layer && stage) child.stages[stage - 1].width = last(space.stages[stage - 1].widths);
    const { bytes } = await engine.request('export', { child, format: 'safetensors', half: true });
    const found = tensors(bytes).find(t => t.name === `s${stage + 1}.${layer}.depthwise`);
    [this.#side, , this.#channels] = found.shape;
    this.#weights = found.values();
    const cells = this.#root.querySelector('.cells');
    cells.style.setProperty('--k', this.#side);
    this.#cells = Array.from({ length: this.#side ** 2 }, () => cells.appendChild(make('span')));
    this.#input('channel').max = this.#channels;
  }

  async #see() {
    const { width, bytes } = await this.#explorer.engine.request('seen', { resolution: this.#explorer.space.resolutions[0] });
    this.#sketch.image(new Uint8ClampedArray(bytes), width);
  }

  // filter is the weights of a channel, row by row.
  #filter(channel) { return Array.from({ length: this.#side ** 2 }, (_, i) => this.#weights[i * this.#channels + channel]); }

  // used is what the page's child takes of the layer: {channels, side}.
  #used() {
    const { child } = this.#explorer, { stage, layer } = this.#at, s = child.stages[stage];
    return { channels: (s.expansions?.[layer] ?? s.expansion) * (layer ? s.width : stage ? child.stages[stage - 1].width : child.stem), side: s.kernels[layer] };
  }

  #choose(channel) {
    this.#channel = Math.max(0, Math.min(this.#channels - 1, channel));
    this.#draw();
  }

  #draw() {
    if (!this.#weights || this.#explorer.closed) return;
    const { space, child } = this.#explorer, { stage, layer } = this.#at, used = this.#used(), one = this.#filter(this.#channel), width = this.#input('width');
    const { text, value, max } = spaces.slider(space, child, stage, 'width');
    Object.assign(width, { max, value });
    width.setAttribute('aria-valuetext', text);
    width.parentElement.style.setProperty('--p', max ? value / max : 1);
    write(width.parentElement.querySelector('output'), text);
    this.#root.querySelectorAll('.seg button').forEach((b, i) => b.setAttribute('aria-pressed', String(space.stages[stage].kernels[i] === used.side)));
    const channel = this.#input('channel'), within = this.#channel < used.channels;
    channel.value = this.#channel + 1;
    channel.parentElement.style.setProperty('--p', this.#channel / (this.#channels - 1));
    write(channel.parentElement.querySelector('output'), `${this.#channel + 1} of ${this.#channels}`);
    this.#bank.show(Array.from({ length: this.#channels }, (_, c) => this.#filter(c)), this.#side, used, this.#channel);
    const strongest = Math.max(...one.map(Math.abs)) || 1, rim = (this.#side - used.side) / 2;
    const inner = (_, i) => [i % this.#side, Math.floor(i / this.#side)].every(v => v >= rim && v < this.#side - rim);
    one.forEach((w, i) => {
      const cell = this.#cells[i];
      cell.className = !within || !inner(w, i) ? 'out' : w < 0 ? 'minus' : 'plus';
      cell.style.setProperty('--w', (Math.abs(w) / strongest).toFixed(3));
      write(cell, number(Math.abs(w) < 0.005 ? 0 : w, 2).replace('-', '−'));
    });
    this.#sketch.filter(one, this.#side);
    const all = this.#channels * this.#side ** 2, some = used.channels * used.side ** 2;
    write(this.#root.querySelector('[data-is=counts]'), `In layer ${layer + 1} of ${space.stages[stage].name} your child uses ${number(used.channels)} of ${number(this.#channels)} filters, each with ${used.side ** 2} of its ${this.#side ** 2} weights: ${number(some)} of ${number(all)} weights.${this.#channels > Math.max(...space.stages[stage].widths) ? ' A layer widens to more channels than it passes on.' : ''} What is faint belongs to wider children.`);
    write(this.#root.querySelector('[data-is=says]'), `Filter ${this.#channel + 1}, ${within ? `of which your child uses ${used.side === this.#side ? 'all weights' : space.kernelTransforms ? `${used.side} × ${used.side} sums of those in the middle` : `the ${used.side} × ${used.side} in the middle`}` : 'which your child leaves out'}; orange is positive, dark negative. Beside it: the brightness of the image, filtered with the middle and with all of it. In the network a filter reads a map of the layer before it.`);
  }
}
