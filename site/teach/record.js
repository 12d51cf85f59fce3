// Images from the webcam: as long as a button is held.
import { Camera } from '../explore/camera.js';
import { make, write } from '../shared/page.js';

const BETWEEN = 120; // ms between two images

/** The camera's picture with its button, for one class at a time. */
export class Recorder {
  #camera; #button; #says; #onimage; #onstop; #held = false;
  root;

  /** onimage(blob) gets an image while the button is held; onstop() hears that the camera is off. */
  constructor(onimage, onstop) {
    this.#onimage = onimage;
    this.#onstop = onstop;
    this.#camera = new Camera(bytes => this.#frame(bytes), problem => this.#stopped(problem));
    this.#button = make('button', { type: 'button', className: 'btn', textContent: 'Hold to record' });
    this.#says = make('p', { className: 'cap' });
    this.#says.setAttribute('role', 'status');
    this.root = make('div', { className: 'camera' }, this.#camera.video, make('div', {}, this.#button, this.#says));
    const on = e => { e.preventDefault(); this.#hold(true); }, off = () => this.#hold(false), key = e => e.key === ' ' || e.key === 'Enter';
    this.#button.addEventListener('pointerdown', e => { this.#button.setPointerCapture(e.pointerId); this.#button.focus(); on(e); });
    for (const type of ['pointerup', 'pointercancel', 'blur']) this.#button.addEventListener(type, off);
    this.#button.addEventListener('keydown', e => { if (key(e)) on(e); });
    this.#button.addEventListener('keyup', e => { if (key(e)) off(); });
    this.#button.addEventListener('contextmenu', e => e.preventDefault()); // of a long press
  }

  /** Switches the camera on. */
  start() {
    write(this.#says, 'Press and hold, and turn the thing a little meanwhile.');
    return this.#camera.start();
  }

  /** Switches it off. */
  stop() { this.#camera.stop(); }

  #hold(on) {
    this.#held = on;
    this.#button.setAttribute('aria-pressed', String(on));
  }

  async #frame(bytes) {
    if (this.#held) this.#onimage(new Blob([bytes], { type: 'image/bmp' }));
    await new Promise(done => setTimeout(done, BETWEEN));
  }

  #stopped(problem) {
    this.#hold(false);
    this.#onstop(problem);
  }
}
