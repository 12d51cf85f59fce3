// The proof that nothing is retrained, while nobody waits for an answer: the engine counts the
// shared weights that have changed, and the child is timed once more.
import { sooner } from '../shared/answers.js';

const DELAY = 1500; // ms without an answer

export class Proof {
  #explorer; #answer; #costs; #timer = 0;

  /** answer and costs show what is found. */
  constructor(explorer, answer, costs) {
    this.#explorer = explorer;
    this.#answer = answer;
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
    const { child, inherited, image, answer: first } = this.#explorer;
    if (!first) return;
    const { arch, answer } = await engine.request('try', { child, inherited });
    if (first !== this.#explorer.answer) return;
    const best = sooner(first, answer);
    this.#answer.show(best, image?.label);
    this.#costs.time(arch, best.timing);
  }
}
