// What a link reproduces, in one table. The address carries it behind '#' (the
// page writes that) or '?' (people may). Unknown keys are ignored; a value that
// is not allowed becomes the nearest that is, or the initial one.

const text = max => v => v.slice(0, max);
const oneOf = list => v => list().includes(v) ? v : undefined;
const fixed = (...list) => oneOf(() => list);
const whole = (low, high) => v => /^\d+$/.test(v) ? String(Math.min(high, Math.max(low, Number(v)))) : undefined;

// What belongs to weights: with others it begins anew.
const OF_WEIGHTS = ['arch', 'image', 'stage', 'layer', 'channel', 'budget', 'b'];

/**
 * A store of the state. weights() are the ids of the weights; images(id) and
 * stages(id) what is allowed with them.
 */
export class State {
  #values = {};
  #table;
  #listeners = [];
  #onweights = () => {};
  #timer = 0;

  constructor({ weights, images, stages }) {
    const of = f => f(this.#values.weights);
    this.#table = {
      weights: { initial: weights()[0], read: v => weights().includes(v) || /[./]/.test(v) ? v : undefined }, // an id, or an address
      arch: { initial: '', read: text(1024) }, // the engine's codec checks it
      image: { initial: '', read: oneOf(() => of(images)), was: 'picture' }, // none: the first
      stage: { initial: 'all', read: oneOf(() => ['all', ...of(stages)]) },
      heat: { initial: 'off', read: fixed('off', 'on') }, // the map of what the child looked at
      game: { initial: 'off', read: fixed('off', 'on') },
      statistics: { initial: 'own', read: fixed('own', 'inherited') },
      layer: { initial: '', read: oneOf(() => ['', ...of(stages)]) }, // whose channel the curve shows
      channel: { initial: '', read: whole(0, 9999) },
      unit: { initial: 'macs', read: fixed('macs', 'bytes', 'latency') }, // of the budget
      budget: { initial: '', read: whole(1, 1e12) }, // MACs, bytes, or microseconds
      b: { initial: '', read: text(1024) }, // the child to compare with: a text for the codec, or a name
      tour: { initial: '', read: v => v === '' ? '' : whole(1, 6)(v) }, // the step
    };
    for (const [key, row] of Object.entries(this.#table)) this.#values[key] = row.initial;
    this.readAddress();
    addEventListener('hashchange', () => {
      const before = this.#values;
      this.#values = { ...before };
      this.readAddress();
      const now = this.#values;
      if (now.weights !== before.weights) { // they take a while
        this.#values = before;
        this.#onweights(now);
      } else if (JSON.stringify(now) !== JSON.stringify(before)) {
        this.#listeners.forEach(f => f());
      }
    });
  }

  get(key) { return this.#values[key]; }

  /** All values, by their keys. */
  values() { return { ...this.#values }; }

  set(key, value) {
    if (!(key in this.#table)) throw new Error(`no state named ${key}`);
    if (this.#values[key] === value) return;
    this.#values[key] = value;
    this.#writeSoon();
  }

  /** Calls f when the address was changed from outside (a link, the back button). */
  onaddress(f) { this.#listeners.push(f); }

  /** Calls f(values) when the address names other weights; the state stays until change. */
  onweights(f) { this.#onweights = f; }

  /** Goes over to the weights of that id: what belongs to weights has the given values, or the initial ones. */
  change(id, values) {
    for (const key of OF_WEIGHTS) this.set(key, values[key] ?? this.#table[key].initial);
    this.set('weights', id);
    this.#writeSoon();
  }

  /** Writes the address again, as somebody has changed it in vain. */
  restore() { this.#writeSoon(); }

  /** Takes what the address says; everything else keeps its value. */
  readAddress() {
    const given = new URLSearchParams(location.search);
    for (const [k, v] of new URLSearchParams(location.hash.slice(1))) given.set(k, v);
    for (const [key, row] of Object.entries(this.#table)) {
      const v = given.get(key) ?? given.get(row.was); // in older links
      if (v !== null) this.#values[key] = row.read(v) ?? row.initial;
    }
  }

  /** The address of the state as it is now. */
  link() {
    const p = new URLSearchParams();
    for (const [key, row] of Object.entries(this.#table)) {
      if (this.#values[key] && (key === 'arch' || this.#values[key] !== row.initial)) p.set(key, this.#values[key]);
    }
    const url = new URL(location.href);
    url.search = '';
    url.hash = p.toString();
    return url.href;
  }

  // Browsers refuse more than about 100 changes of the address in 30 seconds.
  #writeSoon() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      history.replaceState(history.state, '', this.link());
    }, 400);
  }
}
