// The answer: five bars, patched in place, and one sentence for screen readers
// at most once a second.
import { NONE, clock, unknown } from '../shared/answers.js';
import { byId, make, number, percent, write } from '../shared/page.js';

const ROWS = 5;

export class Answer {
  #rows; #said = ''; #next = ''; #timer = 0;

  constructor() {
    this.#rows = Array.from({ length: ROWS }, () => {
      const label = make('span', { textContent: '\u00a0' }), value = make('span'), bar = make('i');
      return { label, value, bar, li: make('li', {}, label, value, bar) };
    });
    byId('bars').replaceChildren(...this.#rows.map(r => r.li));
    this.none('Loading');
    this.wait();
  }

  /** Shows a child's answer; truth is the label of a sample, empty where nobody knows. */
  show(arch, answer, truth) {
    const { top, inherited } = answer, guesses = unknown(answer), turned = byId('none').hidden === guesses;
    this.#busy(false, guesses);
    this.#rows.forEach((r, i) => {
      const s = top[i];
      r.li.hidden = !s;
      if (!s) return;
      const value = percent(s.p), changed = r.label.textContent !== s.label || r.value.textContent.length !== value.length;
      write(r.label, s.label);
      write(r.value, value);
      if (i === 0 && (changed || turned)) this.#fit();
      r.bar.style.setProperty('--v', s.p.toFixed(4));
    });
    const right = !guesses && top[0].label === truth;
    write(byId('verdict'), !truth ? '' : right ? '✓ right' : `✕ it is a ${truth}`);
    byId('tiny').replaceChildren(!truth ? '' : right ? '✓ right, ' : '✕ wrong, ', clock(arch), ` ms${inherited ? ', inherited statistics' : ''}`);
    byId('borrowed').hidden = !inherited;
    this.#say(`${guesses ? `${NONE}; if it is one: ` : ''}${top[0].label}, ${number(100 * top[0].p)} percent${!truth ? '' : right ? ', right' : `, wrong, it is a ${truth}`}`);
  }

  /** Says that what is shown is not the answer of the child that is shown. */
  wait() { byId('answer').setAttribute('aria-busy', 'true'); }

  // busy also says whether the rows are an answer, or guesses at an image that is probably of no class.
  #busy(on, guesses) {
    byId('answer').setAttribute('aria-busy', String(on));
    byId('bars').classList.toggle('guesses', guesses);
    byId('none').hidden = !guesses;
  }

  // fit makes a long headline smaller instead of cutting it.
  #fit() {
    const { li, label } = this.#rows[0];
    li.classList.remove('long');
    li.classList.toggle('long', label.scrollWidth > label.clientWidth);
  }

  /** Says in place of the answer why there is none. */
  none(text) {
    this.#busy(false, false);
    this.#rows.forEach(r => { write(r.label, '\u00a0'); write(r.value, ''); r.bar.style.setProperty('--v', 0); });
    write(this.#rows[0].label, text);
    write(byId('verdict'), '');
    write(byId('tiny'), '');
  }

  #say(text) {
    this.#next = text;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      if (this.#next !== this.#said) write(byId('say'), this.#said = this.#next);
    }, 1000);
  }
}
