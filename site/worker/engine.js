// The page's end of the engine: promises by id. The engine itself keeps one
// classify running and one waiting, so that callers just ask again on every move.
import { timed } from '../shared/answers.js';
import { asset } from '../shared/page.js';

/** An error of the engine or of its worker: code for programs, message and hint for people. */
export class EngineError extends Error {
  constructor({ code, message, hint = '' }) {
    super(message);
    this.code = code;
    this.hint = hint;
  }

  /** True where nothing is wrong: somebody asked for something newer. */
  get stale() { return this.code === 'superseded' || this.code === 'cancelled'; }
}

// A worker that does not answer so many pings, one after another, is gone: browsers
// do not say when they have ended one for want of memory.
// The last step of a big progressive JPEG is one in which nothing is heard, for seconds on a slow device; so is
// a weights file in one part.
const PINGS = 4, PATIENT = 20, BETWEEN = 3000; // ms
const gone = () => new EngineError({ code: 'worker_gone', message: 'It does not answer any more: the browser may have run out of memory.', hint: 'Close other tabs, or take a smaller image.' });

// Replies after which more come.
const UNDERWAY = new Set(['progress', 'decoding', 'searching', 'measuring']);

export class Engine {
  #worker;
  #next = 1;
  #waiting = new Map();
  #watch = 0;
  #missed = 0; // pings without an answer

  /** onstop(error) is called once, when the worker can not go on; the property may be set anew. */
  constructor(onstop) {
    this.onstop = onstop;
    this.#worker = self.start?.worker?.() ?? new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = e => this.#receive(e.data);
    this.#worker.onerror = e => {
      e.preventDefault?.();
      this.#end(new EngineError({ code: 'worker_failed', message: 'The engine could not be started.', hint: 'Load the page again, or try another browser.' }));
    };
  }

  /**
   * Sends one request. The promise resolves with the reply, {type, ...}, and
   * rejects with an EngineError. Bytes (an ArrayBuffer) are handed over, not
   * copied. onprogress gets the replies on the way: "progress" of boot, "decoding" of
   * image, "searching" of search, "measuring" of latency. The replies seen, cam, maps and file have
   * bytes, an ArrayBuffer. The promise's id is the target of cancel(id).
   */
  request(type, fields = {}, { bytes, onprogress } = {}) {
    const id = this.#next++;
    if (!this.#worker) return Promise.reject(new EngineError({ code: 'cancelled', message: 'The engine has stopped.' }));
    const promise = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, onprogress, patient: type === 'image' || (type === 'boot' && !fields.parts) }));
    promise.id = id;
    this.#listen();
    this.#worker.postMessage({ ...fields, id, type, bytes }, bytes ? [bytes] : []);
    return promise;
  }

  /**
   * Starts with the weights that a manifest describes; of a file of which it only has the address, it finds out
   * the rest by itself; weights may be a file, too. It resolves when all of them are here, and taught(engine), where
   * there is such a function, has put a classifier into them.
   */
  async boot({ engine, weights, bytes, parts, digest, space, labels, predictor, taught }, onprogress) {
    const ready = await this.request('boot', {
      engine: asset(engine), weights: weights.size ? weights : asset(weights), size: bytes, parts, digest, space: space?.name, classes: labels?.length, predictor: predictor && asset(predictor),
      kernels: new URLSearchParams(location.search).get('kernels'), // to compare: off, simd or relaxed (as in start.js)
    }, { onprogress });
    await taught?.(this);
    return ready;
  }

  /** Ends the engine; who waits for it gets a stale EngineError, and onstop is not called. */
  stop() {
    this.onstop = () => {};
    this.#end(gone());
  }

  /** Ends the request of that id, which rejects with a stale EngineError; one that was answered is left alone. */
  cancel(id) { return this.request('cancel', { target: id }).catch(() => {}); }

  // listen asks, while somebody waits, whether the worker is still there.
  #listen() {
    this.#watch ||= setInterval(() => {
      const waiting = [...this.#waiting.values()];
      if (waiting.length && this.#missed >= (waiting.some(w => w.patient) ? PATIENT : PINGS)) this.#end(gone());
      if (!this.#waiting.size || !this.#worker) {
        clearInterval(this.#watch);
        this.#watch = this.#missed = 0;
        return;
      }
      this.#missed++;
      this.#worker.postMessage({ type: 'ping' });
    }, BETWEEN);
  }

  #end(error) {
    if (!this.#worker) return;
    this.#worker.terminate();
    this.#worker = undefined;
    const stale = new EngineError({ code: 'cancelled', message: error.message });
    for (const w of this.#waiting.values()) w.reject(stale); // one notice for all
    this.#waiting.clear();
    this.onstop(error);
  }

  #receive(reply) {
    this.#missed = 0;
    if (reply.type === 'stopped') return this.#end(new EngineError(reply.error));
    const w = this.#waiting.get(reply.id);
    if (!w) return;
    if (UNDERWAY.has(reply.type)) return w.onprogress?.(reply);
    this.#waiting.delete(reply.id);
    if (reply.answer) timed(reply.arch, reply.answer.timing.forward);
    if (reply.type === 'error') w.reject(new EngineError(reply.error));
    else w.resolve(reply);
  }
}
