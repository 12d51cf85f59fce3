// Two children of one set of weights: what each costs and says, and how much of
// the weights they have in common.
import { dot, words } from '../shared/accuracy.js';
import { clock, says as saysOf, unknown } from '../shared/answers.js';
import { amount } from './chart.js';
import { short } from './family.js';
import { Nested } from './nested.js';
import { byId, make, number, percent, write } from '../shared/page.js';
import { latest } from './latest.js';
import * as spaces from '../shared/space.js';

const PLACES = 3; // of the answers side by side

const HTML = `<div class="ab"><div>
  <div class="choice"><label for="b-choice">Child B is</label><select id="b-choice"></select></div>
  <table class="cmp ab-table"><caption class="vh">Child A and child B</caption><thead><tr><th scope="col"><span class="vh">What</span></th><th scope="col" class="a">A: your child</th><th scope="col" class="b">B: <span data-is="b">kept child</span></th></tr></thead><tbody></tbody></table>
  <p class="cap" data-is="differ" role="status"></p></div>
<figure><svg id="nested" class="nested" role="img" aria-labelledby="nested-key nested-words"></svg><p class="vh" id="nested-words"></p>
  <figcaption class="key row" id="nested-key"><span><i class="k-s"></i>both</span><span><i class="k-c"></i>only A</span><span><i class="k-b"></i>only B</span><span><i class="k-r"></i>neither</span><span>coloured dots: the rim of a bigger filter</span></figcaption></figure></div>
<div class="share"><div class="sharebar" aria-hidden="true"><i class="k-s"></i><i class="k-c"></i><i class="k-b"></i></div><p data-is="share"></p></div>`;

const NAMES = ['thin', 'wide']; // two children that no other contains, to start with

export default class Compare {
  #explorer; #root; #nested; #b; #asked = 0; #latest = latest();

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    byId('compare-box').innerHTML = HTML;
    this.#nested = new Nested(byId('nested'), explorer.space);
    const choices = [['thin', 'thin and deep'], ['wide', 'wide and shallow'], ...explorer.family.map(c => [c.label, short(c).toLowerCase().replace(/^(s|m|l|xl)$/, x => x.toUpperCase())]), ['kept', 'the child you kept']];
    byId('b-choice').append(...choices.map(([value, textContent]) => make('option', { value, textContent })));
    byId('b-choice').addEventListener('change', e => {
      if (e.target.value !== 'kept') explorer.keep(e.target.value);
    });
  }

  show(changed) {
    if (changed.has('start') || changed.has('b') || changed.has('address')) this.#choose();
    else if (changed.has('child') || changed.has('image')) this.#show();
  }

  #part(name) { return this.#root.querySelector(`[data-is=${name}]`); }

  // choose finds the child that the state names: one of the list, or an architecture.
  async #choose() {
    const { space, family, state, engine } = this.#explorer, name = state.get('b') || NAMES[0], select = byId('b-choice');
    const max = spaces.biggest(space), min = spaces.smallest(space), named = family.find(c => c.label === name);
    const mix = (wide, deep) => ({ ...spaces.move(space, wide, -1, 'depth', deep ? 99 : 0), resolution: deep ? max.resolution : min.resolution });
    try {
      if (named) this.#b = named.child;
      else if (name === 'thin') this.#b = spaces.move(space, mix(min, true), -1, 'kernel', 1);
      else if (name === 'wide') this.#b = mix(max, false);
      else this.#b = (await engine.request('parse', { arch: name })).child;
    } catch { // a link with nonsense in it
      state.set('b', '');
      return this.#choose();
    }
    const kept = !named && !NAMES.includes(name);
    select.value = kept ? 'kept' : name;
    select.querySelector('[value=kept]').disabled = !kept;
    this.#part('b').textContent = kept ? 'kept child' : select.selectedOptions[0].textContent;
    this.#show();
  }

  #show() {
    if (!this.#b) return;
    this.#nested.show(this.#explorer.child, this.#b);
    this.#asked++;
    this.#latest(() => this.#ask(this.#asked));
  }

  async #ask(asked) {
    const { child: a, engine, image } = this.#explorer, b = this.#b;
    try {
      const [ca, cb, shared] = await Promise.all([this.#explorer.count(a), this.#explorer.count(b), engine.request('shared', { a, b })]);
      if (asked !== this.#asked) return;
      this.#share(ca.cost, cb.cost, shared);
      this.#table([[a, ca], [b, cb]], [undefined, undefined]);
      if (!image) return;
      const says = [];
      for (const i of [0, 1, 0, 1]) { // twice each, for the times
        const { answer } = await engine.request('try', { child: [a, b][i] });
        if (asked !== this.#asked) return;
        says[i] = answer;
        if (says[1]) this.#table([[a, ca], [b, cb]], says);
      }
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  #table(children, says) {
    const { space } = this.#explorer, all = spaces.layers(spaces.biggest(space));
    const rows = [
      ['Resolution', c => `${c.resolution} px`], ['Width', c => spaces.slider(space, c, -1, 'width').text], ['Layers', c => `${spaces.layers(c)} of ${all}`],
      ['Kernel', c => spaces.slider(space, c, -1, 'kernel').text], ['Work', (c, n) => amount('macs', n.cost.macs)], ['Size', (c, n) => amount('bytes', n.cost.bytes)],
      ['Accuracy', (c, n) => [dot(n.accuracy), words(n.accuracy).value, make('small', { textContent: words(n.accuracy).note || ' ' })]],
      ['Time here', (c, n, s) => s ? [clock(n.arch), ' ms'] : '…'],
    ];
    const line = (name, cells, mark = '') => make('tr', { className: mark && 'differs' }, make('th', { scope: 'row' }, name, mark && make('span', { className: 'mark-differs', textContent: mark })), ...cells.map(c => make('td', {}, ...[c].flat())));
    const body = rows.map(([name, f]) => line(name, children.map(([c, n], i) => f(c, n, says[i]))));
    for (let i = 0; i < PLACES; i++) {
      const at = says.map(s => s?.top[i]), differ = at.every(Boolean) && (i ? at[0].label !== at[1].label : saysOf(says[0]) !== saysOf(says[1]));
      body.push(line(i ? `${i + 1}.` : 'Says', at.map((t, child) => t && unknown(says[child]) ? [i ? '' : make('b', { textContent: saysOf(says[child]) }),
        make('span', { className: 'guess', textContent: ` ${t.label} ${percent(t.p)}` })] : t ? [i ? t.label : make('b', { textContent: t.label }), ' ', make('span', { className: 'nb', textContent: percent(t.p) })] : '…'), differ ? i ? ' ≠' : ' ≠ they differ' : ''));
    }
    this.#root.querySelector('tbody').replaceChildren(...body);
    const [x, y] = says.map(s => s && saysOf(s)), quoted = (says.some(s => s && unknown(s)) ? s => `“${s}”` : s => s);
    if (x && y) write(this.#part('differ'), x === y ? `Both say ${quoted(x)}.` : `≠ They differ: A says ${quoted(x)}, B says ${quoted(y)}.`);
  }

  #share(a, b, { both, onlyA, onlyB, neither }) {
    const all = both + onlyA + onlyB, bar = this.#root.querySelector('.sharebar').children;
    [both, onlyA, onlyB].forEach((n, i) => { bar[i].style.flexGrow = n / all; bar[i].hidden = !n; });
    const kb = n => amount('bytes', 2 * n), of = (n, total) => percent(n / total);
    this.#part('share').replaceChildren(make('b', { textContent: `${of(both, both + onlyA)} of A’s weights are B’s weights too` }),
      `, and ${of(both, both + onlyB)} of B’s are A’s. Together they need ${kb(all)}; as two separate networks ${kb(all + both)}.`);
    byId('nested-words').textContent = `Of ${number((all + neither) / 1e6, 2)} million weights both children use ${percent(both / (all + neither))}, only A ${percent(onlyA / (all + neither))}, only B ${percent(onlyB / (all + neither))}.`;
  }
}
