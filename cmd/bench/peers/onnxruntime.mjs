// onnxruntime as a peer: one JSON request a line on standard input, one answer a
// line on standard output. The only argument is the folder with node_modules.
//
//   {"op": "about"}                                            -> {"version"}
//   {"op": "load", "model", "input", "dims", "threads"}        -> {"session"}
//   {"op": "run", "session", "runs"}                           -> {"ms": [...]}
//   {"op": "logits", "session"}                                -> {"logits": [...]}
//   {"op": "drop", "session"}                                  -> {}
//
// A request that fails is answered with {"error"}.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const require = createRequire(join(process.argv[1], '/'));
const ort = require('onnxruntime-node');
// The public run() goes through a promise and setImmediate; what it calls is
// timed instead, so that small children are not charged for that.
const { binding, initOrt } = require(join(process.argv[1], 'node_modules/onnxruntime-node/dist/binding.js'));
initOrt();

const sessions = [];

function load({ model, input, dims, threads }) {
  const session = new binding.InferenceSession();
  session.loadModel(model, {
    executionProviders: ['cpu'], graphOptimizationLevel: 'all',
    intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential',
  });
  const bytes = readFileSync(input);
  const x = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const feeds = { input: new ort.Tensor('float32', Float32Array.from(x), dims) };
  const forward = () => session.run(feeds, { logits: null }, {}).logits;
  return sessions.push({ forward, drop: () => session.dispose() }) - 1;
}

function run({ session, runs }) {
  const { forward } = sessions[session];
  const ms = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    forward();
    ms.push(performance.now() - start);
  }
  return ms;
}

function answer(request) {
  switch (request.op) {
    case 'about': return { version: ort.env.versions.node };
    case 'load': return { session: load(request) };
    case 'run': return { ms: run(request) };
    case 'logits': return { logits: Array.from(sessions[request.session].forward().data) };
    case 'drop':
      sessions[request.session].drop();
      sessions[request.session] = undefined;
      return {};
  }
  throw new Error(`unknown request ${request.op}`);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  let reply;
  try {
    reply = answer(JSON.parse(line));
  } catch (e) {
    reply = { error: String(e.message ?? e) };
  }
  process.stdout.write(JSON.stringify(reply) + '\n');
});
