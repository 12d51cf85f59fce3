// The choice of weights: the page works with those that it has until all of the wanted
// ones have arrived in an engine of their own, and goes on with them if they do not.
import { Engine } from '../worker/engine.js';
import { clear, notice, sentences } from '../shared/notice.js';
import { asset, byId, make, megabytes, write } from '../shared/page.js';

// beside is the address of a file on the page's own server: from elsewhere nothing is loaded.
function beside(id) {
  const { origin, href } = new URL(id, location.href);
  if (origin !== location.origin) throw { message: 'They are on another server', hint: 'Put the file beside the page and name it in ?weights=' };
  return href;
}

export class Choice {
  #all; #current; #coming; #onchange; #inputs;

  /** all: the manifests of the weights. onchange(manifest, engine, ready, values, watch) gets those that have arrived. */
  constructor(all, current, onchange) {
    this.#all = all;
    this.#current = current;
    this.#onchange = onchange;
    byId('arrives-stop').addEventListener('click', () => this.#stop());
    this.#build();
  }

  #build() {
    this.#inputs = this.#all.map(({ id, name }) => {
      const input = make('input', { type: 'radio', name: 'weights', value: id, checked: id === this.#current.id });
      input.addEventListener('change', () => this.take(id));
      return input;
    });
    const box = byId('weights');
    box.replaceChildren(box.firstElementChild, ...this.#inputs.map((input, i) => make('label', {}, input, this.#all[i].name)));
    box.hidden = this.#all.length < 2;
  }

  /**
   * Asks for weights, by their id or their address; values are those of a link. It
   * resolves to whether they have come.
   */
  async take(id, values = {}) {
    this.#stop();
    clear('choice');
    if (id === this.#current.id) return true;
    const known = this.#all.find(w => w.id === id), name = known?.name ?? id;
    const coming = this.#coming = { id };
    const engine = coming.engine = new Engine(error => coming.onstop?.(error));
    let error;
    coming.onstop = e => { error = e; };
    this.#say(name, 0, known?.bytes);
    try {
      const about = known ?? { engine: this.#all[0].engine, weights: beside(id) };
      const ready = await engine.boot(about, ({ loaded }) => { if (this.#coming === coming && loaded !== undefined) this.#say(name, loaded, known?.bytes); });
      const manifest = known ?? (await import('./foreign.js')).describe(id, about, ready, engine, this.#all[0].samples);
      const arrived = await manifest;
      if (this.#coming !== coming) return false;
      navigator.serviceWorker?.ready.then(({ active }) => active.postMessage({ keep: asset(arrived.weights) }));
      if (!known) this.#all.push(arrived);
      this.#current = arrived;
      this.#rest();
      this.#onchange(arrived, engine, ready, values, f => { coming.onstop = f; });
      this.#build();
      return true;
    } catch (reason) {
      if (this.#coming !== coming) return false;
      this.#stop();
      notice('choice', `The weights “${name}” are not here.`, `${sentences(error ?? reason)} The page goes on with “${this.#current.name}”.`, ['Try again', () => this.take(id, values)]);
      return false;
    }
  }

  #stop() {
    this.#coming?.engine.stop();
    this.#rest();
  }

  #rest() {
    this.#coming = undefined;
    write(byId('arrives'), '');
    byId('arrives-stop').hidden = true;
    for (const input of this.#inputs) input.checked = input.value === this.#current.id;
  }

  #say(name, loaded, total) {
    write(byId('arrives'), `${name}: ${megabytes(loaded)} ${total ? `of ${megabytes(total)} ` : ''}MB`);
    byId('arrives-stop').hidden = false;
    for (const input of this.#inputs) input.checked = input.value === this.#coming.id;
  }
}
