// The four sliders, the presets and the choice of a stage. It turns input into
// new children; it holds no state of its own.
import { fits, within } from './arriving.js';
import { byId, make, write } from '../shared/page.js';
import { columns } from '../shared/layout.js';
import * as spaces from '../shared/space.js';

const NAMES = ['width', 'depth', 'kernel', 'resolution'];

/** Controls over a space. onmove(child, event) gets every new child, onstage(index or -1) every choice of a stage, until the signal. */
export class Sliders {
  #space; #child; #stage = -1; #onmove; #presets; #ceiling; #used = false;

  constructor(space, presets, { onmove, onstage }, signal) {
    this.#space = space;
    this.#onmove = onmove;
    this.#presets = presets.map(({ label, title, child }) => {
      const button = make('button', { type: 'button', textContent: label, title });
      button.setAttribute('aria-label', title);
      button.onclick = e => { this.#touched(); onmove(child, e); };
      return { button, child };
    });
    byId('presets').replaceChildren(...this.#presets.map(p => p.button));
    byId('width-scope').lastChild.data = space.expansionPerLayer ? ': times wider inside a layer' : ': channels a layer';
    byId('controls').addEventListener('submit', e => e.preventDefault(), { signal });
    for (const name of NAMES) {
      byId(name).addEventListener('input', e => {
        this.#touched();
        onmove(spaces.move(space, this.#child, this.#stage, name, Number(e.target.value)), e);
      }, { signal });
    }
    this.#buildScope(onstage);
    this.#dragBlocks(onstage, signal);
  }

  // The stages under the blocks are radio buttons: always the same four sliders, never 21.
  #buildScope(onstage) {
    const space = this.#space, scope = byId('scope');
    scope.style.gridTemplateColumns = columns(space).map(w => `minmax(0,${w.toFixed(3)}fr)`).join(' ');
    const radio = (value, title, note) => {
      const input = make('input', { type: 'radio', name: 'stage', value: String(value), id: `stage-${value}` });
      input.addEventListener('change', () => onstage(value));
      return make('label', {}, input, make('b', { textContent: title }), make('span', { textContent: note }));
    };
    scope.replaceChildren(radio(-1, 'All', 'stages'), ...space.stages.map((s, i) => radio(i, s.name, '')),
      make('span', { className: 'hd' }, make('b', { textContent: 'Head' }), make('span')));
  }

  // A block can be dragged with a mouse or a pen: up is depth, sideways is width; a click selects its stage.
  #dragBlocks(onstage, signal) {
    const svg = byId('drawing');
    let drag;
    svg.addEventListener('pointerdown', e => {
      const stage = e.target.dataset?.stage;
      if (stage === undefined) return;
      drag = { stage: Number(stage), x: e.clientX, y: e.clientY, child: this.#child, moved: false };
      if (e.pointerType !== 'touch') svg.setPointerCapture(e.pointerId);
    }, { signal });
    svg.addEventListener('pointermove', e => {
      if (!drag || e.pointerType === 'touch') return;
      const { stage, child, x, y } = drag, at = name => spaces.slider(this.#space, child, stage, name).value;
      const depth = at('depth') + Math.round((y - e.clientY) / 40), width = at('width') + Math.round((e.clientX - x) / 14);
      const next = spaces.move(this.#space, spaces.move(this.#space, child, stage, 'depth', depth), stage, 'width', width);
      if (spaces.equal(next, this.#child)) return;
      drag.moved = true;
      this.#touched();
      this.#onmove(next, e);
    }, { signal });
    svg.addEventListener('pointerup', () => {
      if (drag && !drag.moved) onstage(drag.stage === this.#stage ? -1 : drag.stage);
      drag = undefined;
    }, { signal });
    svg.addEventListener('pointercancel', () => { drag = undefined; }, { signal });
  }

  #touched() {
    this.#used = true;
    byId('hint').hidden = true;
  }

  /** Nothing beyond that child can be chosen until more weights are here; undefined for all. */
  limit(ceiling) { this.#ceiling = ceiling; }

  // reach is the last notch of a slider whose weights are here.
  #reach(name, max) {
    if (!this.#ceiling) return max;
    const most = within(spaces.move(this.#space, this.#child, this.#stage, name, max), this.#ceiling);
    return spaces.slider(this.#space, most, this.#stage, name).value;
  }

  /** Shows "drag me" on the first slider where its thumb is not near an end. */
  invite() {
    const s = spaces.slider(this.#space, this.#child, this.#stage, 'width'), at = s.value / s.max;
    byId('hint').hidden = this.#used || !(at > 0.25 && at < 0.75);
  }

  /** Puts everything to the child; stage is -1 for all stages. */
  show(child, stage) {
    this.#child = child;
    this.#stage = stage;
    for (const name of NAMES) {
      const s = spaces.slider(this.#space, child, stage, name), input = byId(name), box = input.parentElement;
      if (Number(input.max) !== s.max) input.max = s.max;
      if (Number(input.value) !== s.value) input.value = s.value;
      input.disabled = Boolean(s.off);
      box.classList.toggle('off', Boolean(s.off));
      box.style.setProperty('--p', s.max ? s.value / s.max : 1);
      const reach = this.#reach(name, s.max);
      box.classList.toggle('arriving', reach < s.max);
      box.style.setProperty('--a', s.max ? reach / s.max : 1);
      input.setAttribute('aria-valuetext', s.text);
      write(box.querySelector('output'), s.text);
    }
    const name = stage < 0 ? 'All stages' : `${this.#space.stages[stage].name} only`;
    for (const el of document.querySelectorAll('.sc')) write(el, name);
    byId(`stage-${stage}`).checked = true;
    child.stages.forEach((s, i) => this.#channels(byId(`stage-${i}`).parentElement.lastChild, s.width));
    this.#channels(byId('scope').lastChild.lastChild, child.head);
    for (const p of this.#presets) {
      p.button.setAttribute('aria-pressed', String(spaces.equal(p.child, child)));
      p.button.disabled = !fits(p.child, this.#ceiling);
    }
  }

  #channels(el, n) {
    if (el.dataset.n === String(n)) return;
    el.dataset.n = n;
    el.replaceChildren(String(n), make('i', { textContent: ' ch' }));
  }
}
