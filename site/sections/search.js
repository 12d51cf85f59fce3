// What is known of children for the chart: those that were measured, and those
// that the engine's search predicts. It asks the engine; it draws nothing.

const EVALUATIONS = { whole: 2000, within: 1000 };

const CLOSE = 1.02; // times the cost of the one before: too close for a mark or a row of its own

/** Children with costs and accuracy, by the text of their architecture. */
export class Children {
  #explorer; #all = new Map(); #onchange; #running; #seed = 1; #found;

  /** False once the engine has said that these weights have no predictor. */
  predictable = true;

  /** onchange() is called whenever there is more to show. */
  constructor(explorer, onchange) {
    this.#explorer = explorer;
    this.#onchange = onchange;
  }

  /**
   * All of them, cheapest first in that cost. Those that no other of their kind
   * beats have front: true; of those that hardly differ all but one have close: true.
   */
  list(unit) {
    this.#merge();
    const all = [...this.#all.values()].sort((a, b) => a.costs[unit] - b.costs[unit] || b.accuracy.p - a.accuracy.p);
    const kind = all.some(c => c.accuracy.kind === 'predicted') ? 'predicted' : 'measured';
    let best = 0, last = 0;
    return all.map(c => {
      const cost = c.costs[unit], front = c.accuracy.kind === kind && cost > 0 && c.accuracy.p > best;
      if (!front) return { ...c, front };
      best = c.accuracy.p;
      const close = kind === 'predicted' && cost < last * CLOSE;
      if (!close) last = cost;
      return { ...c, front, close };
    });
  }

  /** Takes in the children of the manifest, with what they cost. */
  async measured() {
    const { manifest, engine, family } = this.#explorer;
    for (const m of manifest.children ?? []) {
      const { child } = await engine.request('parse', { arch: m.arch });
      await this.#count(child, m.arch);
    }
    for (const { label, child } of family) {
      const { arch } = await this.#explorer.count(child), known = this.#all.get(arch);
      if (known) known.name = label;
    }
    this.#onchange();
  }

  async #count(child, arch) {
    const { cost, accuracy } = await this.#explorer.count(child);
    if (accuracy) this.#all.set(arch, { name: this.#all.get(arch)?.name, arch, child, costs: cost, accuracy });
  }

  /** Counts all again: the device's milliseconds became known. */
  async recount() {
    this.#merge();
    for (const { child, arch } of [...this.#all.values()]) await this.#count(child, arch);
    this.#onchange();
  }

  /**
   * Searches for children that cost at most that; limits is {} for all of the
   * range. ontell({done, total, phase}) gets progress. It resolves to true when
   * the search came to its end, and to false when a newer one took its place or
   * there is no predictor.
   */
  async search(unit, limits, ontell) {
    const { engine } = this.#explorer;
    this.stop();
    if (!this.predictable) return false;
    const running = this.#running = engine.request('search',
      { limits, against: unit, evaluations: Object.keys(limits).length ? EVALUATIONS.within : EVALUATIONS.whole, seed: this.#seed++, method: 'coarse-to-fine' },
      { onprogress: p => { this.#add(p.front, unit); ontell(p); } });
    try {
      this.#add((await running).front, unit);
      return this.#running === running;
    } catch (error) {
      if (error.code === 'no_predictor') this.predictable = false;
      else if (!error.stale) throw error;
      return false;
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  /** Ends a search that runs. */
  stop() {
    const running = this.#running;
    this.#running = undefined;
    if (running) this.#explorer.engine.cancel(running.id);
  }

  // add keeps what a search found until somebody looks; the next front of the same search has all of it.
  #add(front, unit) {
    this.#found = { front, unit };
    this.#onchange();
  }

  // merge takes it in; of the predicted children only those stay that no other beats.
  #merge() {
    const { front, unit } = this.#found ?? {};
    if (!front) return;
    this.#found = undefined;
    for (const { arch, child, costs, accuracy, error, kind } of front) {
      if (!this.#all.has(arch)) this.#all.set(arch, { arch, child, costs, accuracy: { kind, p: accuracy, error } }); // what was measured stays measured
    }
    for (const c of this.list(unit)) if (!c.front && c.accuracy.kind === 'predicted') this.#all.delete(c.arch);
  }
}
