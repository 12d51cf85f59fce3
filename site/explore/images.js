// Where images come from: the gallery, a file, a drop, the clipboard. Only
// bytes leave this module; they are decoded in Go, never read back from a canvas.
import { asset, byId, make, write } from '../shared/page.js';

const address = name => asset(`samples/${name}.jpg`);
const MAX_FILE = 80e6; // bytes; more is no photograph

/** Gallery and inputs. use says for whom. */
export class Images {
  #onimage; #onproblem; #samples = []; #borrowed; #crop; #buttons; #own; #camera; #webcam; #stop; #wanted = 0;

  constructor() {
    this.#own = make('button', { type: 'button', className: 'own', textContent: 'Your own image', onclick: () => byId('file').click() });
    this.#camera = make('button', { type: 'button', className: 'own', onclick: () => this.#film() }, 'Webcam', make('small', { id: 'rate' }));
    byId('decoding-stop').addEventListener('click', () => { this.#stop(); this.#own.focus(); });
    byId('file').addEventListener('change', e => {
      const [file] = e.target.files;
      e.target.value = ''; // the same file again is a change again
      if (file) this.#file(file);
    });
    this.#drops();
    addEventListener('paste', e => {
      const [file] = e.clipboardData?.files ?? [];
      if (file && !e.defaultPrevented) { e.preventDefault(); this.#file(file); }
    });
  }

  /**
   * Shows the samples of the weights. onimage({name, sample, label, alt, bytes, read, live})
   * gets every image that was chosen and resolves when it has been answered; sample is what a
   * sample shows, label what the answer should be where somebody knows; read() is a promise of
   * the bytes once more. A sample that is the person's own has read and, as an address, small.
   * onproblem(title, text) gets what could not even be read.
   */
  use({ samples, borrowed, crop }, { onimage, onproblem }) {
    this.#onimage = onimage;
    this.#onproblem = onproblem;
    this.#samples = samples;
    this.#borrowed = borrowed;
    this.#crop = crop;
    this.#buttons = new Map(samples.map(s => {
      const img = make('img', { src: s.small ?? address(`${s.name}-small`), alt: '', width: 44, height: 44 });
      const b = make('button', { type: 'button', onclick: () => this.sample(s.name) }, img);
      b.setAttribute('aria-label', s.label || s.name);
      return [s.name, b];
    })).set('own', this.#own).set('webcam', this.#camera);
    byId('gallery').replaceChildren(...this.#buttons.values());
  }

  /** The name of the first sample. */
  get first() { return this.#samples[0]?.name; }

  /** The sample of that name, else the first; undefined where there is none. */
  named(name) { return this.#samples.find(s => s.name === name) ?? this.#samples[0]; }

  /** Marks the button of the image that is shown: a sample's name, or "own". */
  mark(name) {
    for (const [n, b] of this.#buttons) b.setAttribute('aria-pressed', String(n === name));
  }

  /** Shows a sample as it is, until the engine can show what a child sees of it. */
  preview(name) {
    const s = this.named(name), img = byId('sample');
    img.hidden = !s;
    if (!s) return;
    const src = s.small ?? address(s.name);
    if (img.src !== src) img.src = src;
    img.style.transform = `scale(${1 / this.#crop})`;
    img.alt = s.alt;
  }

  /** Shows how much of an image is decoded, 0 to 1, and a button that calls stop. */
  decoding(done, stop) {
    const box = byId('decoding'), bar = box.querySelector('.bar'), percent = Math.floor(100 * done);
    this.#stop = stop;
    box.hidden = false;
    write(byId('decoding-says'), `Decoding: ${percent}\u00a0%`);
    bar.setAttribute('aria-valuenow', percent);
    bar.firstElementChild.style.setProperty('--v', done.toFixed(3));
  }

  /** Takes that away. */
  decoded() { byId('decoding').hidden = true; }

  /** Fetches a sample and hands it on. */
  async sample(name) {
    const s = this.named(name), turn = this.#turn();
    if (!s) return;
    const read = s.read ?? (async () => {
      const response = await fetch(address(s.name));
      if (!response.ok) throw new Error(String(response.status));
      return response.arrayBuffer();
    });
    try {
      const bytes = await read();
      if (turn === this.#wanted) this.#onimage({ ...s, sample: s.label, label: this.#borrowed ? '' : s.label, bytes, read });
    } catch {
      if (turn === this.#wanted) this.#onproblem(`The sample “${s.label}” did not arrive.`, 'Check the connection and choose it again.');
    }
  }

  // turn is the number of a new choice; an older one that arrives later is dropped, and the camera goes off.
  #turn() {
    this.#webcam?.leave();
    return ++this.#wanted;
  }

  // film switches the webcam on or off; its module loads with the first use.
  async #film() {
    if (this.#camera.getAttribute('aria-busy') === 'true') return this.#webcam?.stop();
    const turn = this.#turn();
    this.#camera.setAttribute('aria-busy', 'true');
    try {
      const { Webcam } = await import('./webcam.js');
      this.#webcam ??= new Webcam(this.#camera, image => this.#onimage(image), problem => this.#onproblem(...problem));
    } catch {
      this.#camera.setAttribute('aria-busy', 'false');
      return this.#onproblem('The part for the webcam did not arrive.', 'Check the connection and press Webcam again.');
    }
    if (turn === this.#wanted) this.#webcam.start();
  }

  async #file(file) {
    const turn = this.#turn(), name = file.name || 'The image';
    if (file.size > MAX_FILE) {
      return this.#onproblem(`${name} is too big.`, `It has ${Math.ceil(file.size / 1e6)} MB, at most ${MAX_FILE / 1e6} are read. Make it smaller first.`);
    }
    try {
      const bytes = await file.arrayBuffer();
      if (turn === this.#wanted) this.#onimage({ name: 'own', file: name, label: '', alt: `Your image: ${name}`, bytes, read: () => file.arrayBuffer() });
    } catch {
      this.#onproblem(`${name} can’t be opened.`, 'Is it a folder, or was it moved? Choose an image file.');
    }
  }

  #drops() {
    const drop = byId('drop');
    let inside = 0;
    const hasFile = e => e.dataTransfer?.types.includes('Files');
    addEventListener('dragenter', e => { if (hasFile(e)) { inside++; drop.hidden = false; } });
    addEventListener('dragleave', e => { if (hasFile(e) && --inside <= 0) { inside = 0; drop.hidden = true; } });
    addEventListener('dragover', e => { if (hasFile(e)) e.preventDefault(); });
    addEventListener('drop', e => {
      if (!hasFile(e)) return;
      inside = 0;
      drop.hidden = true;
      // Somebody else may have taken it.
      if (e.defaultPrevented) return;
      e.preventDefault();
      const [file] = e.dataTransfer.files;
      if (/\.safetensors$/.test(file?.name)) dispatchEvent(new CustomEvent('weights', { detail: { weights: file } }));
      else if (file) this.#file(file);
    });
  }
}
