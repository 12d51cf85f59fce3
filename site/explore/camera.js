// A camera: what it sees is an image file again and again, the newest one as soon as the
// last has been taken. Nothing of it is kept or sent.
import { brush } from '../shared/page.js';

const SIDE = 224; // pixels; no child sees more

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

export class Camera {
  #video = document.createElement('video'); #canvas = document.createElement('canvas'); #stream; #onframe; #onstop;

  /** onframe(bytes) gets an image file and resolves when it wants the next; onstop(problem) hears that it is over, with [title, text] where something went wrong. */
  constructor(onframe, onstop) {
    this.#onframe = onframe;
    this.#onstop = onstop;
    this.#canvas.width = this.#canvas.height = SIDE;
    this.#video.muted = this.#video.playsInline = true;
    document.addEventListener('visibilitychange', () => { if (document.hidden) this.stop(); });
  }

  /** What the camera sees, for the page. */
  get video() { return this.#video; }

  /** True while it runs. */
  get on() { return Boolean(this.#stream); }

  /** Asks for the camera and runs until stop, until the tab is hidden, or until the camera goes. */
  async start() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'environment' } });
    } catch (error) {
      return this.#onstop(refusal(error));
    }
    if (document.hidden) {
      stream.getTracks().forEach(t => t.stop());
      return this.#onstop();
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
      await this.#onframe(this.#frame());
      if (this.#stream !== stream) return; // it was switched off meanwhile
      await new Promise(requestAnimationFrame);
    }
  }

  /** Ends it. */
  stop(problem) {
    if (!this.#stream) return;
    this.#stream.getTracks().forEach(t => t.stop());
    this.#stream = this.#video.srcObject = null;
    this.#onstop(problem);
  }

  // frame is the middle square of what the camera sees now.
  #frame() {
    const { videoWidth: w, videoHeight: h } = this.#video, side = Math.min(w, h), context = brush(this.#canvas);
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.#video, (w - side) / 2, (h - side) / 2, side, side, 0, 0, SIDE, SIDE);
    return bitmap(context.getImageData(0, 0, SIDE, SIDE));
  }
}
