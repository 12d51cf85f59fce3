// What the child sees: the image at the child's resolution, which the engine has resized.
import { brush, byId, write } from '../shared/page.js';

export class Seen {
  #drawing; #view; #canvas = byId('image'); #key; #last;

  /** It is shown in its place and in the drawing. */
  constructor(drawing) { this.#drawing = drawing; }

  /** Shows it in the network view, too. */
  attach(view) {
    this.#view = view;
    if (this.#last) view.image(...this.#last);
  }

  /** What is on the way is not shown, and the same image is asked for again. */
  forget() { this.#key = undefined; }

  /** Asks the engine for its present image, unless that is shown already. */
  async show(engine, resolution, image) {
    if (this.#key?.resolution === resolution && this.#key.image === image) return;
    const key = this.#key = { resolution, image }, canvas = this.#canvas;
    const { width, bytes } = await engine.request('seen', { resolution });
    if (key !== this.#key) return;
    canvas.width = canvas.height = width;
    brush(canvas).putImageData(new ImageData(new Uint8ClampedArray(bytes), width), 0, 0);
    canvas.setAttribute('aria-label', image.alt);
    canvas.hidden = false;
    byId('sample').hidden = true;
    write(byId('seen'), `${width} × ${width} px`);
    setTimeout(() => this.#drawing.image(canvas)); // not in one piece with what is above
    this.#last = [width, bytes];
    this.#view?.image(width, bytes);
  }
}
