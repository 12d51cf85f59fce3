// The webcam: what it sees is the image of the page, as long as it runs.
import { Camera } from './camera.js';
import { write } from '../shared/page.js';

const RATE = 1000; // ms over which frames are counted
const SEEN = { name: 'webcam', label: '', alt: 'What the camera sees' };

export class Webcam {
  #camera; #times = []; #last; #button; #onimage; #onproblem;

  /**
   * button switches it, is busy while it runs, and says how many frames were answered in
   * a second. onimage gets every frame as an image and resolves when it has been
   * answered; onproblem([title, text]) what went wrong.
   */
  constructor(button, onimage, onproblem) {
    this.#button = button;
    this.#onimage = onimage;
    this.#onproblem = onproblem;
    this.#camera = new Camera(bytes => this.#frame(bytes), problem => this.#ended(problem));
  }

  /** Asks for the camera and runs until stop, until the tab is hidden, or until the camera goes. */
  start() { return this.#camera.start(); }

  /** Ends it; the last image stays. */
  stop() { this.#camera.stop(); }

  /** Ends it for another image, which takes the place of the last one. */
  leave() {
    this.#last = undefined;
    this.stop();
  }

  async #frame(bytes) {
    const last = this.#last = bytes.slice(0); // the engine gets the other
    await this.#onimage({ ...SEEN, bytes, read: async () => last.slice(0), live: true });
    if (this.#camera.on) this.#count();
  }

  #ended(problem) {
    const last = this.#last;
    this.#button.setAttribute('aria-busy', 'false');
    write(this.#button.lastChild, '');
    if (last) this.#onimage({ ...SEEN, read: async () => last.slice(0) });
    if (problem) this.#onproblem(problem);
  }

  #count() {
    const now = performance.now();
    this.#times.push(now);
    while (now - this.#times[0] > RATE) this.#times.shift();
    write(this.#button.lastChild, `${this.#times.length} a second`);
  }
}
