// The sections below the hero. Each is a module of its own that loads when its
// place comes near the window, and that works only while it is near.
import { byId, make } from '../shared/page.js';

const LOAD = {
  family: () => import('./family.js'),
  budget: () => import('./budget.js'),
  compare: () => import('./compare.js'),
  statistics: () => import('./statistics.js'),
  classes: () => import('./classes.js'),
  teach: () => import('../teach/teach.js'),
  story: () => import('../story/story.js'),
};
const NEAR = '300px 0px';
const SETTLE = 250; // ms that an image must stand still: a camera's do not

class Lazy {
  #explorer; #root; #load; #near = false; #running = false; #timer = 0; #changed = new Set(['start']); #section;

  constructor(explorer, root, load) {
    this.#explorer = explorer;
    this.#root = root;
    this.#load = load;
    explorer.on(what => { this.#changed.add(what); this.#soon(); });
  }

  near(on) {
    this.#near = on;
    this.#soon();
  }

  // Whatever happened since the last frame is one change.
  #soon() {
    clearTimeout(this.#timer);
    if (this.#running || !this.#near || !this.#explorer.ready || !this.#changed.size) return;
    const waits = this.#section && [...this.#changed].every(what => what === 'image' || what === 'answer');
    this.#timer = setTimeout(() => this.#run(), waits ? SETTLE : 0);
  }

  #run() {
    this.#running = true;
    requestAnimationFrame(async () => {
      try {
        const load = !this.#section && await this.#load();
        if (this.#explorer.closed) return;
        this.#section ??= new load.default(this.#explorer, this.#root);
        const changed = this.#changed;
        this.#changed = new Set();
        this.#section.show(changed);
      } catch (error) {
        this.#missing(error);
        return;
      }
      this.#running = false;
      this.#soon();
    });
  }

  #missing(error) {
    console.warn(error);
    const again = make('button', { type: 'button', className: 'btn', textContent: 'Load again' });
    again.addEventListener('click', () => location.reload());
    this.#root.append(make('div', { className: 'missing' }, make('p', {}, make('b', { textContent: 'This part did not arrive.' }), ' Check the connection. Everything above goes on working.'), again));
  }
}

/** Lets the sections load as they come near. */
export function sections(explorer) {
  const all = new Map(Object.entries(LOAD).map(([id, load]) => [byId(id), new Lazy(explorer, byId(id), load)]));
  const watcher = new IntersectionObserver(entries => entries.forEach(e => all.get(e.target).near(e.isIntersecting)), { rootMargin: NEAR });
  for (const root of all.keys()) watcher.observe(root);
  explorer.signal.addEventListener('abort', () => {
    watcher.disconnect();
    for (const el of document.querySelectorAll('#strip, #strip-note, section > [id$=-box]')) el.replaceChildren(); // of other weights
  });
}
