// The images that a person shows, by class. They stay files here; the engine keeps what its
// children see of them, and gets them all again when another engine takes its place.
import { sentences } from '../shared/notice.js';

/** The most classes. */
export const MOST = 20;

/** Of so many images of a class the page keeps what they look like. */
export const SHOWN = 100;

const BIGGEST = 80e6; // bytes; more is no photograph

/** The classes, each with its images. */
export class Examples {
  #engine; #queue = []; #running = false; #waiting = []; #onchange; #onskip; #stopped = false;

  /** {name, images: [{source, name, number, pixels}]}; number and pixels are those of the engine, once it has the image. */
  classes = [];

  /** onchange(class) is called when one has changed, onskip(name, sentence) for a file that can't be read. */
  constructor(onchange, onskip) {
    this.#onchange = onchange;
    this.#onskip = onskip;
  }

  /** How many images the engine does not have yet. */
  get pending() { return this.#queue.length; }

  /** Uses that engine; where it is another one than before, it gets all images. */
  use(engine) {
    if (engine === this.#engine && !this.#stopped) return;
    this.#engine = engine;
    this.#stopped = false;
    this.#queue = [];
    for (const c of this.classes) for (const image of c.images) this.#later(c, image);
    this.#run();
  }

  /** Adds a class and returns it. */
  addClass(name) {
    const added = { name, images: [] };
    this.classes.push(added);
    return added;
  }

  /** Takes a class away with its images. */
  removeClass(gone) {
    this.classes.splice(this.classes.indexOf(gone), 1);
    this.#forget(gone.images);
  }

  /** Adds an image file to a class. */
  add(to, source, name) {
    if (source.size > BIGGEST) return this.#onskip(name, `It has ${Math.ceil(source.size / 1e6)} MB, at most ${BIGGEST / 1e6} are read.`);
    const image = { source, name };
    to.images.push(image);
    this.#later(to, image);
    this.#run();
  }

  /** Takes an image away. */
  remove(from, image) {
    from.images.splice(from.images.indexOf(image), 1);
    this.#forget([image]);
    this.#onchange(from);
  }

  /** Resolves when the engine has all images. */
  settled() { return this.pending ? new Promise(resolve => this.#waiting.push(resolve)) : Promise.resolve(); }

  /** What is missing before anything can be taught, as a sentence; empty where nothing is. */
  problem() {
    const names = this.classes.map(c => c.name.trim()), unnamed = names.indexOf(''), twice = names.find((n, i) => names.indexOf(n) < i), empty = this.classes.findIndex(c => !c.images.length);
    if (names.length < 2) return 'There is one class only, and a classifier needs two at least: add another, even if it is “something else”.';
    if (unnamed >= 0) return `Class ${unnamed + 1} has no name: give it one.`;
    if (twice !== undefined) return `Two classes are called “${twice}”: give one of them another name.`;
    if (empty >= 0) return `“${names[empty]}” has no images: add some, or remove the class.`;
    return '';
  }

  /** The classes as the engine is asked to teach them. */
  ask() {
    const of = this.classes.flatMap((c, i) => c.images.map(() => i)), examples = this.classes.flatMap(c => c.images.map(i => i.number));
    return { labels: this.classes.map(c => c.name.trim()), examples, of };
  }

  /** The image with that number in the engine, and its class: {image, label}. */
  find(number) {
    for (const { name, images } of this.classes) {
      const image = images.find(i => i.number === number);
      if (image) return { image, label: name.trim() };
    }
    return undefined;
  }

  #later(of, image) {
    image.number = undefined;
    this.#queue.push({ of, image });
  }

  #forget(images) {
    const gone = new Set(images), examples = images.map(i => i.number).filter(Boolean);
    this.#queue = this.#queue.filter(({ image }) => !gone.has(image));
    if (examples.length) this.#engine.request('forget', { examples }).catch(() => { /* it has stopped, and forgotten all */ });
    this.#settle();
  }

  #settle() {
    if (!this.pending) this.#waiting.splice(0).forEach(f => f());
  }

  // One image after another: decoding takes memory.
  async #run() {
    if (this.#running) return;
    this.#running = true;
    while (this.#queue.length && !this.#stopped) {
      const [next] = this.#queue, { of, image } = next, engine = this.#engine;
      try {
        const bytes = await image.source.arrayBuffer();
        const { example, width, bytes: pixels } = await engine.request('example', {}, { bytes });
        if (engine !== this.#engine) continue; // it is asked again
        image.number = example;
        if (of.images.indexOf(image) < SHOWN) image.pixels ??= new ImageData(new Uint8ClampedArray(pixels), width);
        if (!of.images.includes(image)) engine.request('forget', { examples: [example] }).catch(() => {});
      } catch (error) {
        if (engine !== this.#engine) continue;
        if (error.stale) { // it starts again by itself
          this.#stopped = true;
          break;
        }
        of.images.splice(of.images.indexOf(image) >>> 0, 1);
        this.#onskip(image.name, error.code ? sentences(error) : 'Is it a folder, or was it moved?');
      }
      this.#queue = this.#queue.filter(q => q !== next);
      this.#onchange(of);
    }
    this.#running = false;
    this.#settle();
  }
}
