// A training step to go through: which children run, and what each learns from. The
// answers are those of the finished weights to the image of the page.
import { curves } from './curves.js';
import { Live } from './live.js';
import { make, number, percent, write } from '../shared/page.js';
import { thumbnail } from '../shared/thumbnail.js';
import * as spaces from '../shared/space.js';

const TOP = 3; // answers of a child

// What happens, and which of the four children it happens to.
const STEPS = [
  ['One batch of images goes to four children. All of them see the same part of each image, each at its own resolution.', []],
  ['The biggest child runs. It alone is compared with the label, and learns from what it got wrong.', [0]],
  ['Two children at random run. They do not see the label: they learn to answer what the biggest answers, all of its probabilities. Lines mark these.', [1, 2]],
  ['The smallest child runs. It too learns from the biggest.', [3]],
  ['What the four have learnt, their gradients, is added up. The shared weights change once, and the next batch begins with two other children at random.', [0, 1, 2, 3]],
];
const NAMES = ['Biggest', 'At random', 'At random', 'Smallest'];

const HTML = `<ol class="four"></ol>
<div class="go"><button type="button" class="btn" data-do="back">Back</button><button type="button" class="btn pri" data-do="next">Next</button><p role="status"><b data-is="at"></b> <span data-is="says"></span></p></div>
<p class="cap" data-is="live"></p>
<figure class="curves"></figure>
<div class="tiny-training"></div>`;

export default class Sandwich {
  #explorer; #root; #step = 0; #children = []; #cards = []; #asked = 0;

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    root.innerHTML = HTML;
    root.querySelector('[data-do=next]').addEventListener('click', () => this.#go(this.#step + 1));
    root.querySelector('[data-do=back]').addEventListener('click', () => this.#go(this.#step - 1));
    this.#draw();
    this.#go(0);
    new Live(root.querySelector('.tiny-training'), explorer.signal);
    curves(root.querySelector('.curves')).catch(() => root.querySelector('.curves').remove()); // without a network the rest is here
  }

  show(changed) { if (['start', 'image', 'ready'].some(what => changed.has(what))) this.#ask(); }

  // draw makes the four children of a step.
  #draw() {
    const { space } = this.#explorer;
    this.#children = [spaces.biggest(space), spaces.random(space), spaces.random(space), spaces.smallest(space)];
    this.#cards = this.#children.map((child, i) => {
      const rows = Array.from({ length: TOP }, () => {
        const label = make('span', { textContent: '\u00a0' }), value = make('span'), bar = make('i'), mark = make('u', { hidden: true });
        bar.append(mark);
        return { label, value, bar, mark, li: make('li', {}, label, value, bar) };
      });
      const work = make('small', { textContent: '\u00a0' });
      return { rows, work, li: make('li', {}, thumbnail(space, child), make('b', { textContent: NAMES[i] }), work,
        make('p', { className: 'taught', textContent: i ? 'learns from the biggest' : 'learns from the label' }), make('ol', {}, ...rows.map(r => r.li))) };
    });
    this.#root.querySelector('.four').replaceChildren(...this.#cards.map(c => c.li));
  }

  #go(step) {
    if (step === STEPS.length) {
      this.#draw();
      this.#ask();
    }
    this.#step = step % STEPS.length;
    const [text, who] = STEPS[this.#step];
    write(this.#root.querySelector('[data-is=at]'), `${this.#step + 1} of ${STEPS.length}`);
    write(this.#root.querySelector('[data-is=says]'), text);
    write(this.#root.querySelector('[data-do=next]'), this.#step === STEPS.length - 1 ? 'Next batch' : 'Next');
    this.#root.querySelector('[data-do=back]').disabled = this.#step === 0;
    this.#cards.forEach((c, i) => {
      c.li.classList.toggle('now', who.includes(i));
      c.li.classList.toggle('ran', STEPS.slice(0, this.#step + 1).some(([, ran]) => ran.includes(i)));
    });
  }

  async #ask() {
    const { engine, image } = this.#explorer, asked = ++this.#asked, cards = this.#cards;
    if (!image) return;
    try {
      let teacher;
      for (const [i, child] of this.#children.entries()) {
        const [{ answer }, { cost }] = await Promise.all([engine.request('try', { child }), this.#explorer.count(child)]);
        if (asked !== this.#asked) return;
        teacher ??= answer.top;
        write(cards[i].work, `${number(cost.macs / 1e6, cost.macs < 20e6 ? 1 : 0)} MMACs`);
        cards[i].rows.forEach((row, place) => this.#row(row, answer.top[place], i && teacher));
      }
      write(this.#root.querySelector('[data-is=live]'), this.#words(teacher, image.label));
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  // row shows an answer, and where the biggest child has it, as a line.
  #row({ label, value, bar, mark, li }, said, teacher) {
    li.hidden = !said;
    if (!said) return;
    write(label, said.label);
    write(value, percent(said.p));
    bar.style.setProperty('--v', said.p.toFixed(4));
    const target = teacher && teacher.find(t => t.label === said.label);
    mark.hidden = !target;
    if (target) mark.style.setProperty('--t', target.p.toFixed(4));
  }

  #words(top, label) {
    const right = top.find(t => t.label === label);
    const loss = right ? ` The label is ${label}; the biggest child’s loss against it is −ln ${number(right.p, 3)} = ${number(-Math.log(right.p), 2)}.` : '';
    return `Live: what the finished weights say to the image at the top.${loss}`;
  }
}
