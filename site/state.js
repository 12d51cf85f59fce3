// What a link reproduces, in one table. The address carries it behind '#' (the
// page writes that) or '?' (people may). Unknown keys are ignored; a value that
// is not allowed becomes the nearest that is, or the initial one.

const text = max => v => v.slice(0, max);
const oneOf = list => v => list().includes(v) ? v : undefined;
const fixed = (...list) => oneOf(() => list);
const whole = (low, high) => v => /^\d+$/.test(v) ? String(Math.min(high, Math.max(low, Number(v)))) : undefined;

/**
 * A store of the state. pictures() and stages() give what is allowed now; stages
 * are not known before the search space is.
 */
export class State {
  #values = {};
  #table;
  #listeners = [];
  #timer = 0;

  constructor({ pictures, stages }) {
    this.#table = {
      arch: { initial: '', read: text(1024) }, // the engine's codec checks it
      picture: { initial: pictures()[0], read: oneOf(pictures) },
      stage: { initial: 'all', read: oneOf(() => ['all', ...stages()]) },
      heat: { initial: 'off', read: fixed('off', 'on') }, // the map of what the child looked at
      statistics: { initial: 'own', read: fixed('own', 'inherited') },
      layer: { initial: '', read: oneOf(() => ['', ...stages()]) }, // whose channel the curve shows
      channel: { initial: '', read: whole(0, 9999) },
      unit: { initial: 'macs', read: fixed('macs', 'bytes', 'latency') }, // of the budget
      budget: { initial: '', read: whole(1, 1e12) }, // MACs, bytes, or microseconds
      b: { initial: '', read: text(1024) }, // the child to compare with: a text for the codec, or a name
      tour: { initial: '', read: v => v === '' ? '' : whole(1, 6)(v) }, // the step
    };
    for (const [key, row] of Object.entries(this.#table)) this.#values[key] = row.initial;
    this.readAddress();
    addEventListener('hashchange', () => {
      const before = JSON.stringify(this.#values);
      this.readAddress();
      if (JSON.stringify(this.#values) !== before) this.#listeners.forEach(f => f());
    });
  }

  get(key) { return this.#values[key]; }

  set(key, value) {
    if (!(key in this.#table)) throw new Error(`no state named ${key}`);
    if (this.#values[key] === value) return;
    this.#values[key] = value;
    this.#writeSoon();
  }

  /** Calls f when the address was changed from outside (a link, the back button). */
  onaddress(f) { this.#listeners.push(f); }

  /** Takes what the address says; everything else keeps its value. */
  readAddress() {
    const given = new URLSearchParams(location.search);
    for (const [k, v] of new URLSearchParams(location.hash.slice(1))) given.set(k, v);
    for (const [key, row] of Object.entries(this.#table)) {
      if (!given.has(key)) continue;
      this.#values[key] = row.read(given.get(key)) ?? row.initial;
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
      history.replaceState(null, '', this.link());
    }, 400);
  }
}
