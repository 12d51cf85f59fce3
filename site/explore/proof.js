// The proof that nothing is retrained, while nobody waits for an answer: the engine counts the
// shared weights that have changed, and the child is timed once more.

const DELAY = 1500; // ms without an answer

export class Proof {
  #explorer; #costs; #timer = 0;

  /** costs show what is found. */
  constructor(explorer, costs) {
    this.#explorer = explorer;
    this.#costs = costs;
  }

  /** Begins when nothing has happened for a while. */
  soon() {
    this.stop();
    this.#timer = setTimeout(() => this.#prove().catch(error => this.#explorer.failed(error)), DELAY);
  }

  stop() { clearTimeout(this.#timer); }

  async #prove() {
    const { engine } = this.#explorer;
    this.#costs.verified((await engine.request('verify')).check);
    const { child, inherited, answer } = this.#explorer;
    if (answer) await engine.request('try', { child, inherited });
  }
}
