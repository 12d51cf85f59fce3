// One class: its name, its images, and the ways to add some.
import { SHOWN } from './examples.js';
import { brush, make, number, write } from '../shared/page.js';

let made = 0;

export class Card {
  #of; #examples; #name; #count; #list; #camera; #shown = new Map();
  root;

  /** on: {camera(card), pick(card), remove(card)} are the person's wishes. */
  constructor(of, examples, on) {
    this.#of = of;
    this.#examples = examples;
    const id = `class-${++made}`, button = (textContent, className, f) => make('button', { type: 'button', className, textContent, onclick: f });
    this.#name = make('input', { type: 'text', id, value: of.name, maxLength: 60, autocomplete: 'off' });
    this.#name.addEventListener('input', () => { of.name = this.#name.value; this.#label(); this.#relabel(); });
    this.#count = make('output', { htmlFor: id });
    this.#list = make('ul', { className: 'shown' });
    this.#camera = button('Webcam', 'btn', () => on.camera(this));
    this.#camera.setAttribute('aria-pressed', 'false');
    this.remove = button('Remove class', 'plain', () => on.remove(this));
    this.adds = button('Add images', 'btn', () => on.pick(this));
    this.root = make('li', { className: 'card' }, make('div', { className: 'head' }, make('label', { htmlFor: id, className: 'vh', textContent: 'Name of the class' }), this.#name, this.#count),
      this.#list, make('div', { className: 'acts' }, this.adds, this.#camera, this.remove));
    this.show();
    this.#label();
  }

  get of() { return this.#of; }

  /** Selects the name, to be written over. */
  select() { this.#name.select(); }

  /** Gives the class another name. */
  rename(name) {
    this.#name.value = this.#of.name = name;
    this.#label();
    this.#relabel();
  }

  /** Puts the camera here, or takes it away. */
  film(recorder) {
    this.#camera.setAttribute('aria-pressed', String(Boolean(recorder)));
    if (recorder) this.root.append(recorder.root);
  }

  /** Shows the images as they are now. */
  show() {
    const { images } = this.#of, waiting = images.filter(i => !i.number).length;
    write(this.#count, `${number(images.length)} ${images.length === 1 ? 'image' : 'images'}${waiting ? `, ${number(waiting)} being read` : ''}${images.length > SHOWN ? `, ${SHOWN} shown` : ''}`);
    let gone = false;
    for (const [image, li] of this.#shown) {
      if (images.includes(image)) continue;
      li.remove();
      this.#shown.delete(image);
      gone = true;
    }
    if (gone) this.#relabel();
    for (const image of images.slice(0, SHOWN)) if (image.pixels && !this.#shown.has(image)) this.#list.append(this.#thumbnail(image));
  }

  #thumbnail(image) {
    const { pixels } = image, canvas = make('canvas', { width: pixels.width, height: pixels.height });
    brush(canvas).putImageData(pixels, 0, 0);
    const remove = make('button', { type: 'button', textContent: '×', title: image.name, onclick: () => {
      const next = li.nextElementSibling ?? li.previousElementSibling;
      this.#examples.remove(this.#of, image);
      (next?.querySelector('button') ?? this.adds).focus();
    } });
    const li = make('li', {}, canvas, remove);
    this.#shown.set(image, li);
    this.#about(remove, this.#shown.size);
    return li;
  }

  // label names what a button is about, for who does not see where it is.
  #label() {
    const name = this.#name.value || 'this class';
    this.adds.setAttribute('aria-label', `Add images of ${name}`);
    this.#camera.setAttribute('aria-label', `Webcam for ${name}`);
    this.remove.setAttribute('aria-label', `Remove class ${name}`);
  }

  #about(button, i) { button.setAttribute('aria-label', `Remove image ${i} of ${this.#name.value || 'this class'}`); }

  #relabel() { [...this.#list.children].forEach((li, i) => this.#about(li.lastElementChild, i + 1)); }
}
