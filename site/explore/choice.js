// The choice of weights: the page works with those that it has until all of the wanted
// ones have arrived in an engine of their own, and goes on with them if they do not. A
// classifier that was taught in the page goes into the engine that runs.
import { Engine } from '../worker/engine.js';
import { clear, notice, sentences } from '../shared/notice.js';
import { asset, byId, make, megabytes, write } from '../shared/page.js';

// beside is the address of a file on the page's own server: from elsewhere nothing is loaded.
function beside(id) {
  const { origin, href } = new URL(id, location.href);
  if (origin !== location.origin) throw { message: 'They are on another server', hint: 'Put the file beside the page and name it in ?weights=' };
  return href;
}

const body = manifest => manifest.base ?? manifest;

export class Choice {
  #all; #current; #coming; #onchange; #running; #inputs; #files = 0;

  /**
   * all: the manifests of the weights. onchange(manifest, engine, ready, values, watch) gets those that have arrived;
   * running() is the engine of the current ones.
   */
  constructor(all, current, onchange, running) {
    this.#all = all;
    this.#current = current;
    this.#onchange = onchange;
    this.#running = running;
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
   * Asks for weights, by their id or their address, as a file, or as the manifest of a taught classifier; values are
   * those of a link, and perhaps the image to show. It resolves to whether they have come.
   */
  async take(wish, values = {}) {
    this.#stop();
    clear('choice');
    const known = wish.labels ? wish : this.#all.find(w => w.id === wish);
    if (known === this.#current) return true;
    if (known && body(known) === body(this.#current)) return this.#swap(known, values);
    const file = wish.size ? wish : undefined, name = known?.name ?? file?.name ?? wish, id = known?.id ?? (file ? `file${++this.#files}` : wish);
    const coming = this.#coming = { id };
    const engine = coming.engine = new Engine(error => coming.onstop?.(error));
    let error;
    coming.onstop = e => { error = e; };
    this.#say(name, 0, known?.bytes);
    try {
      const about = known ?? { engine: this.#all[0].engine, weights: file ?? beside(wish) };
      const ready = await engine.boot(about, ({ loaded }) => { if (this.#coming === coming && loaded !== undefined) this.#say(name, loaded, known?.bytes); });
      const manifest = known ?? (await import('./foreign.js')).describe(id, about, ready, engine, this.#all[0].samples);
      const arrived = await manifest;
      if (this.#coming !== coming) return false;
      if (!file) navigator.serviceWorker?.ready.then(({ active }) => active.postMessage({ keep: asset(arrived.weights) }));
      this.#rest();
      this.#become(arrived, engine, ready, values, f => { coming.onstop = f; });
      return true;
    } catch (reason) {
      if (this.#coming !== coming) return false;
      this.#stop();
      notice('choice', `The weights “${name}” are not here.`, `${sentences(error ?? reason)} The page goes on with “${this.#current.name}”.`, ['Try again', () => this.take(wish, values)]);
      return false;
    }
  }

  // swap changes the classifier in the engine that runs.
  async #swap(known, values) {
    const engine = this.#running();
    try {
      await (known.taught ?? (e => e.request('adopt')))(engine);
    } catch (reason) {
      this.#rest();
      if (!reason.stale) notice('choice', `“${known.name}” can’t be used.`, sentences(reason));
      return false;
    }
    if (engine !== this.#running()) return false; // it has stopped since
    this.#become(known, engine, {}, values, f => { engine.onstop = f; });
    return true;
  }

  #become(manifest, engine, ready, values, watch) {
    const at = this.#all.findIndex(w => w.id === manifest.id);
    if (at < 0) this.#all.push(manifest);
    else this.#all[at] = manifest;
    this.#current = manifest;
    this.#onchange(manifest, engine, ready, values, watch);
    this.#build();
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
