// The worker: fetches the engine and the weights, counts the bytes, and carries
// messages between the page and the Go program. Everything else is in Go.
import './wasm_exec.js';
import { Download, fault, free, get } from './download.js';
import { kernels } from './kernels.js';

const EVERY = 250; // ms between two messages about the progress
// Garbage that may stand beside what is in use, in percent. The program's heap is a
// few big slices of numbers, which its collector does not look into, so that it can
// come by often; and the memory of a page never shrinks again.
const GARBAGE = '10';
const HOLD = 1000; // ms that the rest of the weights waits for a first answer

let handle;          // handle(text, bytes) of the Go program, once it runs
let starting;        // the one start of the program
let download;        // of the weights; a second try goes on with it
let booting;         // the boot request that is under way: {id, opened: parts that the program has taken in, under: parts that it is taking in, waiting: bytes of more, ready: its replies}
let damaged = false; // the last download was
let held;            // until when, once the first part is open; 0 after an answer

const toFault = e => e.fault ?? { code: 'internal', message: String(e?.message ?? e), hint: 'Load the page again.' };
const fail = (id, e) => postMessage({ id, type: 'error', error: toFault(e) });

// start compiles and runs the Go program; it resolves when the program listens.
async function start(url, wanted) {
  const simd = kernels(url, wanted);
  const response = await get(url, 'engine');
  const go = new self.Go();
  go.env.GOGC = GARBAGE;
  go.importObject.kernels = simd.imports;
  let instance;
  try {
    const wasm = (response.headers.get('Content-Type') ?? '').startsWith('application/wasm');
    ({ instance } = wasm // streaming needs the right type; other servers get the slower way
      ? await WebAssembly.instantiateStreaming(response, go.importObject)
      : await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject));
  } catch (e) {
    throw fault('engine_unusable', `This browser could not load the engine: ${e.message}`, /unsafe-eval|Content.Security.Policy/i.test(e.message)
      ? 'The server’s own Content-Security-Policy has to allow ’wasm-unsafe-eval’ in script-src.' : 'Try again, or use a newer browser.');
  }
  await simd.attach(instance.exports.mem);
  const listening = new Promise(resolve => {
    self.bignas = {
      start: f => { handle = f; resolve(); },
      post(text, bytes) {
        const reply = JSON.parse(text);
        if (reply.id === booting?.id) return arrived(reply);
        reply.bytes = bytes?.buffer;
        postMessage(reply, bytes ? [bytes.buffer] : []);
        if (reply.answer) release();
      },
    };
  });
  const ended = go.run(instance).then(
    () => ({ code: 'engine_stopped', message: 'Its program ended.', hint: 'Load the page again.' }),
    e => ({ code: 'engine_stopped', message: `Its program ended: ${e.message}`, hint: 'Load the page again.' }));
  ended.then(error => { handle = undefined; postMessage({ type: 'stopped', error }); });
  await listening;
}

// hand gives the program the next part of the weights that is here: one at a time, for
// which it needs less memory than for all of them, and a page never gives memory back.
function hand() {
  if (!booting?.listens || booting.under || !booting.waiting.length || held > performance.now()) return;
  const { id, opened, digest, predictor } = booting, bytes = booting.waiting.shift();
  booting.under = 1;
  handle(JSON.stringify(opened ? { id, type: 'more' } : { id, type: 'boot', digest, predictor }), bytes);
  free(bytes);
}

// release ends the wait for the first answer, which the rest of the weights is not needed for.
function release() {
  if (held) { held = 0; hand(); }
}

// arrived gets the program's replies to that: the first opens the smallest
// children, the last resolves the boot request.
function arrived(reply) {
  const { answered } = booting;
  if (reply.type === 'error') { // what was taken in still works, but this file is of no use
    download.stop();
    download = booting = undefined;
    damaged = true;
    postMessage(reply);
  } else {
    booting.opened += booting.under;
    booting.under = 0;
    if (held === undefined) {
      held = performance.now() + HOLD;
      setTimeout(release, HOLD);
    }
    booting.ready = { ...booting.ready, ...reply, ...booting.missing, type: 'ready' };
    postMessage({ ...reply, type: 'progress', opened: true });
    if (booting.opened === download.total) {
      postMessage(booting.ready);
      booting = undefined;
    }
    hand();
  }
  answered?.();
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

async function boot({ id, engine, kernels: wanted, weights, size, parts, digest, space, classes, predictor }) {
  let told = 0, later;
  const tell = loaded => {
    clearTimeout(later);
    const early = told + EVERY - performance.now();
    if (loaded !== size && early > 0) {
      later = setTimeout(tell, early, loaded); // it may be the last for a while
      return;
    }
    told = performance.now();
    postMessage({ id, type: 'progress', loaded, total: size });
  };
  if (download?.url !== weights) download = new Download(weights, size, parts ?? [size], damaged);
  damaged = false;
  const file = download, running = starting ??= start(engine, wanted);
  booting = { id, opened: file.parts, under: 0, waiting: [], digest, ready: { ...file.ready, id } };
  Promise.all([accuracy(predictor), running]).then(([{ predictor: text, predictorError }]) => {
    if (booting?.id === id) Object.assign(booting, { listens: true, predictor: text, missing: predictorError && { predictorError } });
    hand();
  }, () => {});
  const open = part => { booting?.waiting.push(part); hand(); };
  running.then(() => {
    if (space) handle(JSON.stringify({ id: 0, type: 'space', space, classes }));
    postMessage({ id, type: 'progress', engine: true });
  }, () => { // the parts that it did not get are lost
    starting = download = booting = undefined;
    file.stop();
  });
  try {
    await Promise.all([running, file.run(tell, open)]);
  } catch (e) { // without weights the program still counts costs; the next try goes on behind what it has answered
    await running.catch(() => {});
    while (booting && booting.opened < file.parts) await new Promise(resolve => { booting.answered = resolve; });
    file.ready = booting?.ready;
    booting = undefined;
    throw e;
  }
}

onmessage = ({ data }) => {
  const { bytes, ...message } = data;
  if (message.type === 'ping') {
    postMessage({ type: 'pong' });
  } else if (message.type === 'start') { // before anybody knows which weights
    (starting = start(message.engine, message.kernels)).catch(() => {});
  } else if (message.type === 'boot') {
    boot(message).catch(e => fail(message.id, e));
  } else if (!handle) {
    fail(message.id, fault('no_engine', 'The engine is not running yet.', 'Wait a moment, then try again.'));
  } else {
    const copy = bytes && new Uint8Array(bytes);
    handle(JSON.stringify(message), copy ?? null);
    if (copy) free(copy);
  }
};
