// Where pictures come from: the gallery, a file, a drop, the clipboard. Only
// bytes leave this module; they are decoded in Go, never read back from a canvas.
import { asset, byId, make, write } from './page.js';

/** Samples drawn for this page; label is the truth. */
export const SAMPLES = [
  { name: 'parachute', label: 'parachute', alt: 'Sample picture: a red and white parachute in a blue sky' },
  { name: 'church', label: 'church', alt: 'Sample picture: a stone church with a slate spire' },
  { name: 'golf-ball', label: 'golf ball', alt: 'Sample picture: a golf ball on a tee in the grass' },
  { name: 'gas-pump', label: 'gas pump', alt: 'Sample picture: a red gas pump in front of a wall' },
  { name: 'garbage-truck', label: 'garbage truck', alt: 'Sample picture: a green garbage truck on a street' },
  { name: 'french-horn', label: 'French horn', alt: 'Sample picture: a brass French horn on a dark cloth' },
];

const address = name => asset(`samples/${name}.jpg`);
const MAX_FILE = 80e6; // bytes; more is no photograph

/**
 * Gallery and inputs. onpicture({name, label, alt, bytes, read, live}) gets every picture
 * that was chosen and resolves when it has been answered; read() is a promise of its
 * bytes once more. onproblem(title, text) gets what could not even be read.
 */
export class Pictures {
  #onpicture; #onproblem; #buttons = new Map(); #own; #camera; #webcam; #last; #stop; #wanted = 0;

  constructor({ onpicture, onproblem }) {
    this.#onpicture = onpicture;
    this.#onproblem = onproblem;
    for (const s of SAMPLES) {
      const img = make('img', { src: address(`${s.name}-small`), alt: '', width: 44, height: 44 });
      const b = make('button', { type: 'button', onclick: () => this.sample(s.name) }, img);
      b.setAttribute('aria-label', s.label);
      this.#buttons.set(s.name, b);
    }
    this.#own = make('button', { type: 'button', className: 'own', textContent: 'Your own picture', onclick: () => byId('file').click() });
    this.#buttons.set('own', this.#own);
    this.#camera = make('button', { type: 'button', className: 'own', onclick: () => this.#film() }, 'Webcam', make('small', { id: 'rate' }));
    this.#buttons.set('webcam', this.#camera);
    byId('gallery').replaceChildren(...this.#buttons.values());
    byId('decoding-stop').addEventListener('click', () => { this.#stop(); this.#own.focus(); });
    byId('file').addEventListener('change', e => {
      const [file] = e.target.files;
      e.target.value = ''; // the same file again is a change again
      if (file) this.#file(file);
    });
    this.#drops();
    addEventListener('paste', e => {
      const [file] = e.clipboardData?.files ?? [];
      if (file) { e.preventDefault(); this.#file(file); }
    });
  }

  /** Marks the button of the picture that is shown: a sample's name, or "own". */
  mark(name) {
    for (const [n, b] of this.#buttons) b.setAttribute('aria-pressed', String(n === name));
  }

  /** Shows a sample as it is, until the engine can show what a child sees of it. */
  preview(name) {
    const { alt } = SAMPLES.find(x => x.name === name), img = byId('sample');
    if (img.src !== address(name)) img.src = address(name);
    img.alt = alt;
  }

  /** Shows how much of a picture is decoded, 0 to 1, and a button that calls stop. */
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
    const s = SAMPLES.find(x => x.name === name), turn = this.#turn();
    const read = async () => {
      const response = await fetch(address(name));
      if (!response.ok) throw new Error(String(response.status));
      return response.arrayBuffer();
    };
    try {
      const bytes = await read();
      if (turn === this.#wanted) this.#onpicture({ ...s, bytes, read });
    } catch {
      if (turn === this.#wanted) this.#onproblem(`The sample “${s.label}” did not arrive.`, 'Check the connection and choose it again.');
    }
  }

  // turn is the number of a new choice; an older one that arrives later is dropped, and the camera goes off.
  #turn() {
    this.#last = undefined;
    this.#webcam?.stop();
    return ++this.#wanted;
  }

  // film switches the webcam on or off; its module loads with the first use.
  async #film() {
    if (this.#camera.getAttribute('aria-busy') === 'true') return this.#webcam?.stop();
    const turn = this.#turn(), seen = { name: 'webcam', label: '', alt: 'What the camera sees' };
    this.#camera.setAttribute('aria-busy', 'true');
    try {
      const { Webcam } = await import('./webcam.js');
      this.#webcam ??= new Webcam({
        onframe: bytes => {
          const last = this.#last = bytes.slice(0); // the engine gets the other
          return this.#onpicture({ ...seen, bytes, read: async () => last.slice(0), live: true });
        },
        onrate: n => write(byId('rate'), `${n} a second`),
        onstop: problem => {
          this.#camera.setAttribute('aria-busy', 'false');
          write(byId('rate'), '');
          const last = this.#last;
          if (last) this.#onpicture({ ...seen, read: async () => last.slice(0) });
          if (problem) this.#onproblem(...problem);
        },
      });
    } catch {
      this.#camera.setAttribute('aria-busy', 'false');
      return this.#onproblem('The part for the webcam did not arrive.', 'Check the connection and press Webcam again.');
    }
    if (turn === this.#wanted) this.#webcam.start();
  }

  async #file(file) {
    const turn = this.#turn(), name = file.name || 'The picture';
    if (file.size > MAX_FILE) {
      return this.#onproblem(`${name} is too big.`, `It has ${Math.ceil(file.size / 1e6)} MB, at most ${MAX_FILE / 1e6} are read. Make it smaller first.`);
    }
    try {
      const bytes = await file.arrayBuffer();
      if (turn === this.#wanted) this.#onpicture({ name: 'own', file: name, label: '', alt: `Your picture: ${name}`, bytes, read: () => file.arrayBuffer() });
    } catch {
      this.#onproblem(`${name} can’t be opened.`, 'Is it a folder, or was it moved? Choose a picture file.');
    }
  }

  #drops() {
    const drop = byId('drop');
    let inside = 0;
    const hasFile = e => [...(e.dataTransfer?.types ?? [])].includes('Files');
    addEventListener('dragenter', e => { if (hasFile(e)) { inside++; drop.hidden = false; } });
    addEventListener('dragleave', e => { if (hasFile(e) && --inside <= 0) { inside = 0; drop.hidden = true; } });
    addEventListener('dragover', e => { if (hasFile(e)) e.preventDefault(); });
    addEventListener('drop', e => {
      if (!hasFile(e)) return;
      e.preventDefault();
      inside = 0;
      drop.hidden = true;
      const [file] = e.dataTransfer.files;
      if (file) this.#file(file);
    });
  }
}
