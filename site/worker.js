// The worker: fetches the engine and the weights, counts the bytes, and carries
// messages between the page and the Go program. Everything else is in Go.
import './wasm_exec.js';
import { kernels } from './kernels.js';

let handle;          // handle(text, bytes) of the Go program, once it runs
let starting;        // the one start of the program
let missing;         // {id, predictorError} of a boot whose predictor did not come

const fault = (code, message, hint) => Object.assign(new Error(message), { fault: { code, message, hint } });
const toFault = e => e.fault ?? { code: 'internal', message: String(e?.message ?? e), hint: 'Load the page again.' };
const fail = (id, e) => postMessage({ id, type: 'error', error: toFault(e) });
const megabytes = n => `${(n / 1e6).toFixed(1)} MB`;

async function get(url, what) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw fault('offline', `The connection to the server failed while asking for ${what}.`, 'Check the connection and try again.');
  }
  if (!response.ok) {
    throw fault('not_found', `The server has no ${what} (${response.status} for ${new URL(url).pathname}).`,
      'Try again later; if this is your server, build the page with make site.');
  }
  return response;
}

// start compiles and runs the Go program; it resolves when the program listens.
async function start(url, wanted) {
  const simd = kernels(url, wanted);
  const response = await get(url, 'engine');
  const go = new self.Go();
  go.importObject.kernels = simd.imports;
  let instance;
  try {
    const wasm = (response.headers.get('Content-Type') ?? '').startsWith('application/wasm');
    ({ instance } = wasm // streaming needs the right type; other servers get the slower way
      ? await WebAssembly.instantiateStreaming(response, go.importObject)
      : await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject));
  } catch (e) {
    throw fault('engine_unusable', `This browser could not load the engine: ${e.message}`, 'Try again, or use a newer browser.');
  }
  await simd.attach(instance.exports.mem);
  const listening = new Promise(resolve => {
    self.bignas = {
      start: f => { handle = f; resolve(); },
      post(text, bytes) {
        const reply = JSON.parse(text);
        if (reply.type === 'ready' && missing?.id === reply.id) Object.assign(reply, missing);
        if (!bytes) return postMessage(reply);
        reply.bytes = bytes.buffer;
        postMessage(reply, [bytes.buffer]);
      },
    };
  });
  const ended = go.run(instance).then(
    () => ({ code: 'engine_stopped', message: 'The engine stopped.', hint: 'Load the page again.' }),
    e => ({ code: 'engine_stopped', message: `The engine stopped: ${e.message}`, hint: 'Load the page again.' }));
  ended.then(error => { handle = undefined; postMessage({ type: 'stopped', error }); });
  await listening;
}

// download reads the body in pieces and tells how far it is.
async function download(url, size, tell) {
  const response = await get(url, 'weights');
  const pieces = [];
  let loaded = 0;
  try {
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      loaded += value.length;
      tell(loaded);
    }
  } catch {
    throw fault('weights_cut', `The connection closed after ${megabytes(loaded)} of ${megabytes(size)} of the weights.`, 'Check the connection and try again.');
  }
  if (size && loaded !== size) {
    throw fault('weights_cut', `${megabytes(loaded)} of weights arrived, ${megabytes(size)} were expected.`, 'Try again; if it stays, the file on the server is not complete.');
  }
  const all = new Uint8Array(loaded);
  let at = 0;
  for (const p of pieces) { all.set(p, at); at += p.length; }
  return all;
}

// accuracy gets the predictor: its text, or its URL; undefined where there is none.
async function accuracy(predictor) {
  if (!predictor || predictor.startsWith('{')) return { predictor };
  try {
    return { predictor: await (await get(predictor, 'predictor')).text() };
  } catch (e) {
    return { predictorError: toFault(e) }; // without it only guesses are missing
  }
}

async function boot({ id, engine, kernels: wanted, weights, size, predictor, space, classes }) {
  let told = 0, later;
  const tell = loaded => {
    clearTimeout(later);
    const early = told + 60 - performance.now();
    if (loaded < size && early > 0) {
      later = setTimeout(tell, early, loaded); // it may be the last for a while
      return;
    }
    told = performance.now();
    postMessage({ id, type: 'progress', loaded, total: size });
  };
  starting ||= start(engine, wanted).catch(e => { starting = undefined; throw e; });
  const arriving = download(weights, size, tell);
  arriving.catch(() => {}); // it is awaited below: without weights the engine still counts costs
  const guesses = accuracy(predictor);
  await starting;
  handle(JSON.stringify({ id: 0, type: 'space', space, classes }));
  postMessage({ id, type: 'progress', engine: true });
  const { predictor: text, predictorError } = await guesses;
  missing = predictorError && { id, predictorError };
  handle(JSON.stringify({ id, type: 'boot', predictor: text }), await arriving);
}

onmessage = ({ data }) => {
  const { bytes, ...message } = data;
  if (message.type === 'boot') {
    boot(message).catch(e => fail(message.id, e));
  } else if (!handle) {
    fail(message.id, fault('no_engine', 'The engine is not running yet.', 'Wait a moment, then try again.'));
  } else {
    handle(JSON.stringify(message), bytes ? new Uint8Array(bytes) : null);
  }
};
