// The webcam: what it sees is an image again and again, the newest one as soon as
// the last has its answer. Nothing of it is kept or sent.
import { brush, write } from '../shared/page.js';

const SIDE = 224; // pixels; no child sees more
const RATE = 1000; // ms over which frames are counted
const SEEN = { name: 'webcam', label: '', alt: 'What the camera sees' };

/** Words for a camera that does not start: [title, what to do]. */
function refusal(error) {
  switch (error?.name) {
    case 'NotAllowedError': case 'SecurityError':
      return ['The camera was not allowed.', 'Allow it in the address bar of the browser and press Webcam again, or choose an image.'];
    case 'NotFoundError': case 'OverconstrainedError':
      return ['There is no camera.', 'Connect one and press Webcam again, or choose an image.'];
    case 'NotReadableError': case 'AbortError':
      return ['The camera can’t be used.', 'Close other programs that use it and press Webcam again, or choose an image.'];
  }
  return ['This page may not use a camera.', 'Browsers allow it over https only; choose an image instead.'];
}

// bitmap writes RGBA pixels as a BMP file with 32 bits a pixel, from the top: the engine decodes files, and nothing is quicker to write.
function bitmap({ data, width, height }) {
  const head = 54, file = new ArrayBuffer(head + data.length), view = new DataView(file), out = new Uint8Array(file, head);
  view.setUint16(0, 0x424d);
  view.setUint32(2, file.byteLength, true);
  view.setUint32(10, head, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, -height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 32, true);
  for (let i = 0; i < data.length; i += 4) {
    out[i] = data[i + 2];
    out[i + 1] = data[i + 1];
    out[i + 2] = data[i];
    out[i + 3] = 255;
  }
  return file;
}

export class Webcam {
  #video = document.createElement('video'); #canvas = document.createElement('canvas'); #stream; #times = []; #last;
  #button; #onimage; #onproblem;

  /**
   * button switches it, is busy while it runs, and says how many frames were answered in
   * a second. onimage gets every frame as an image and resolves when it has been
   * answered; onproblem([title, text]) what went wrong.
   */
  constructor(button, onimage, onproblem) {
    this.#button = button;
    this.#onimage = onimage;
    this.#onproblem = onproblem;
    this.#canvas.width = this.#canvas.height = SIDE;
    this.#video.muted = this.#video.playsInline = true;
    document.addEventListener('visibilitychange', () => { if (document.hidden) this.stop(); });
  }

  /** What the camera sees, for the page. */
  get video() { return this.#video; }

  /** Asks for the camera and runs until stop, until the tab is hidden, or until the camera goes. */
  async start() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'environment' } });
    } catch (error) {
      return this.#ended(refusal(error));
    }
    if (document.hidden) {
      stream.getTracks().forEach(t => t.stop());
      return this.#ended();
    }
    this.#stream = stream;
    stream.getVideoTracks()[0].addEventListener('ended', () => this.stop(['The camera stopped.', 'Press Webcam to start it again, or choose an image.']));
    this.#video.srcObject = stream;
    try {
      await this.#video.play();
    } catch {
      return this.stop(refusal({ name: 'AbortError' }));
    }
    while (this.#stream === stream) {
      const bytes = this.#frame(), last = this.#last = bytes.slice(0); // the engine gets the other
      await this.#onimage({ ...SEEN, bytes, read: async () => last.slice(0), live: true });
      if (this.#stream !== stream) return; // it was switched off meanwhile
      this.#count();
      await new Promise(requestAnimationFrame);
    }
  }

  /** Ends it; the last image stays. */
  stop(problem) {
    if (!this.#stream) return;
    this.#stream.getTracks().forEach(t => t.stop());
    this.#stream = this.#video.srcObject = null;
    this.#ended(problem);
  }

  /** Ends it for another image, which takes the place of the last one. */
  leave() {
    this.#last = undefined;
    this.stop();
  }

  #ended(problem) {
    const last = this.#last;
    this.#button.setAttribute('aria-busy', 'false');
    write(this.#button.lastChild, '');
    if (last) this.#onimage({ ...SEEN, read: async () => last.slice(0) });
    if (problem) this.#onproblem(problem);
  }

  // frame is the middle square of what the camera sees now.
  #frame() {
    const { videoWidth: w, videoHeight: h } = this.#video, side = Math.min(w, h), context = brush(this.#canvas);
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.#video, (w - side) / 2, (h - side) / 2, side, side, 0, 0, SIDE, SIDE);
    return bitmap(context.getImageData(0, 0, SIDE, SIDE));
  }

  #count() {
    const now = performance.now();
    this.#times.push(now);
    while (now - this.#times[0] > RATE) this.#times.shift();
    write(this.#button.lastChild, `${this.#times.length} a second`);
  }
}
