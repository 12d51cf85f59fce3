// Undo and redo of the child. Moves of one control that follow each other closely
// are one step: a drag is undone as a whole.
import { byId } from '../shared/page.js';

const TOGETHER = 700; // ms between moves of one gesture
const MOST = 200; // steps that are kept

export class History {
  #past = []; #future = []; #now; #by; #at = -Infinity; #take;

  /** take(child) puts the explorer to a child of the past, until the signal. */
  constructor(take, signal) {
    this.#take = take;
    byId('undo').addEventListener('click', () => this.#step(this.#past, this.#future), { signal });
    byId('redo').addEventListener('click', () => this.#step(this.#future, this.#past), { signal });
    addEventListener('keydown', e => {
      if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
      const key = e.key.toLowerCase(), redo = key === 'y' || (key === 'z' && e.shiftKey);
      if (!redo && key !== 'z') return;
      e.preventDefault();
      byId(redo ? 'redo' : 'undo').click();
    }, { signal });
  }

  /** The child to start from: nothing to go back to. */
  start(child) { this.#now = child; this.#show(); }

  /** Remembers a new child; event is what the person did, if anything. */
  record(child, event) {
    const target = event?.type === 'click' ? undefined : event?.target;
    const same = target && target === this.#by && event.timeStamp - this.#at < TOGETHER;
    if (!same) {
      this.#past.push(this.#now);
      if (this.#past.length > MOST) this.#past.shift();
    }
    this.#future = [];
    this.#by = target;
    this.#at = event?.timeStamp ?? -Infinity;
    this.start(child);
  }

  #step(from, to) {
    if (!from.length) return;
    to.push(this.#now);
    this.#by = undefined;
    this.start(from.pop());
    this.#take(this.#now);
  }

  // A button that has the focus keeps it: it is not disabled but says that it does nothing.
  #show() {
    byId('undo').setAttribute('aria-disabled', String(!this.#past.length));
    byId('redo').setAttribute('aria-disabled', String(!this.#future.length));
  }
}
