// The download of the weights: counted in bytes of the file (a server may send
// them compressed), cut into the parts that open something each, and continued
// where it broke off.

export const fault = (code, message, hint) => Object.assign(new Error(message), { fault: { code, message, hint } });

const nobody = new MessageChannel();
nobody.port2.close();

/**
 * Gives the memory of bytes back that nobody reads any more, with all of their buffer,
 * by sending it to nobody: the collector of a worker that does little else may not come
 * by for minutes, and transfer() leaves a buffer alone that came from the network.
 */
export const free = ({ buffer }) => nobody.port1.postMessage(null, [buffer]);

const megabytes = n => `${(n / 1e6).toFixed(1)} MB`;

/** fetch, with errors that say what is missing and what to do. */
export async function get(url, what, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw fault('offline', `The connection to the server failed while asking for ${what}.`, 'Check the connection and try again.');
  }
  if (!response.ok) {
    throw fault('not_found', `The server has no ${what} (${response.status} for ${new URL(url).pathname}).`,
      'Try again later; if this is your server, build the page with make site.');
  }
  return response;
}

/** One file. Its fields stay after a failure, so that run can be called again. */
export class Download {
  url; #size; #ends; #fresh; #pieces = []; #stopped = false;
  loaded = 0; // bytes that are here
  parts = 0;  // parts that have been handed on
  ready;      // what a try before has made of them

  /** url may be a file of the person's. ends: where the parts end, the last at size, which may be undefined. fresh: ask the server even where the browser has a copy. */
  constructor(url, size, ends, fresh) {
    this.url = url;
    this.#size = size;
    this.#ends = ends;
    this.#fresh = fresh;
  }

  /** How many parts there are. */
  get total() { return this.#ends.length; }

  /** Nothing is handed on any more. */
  stop() { this.#stopped = true; }

  /** Reads what is missing. tell(loaded) hears of every piece; open(bytes) gets every part, whole and in order. */
  async run(tell, open) {
    if (this.loaded >= this.#size) return;
    const response = this.url.size ? new Response(this.url) : await get(this.url, 'weights', { headers: this.loaded ? { Range: `bytes=${this.loaded}-` } : {}, cache: this.#fresh ? 'reload' : 'default' });
    const continued = response.status === 206 && response.headers.get('Content-Range')?.startsWith(`bytes ${this.loaded}-`);
    let skip = continued ? 0 : this.loaded; // a server that does not continue sends it all again
    const reader = response.body.getReader();
    for (;;) {
      let piece;
      try {
        const { done, value } = await reader.read();
        if (done) break;
        piece = value;
      } catch {
        throw fault('weights_cut', `The connection closed after ${megabytes(this.loaded)} ${this.#size ? `of ${megabytes(this.#size)} ` : ''}of the weights.`, 'Check the connection and try again; it goes on from there.');
      }
      if (this.#stopped) return void reader.cancel();
      const old = Math.min(skip, piece.length);
      skip -= old;
      if (old === piece.length) continue;
      this.#take(piece.subarray(old));
      tell(this.loaded);
      while (this.parts < this.#ends.length && this.loaded >= this.#ends[this.parts]) open(this.#cut());
    }
    if (this.#size === undefined) {
      this.#size = this.#ends[0] = this.loaded;
      open(this.#cut());
    }
    if (this.loaded !== this.#size) {
      throw fault('weights_cut', `${megabytes(this.loaded)} of weights arrived, ${megabytes(this.#size)} were expected.`, 'Try again; if it stays, the file on the server is not complete.');
    }
  }

  #take(piece) {
    this.#pieces.push(piece);
    this.loaded += piece.length;
  }

  // cut takes the next part from the front of the pieces.
  #cut() {
    const part = new Uint8Array(this.#ends[this.parts] - (this.#ends[this.parts - 1] ?? 0));
    for (let at = 0; at < part.length;) {
      const piece = this.#pieces.shift(), n = Math.min(piece.length, part.length - at);
      part.set(piece.subarray(0, n), at);
      if (n < piece.length) this.#pieces.unshift(piece.subarray(n));
      else free(piece);
      at += n;
    }
    this.parts++;
    return part;
  }
}
