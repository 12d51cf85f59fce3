// The presenter's mode: one figure at a time, big, with nothing around it. Nothing is
// taken away while it is on, so that the page is as it was when it ends.
import { step } from '../shared/back.js';
import { make, write } from '../shared/page.js';

const ON = 'presenting';
const NEXT = ['ArrowRight', 'ArrowDown', 'PageDown', ' ', 'Enter'], BEFORE = ['ArrowLeft', 'ArrowUp', 'PageUp'];
const BY_REMOTE = ['PageDown', 'PageUp']; // a remote control's keys work wherever the focus is

export class Presenter {
  #root; #slides; #state; #at = -1; #from; #begin; #top = 0; #forget; #still = []; #count = make('span'); #bar;

  /** slides are the figures of the section root. It listens until the signal. */
  constructor(root, slides, state, signal) {
    this.#root = root;
    this.#slides = slides;
    this.#state = state;
    const button = (text, label, f) => {
      const b = make('button', { type: 'button', className: 'plain', textContent: text, onclick: f });
      b.setAttribute('aria-label', label);
      return b;
    };
    this.#bar = make('p', { className: 'bar-of-slides' }, button('←', 'Figure before', () => this.#go(-1)), this.#count, button('→', 'Next figure', () => this.#go(1)), button('Esc', 'End the presentation', () => this.end()));
    root.append(this.#bar);
    this.#bar.hidden = true;
    addEventListener('keydown', e => this.#key(e), { signal });
    signal.addEventListener('abort', () => { this.end(); this.#bar.remove(); });
  }

  /** Shows the figure that is nearest to the top of the window. */
  start() {
    if (this.#at >= 0) return;
    this.#from = document.activeElement;
    const tops = this.#slides.map(s => s.getBoundingClientRect().top);
    this.#top = tops.reduce((best, top) => (Math.abs(top) < Math.abs(best) ? top : best));
    this.#begin = tops.indexOf(this.#top);
    this.#still = [...document.body.children, ...this.#root.parentElement.children].filter(el => !el.contains(this.#root) && !el.inert);
    for (const el of this.#still) el.inert = true;
    document.documentElement.classList.add(ON);
    this.#bar.hidden = false;
    this.#forget = step(this.#state, () => this.end());
    this.#show(this.#begin);
  }

  /** Goes back to the page as it was. */
  end() {
    if (this.#at < 0) return;
    this.#slides[this.#at].classList.remove('now');
    this.#at = -1;
    this.#bar.hidden = true;
    document.documentElement.classList.remove(ON);
    for (const el of this.#still) el.inert = false;
    this.#forget();
    // What stands above may have another height by now: the figure is put where it was.
    scrollBy({ top: this.#slides[this.#begin].getBoundingClientRect().top - this.#top, behavior: 'instant' });
    if (this.#from?.isConnected) this.#from.focus({ preventScroll: true });
  }

  #go(by) { this.#show(Math.max(0, Math.min(this.#slides.length - 1, this.#at + by))); }

  #show(at) {
    this.#slides[this.#at]?.classList.remove('now');
    this.#at = at;
    const slide = this.#slides[at], title = slide.querySelector('h3');
    slide.classList.add('now');
    write(this.#count, `${at + 1} of ${this.#slides.length}`);
    this.#root.scrollTop = 0;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }

  // In the presentation all keys of a remote control work; P begins it where the story is being read.
  #key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    // A control under the focus keeps the keys that it has a use for.
    const on = selector => e.target instanceof Element && e.target.matches(selector), field = on('input, select, textarea');
    if (this.#at < 0) {
      const { top, bottom } = this.#root.getBoundingClientRect();
      if (e.key.toLowerCase() !== 'p' || field || top > innerHeight / 2 || bottom < 0) return;
      e.preventDefault();
      return this.start();
    }
    if (e.key === 'Escape') this.end();
    else if (!BY_REMOTE.includes(e.key) && (field || (on('button, a, summary') && (e.key === 'Enter' || e.key === ' ')))) return;
    else if (NEXT.includes(e.key)) this.#go(1);
    else if (BEFORE.includes(e.key)) this.#go(-1);
    else if (e.key === 'Home') this.#show(0);
    else if (e.key === 'End') this.#show(this.#slides.length - 1);
    else return;
    e.preventDefault();
  }
}
