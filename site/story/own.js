// Statistics are a child's own: the smallest child with its own ones, and with those
// of the biggest.
import { FACTS } from './facts.js';
import { make, number, percent, write } from '../shared/page.js';
import { says } from '../shared/answers.js';
import * as spaces from '../shared/space.js';

const HTML = `<table class="own"><caption class="vh">The smallest child with two kinds of statistics</caption>
<thead><tr><td></td><th scope="col">its own</th><th scope="col">the biggest child’s</th></tr></thead>
<tbody><tr><th scope="row">the image at the top</th><td data-is="own">…</td><td data-is="inherited">…</td></tr>
<tr><th scope="row">held-out images classified correctly</th><td data-is="top1"></td><td data-is="lost"></td></tr>
<tr><th scope="row">weights changed between the two</th><td colspan="2" data-is="changed">…</td></tr></tbody></table>
<p class="cap" data-is="says"></p>`;

export default class Own {
  #explorer; #root; #asked = 0;

  constructor(explorer, root) {
    this.#explorer = explorer;
    this.#root = root;
    root.innerHTML = HTML;
    this.#accuracy();
  }

  show(changed) { if (['start', 'image', 'ready'].some(what => changed.has(what))) this.#ask(); }

  // accuracy says what was measured, which is known of one set of weights.
  async #accuracy() {
    const { space, manifest: { id, labels, children } } = this.#explorer;
    try {
      const { arch } = await this.#explorer.count(spaces.smallest(space)), own = children?.find(c => c.arch === arch);
      if (id !== FACTS.weights || !own) return this.#root.querySelector('[data-is=top1]').parentElement.remove();
      for (const [name, p] of [['top1', own.top1], ['lost', FACTS.inheritedTop1]]) {
        const cell = this.#root.querySelector(`[data-is=${name}]`);
        cell.replaceChildren(make('b', { textContent: `${number(100 * p, 1)} %` }), make('i'));
        cell.style.setProperty('--v', p.toFixed(3));
      }
      write(this.#root.querySelector('[data-is=says]'), `Measured on ${number(own.n)} held-out images; who guesses among ${labels.length} classes has ${number(100 / labels.length)} %.`);
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  async #ask() {
    const { engine, image, space } = this.#explorer, asked = ++this.#asked, child = spaces.smallest(space);
    if (!image) return;
    try {
      for (const inherited of [false, true]) {
        const { answer } = await engine.request('try', { child, inherited });
        if (asked !== this.#asked) return;
        const label = says(answer), mark = !image.label ? '' : label === image.label ? '✓ ' : '✕ ';
        write(this.#root.querySelector(`[data-is=${inherited ? 'inherited' : 'own'}]`), `${mark}${label} ${label === answer.top[0].label ? percent(answer.top[0].p) : ''}`);
      }
      const { check } = await engine.request('verify');
      write(this.#root.querySelector('[data-is=changed]'), `${number(check.changed)} of ${number(check.weights)}`);
    } catch (error) {
      this.#explorer.failed(error);
    }
  }
}
