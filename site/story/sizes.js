// One training instead of many: what so many sizes cost as networks of their own,
// and as children of one supernet.
import { FACTS } from './facts.js';
import { make, megabytes, number, write } from '../shared/page.js';
import * as spaces from '../shared/space.js';

const MOST = 40, START = 12; // sizes

const HTML = `<div class="ask"><label for="story-sizes">Sizes that you need</label><output for="story-sizes"></output><input type="range" id="story-sizes" min="1" max="${MOST}" value="${START}"></div>
<h4 class="eyebrow">Hours of training on two cores</h4><div class="lengths" data-is="hours"></div>
<h4 class="eyebrow">Megabytes to download</h4><div class="lengths" data-is="bytes"></div>
<p class="cap" data-is="says" role="status"></p>`;

// length is a row: what it is, a bar, and how much.
function length(box, name, ours) {
  const bar = make('i'), value = make('b');
  box.append(make('p', { className: ours ? 'ours' : '' }, make('span', { textContent: name }), bar, value));
  return (v, of, text) => { bar.style.setProperty('--v', (v / of).toFixed(4)); write(value, text); };
}

export default class Sizes {
  #explorer; #root; #input; #bars; #bytes = new Map(); #asked = 0;

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    root.innerHTML = HTML;
    this.#input = root.querySelector('input');
    this.#bars = Object.fromEntries(['hours', 'bytes'].map(name => {
      const box = root.querySelector(`[data-is=${name}]`);
      return [name, [length(box, 'each by itself', false), length(box, 'one supernet', true)]];
    }));
    this.#input.addEventListener('input', () => this.#draw());
  }

  show(changed) { if (changed.has('start')) this.#draw(); }

  async #draw() {
    const n = Number(this.#input.value), asked = ++this.#asked, { aloneHours, supernetHours } = FACTS;
    const text = `${n} size${n === 1 ? '' : 's'}`, hours = h => number(h, h < 10 ? 1 : 0), most = Math.max(n * aloneHours, supernetHours);
    write(this.#root.querySelector('output'), text);
    this.#input.setAttribute('aria-valuetext', text);
    this.#input.parentElement.style.setProperty('--p', (n - 1) / (MOST - 1));
    this.#bars.hours[0](n * aloneHours, most, `at least ${hours(n * aloneHours)} h`);
    this.#bars.hours[1](supernetHours, most, `about ${hours(supernetHours)} h`);
    try {
      const all = await Promise.all(Array.from({ length: n }, (_, i) => this.#size(n > 1 ? i / (n - 1) : 0)));
      if (asked !== this.#asked) return;
      const sum = all.reduce((a, b) => a + b, 0), { bytes } = this.#explorer.manifest, widest = Math.max(sum, bytes);
      this.#bars.bytes[0](sum, widest, `${megabytes(sum)} MB`);
      this.#bars.bytes[1](bytes, widest, `${megabytes(bytes)} MB`);
      write(this.#root.querySelector('[data-is=says]'), this.#words(n));
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  // size is how many bytes the child at that fraction of every choice takes, as the engine counts it.
  #size(fraction) {
    if (!this.#bytes.has(fraction)) this.#bytes.set(fraction, this.#explorer.count(spaces.atFraction(this.#explorer.space, fraction)).then(c => c.cost.bytes));
    return this.#bytes.get(fraction);
  }

  #words(n) {
    const { aloneHours, supernetHours } = FACTS, even = Math.floor(supernetHours / aloneHours);
    const which = n > even ? `With ${n} sizes the supernet takes less time` : `Up to ${even} sizes the separate networks may take less time`;
    return `${which}, and every size between comes with it. Hours are those of the weights of ten classes. The supernet’s are those of its three training runs together; a separate network counts as much as the smallest one, the quickest to train, so that the real total is higher. Megabytes are those of the weights above, for children evenly spread from the smallest to the biggest; the supernet’s file also has what predicts the statistics of any child.`;
  }
}
