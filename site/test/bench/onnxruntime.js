// Their side: onnxruntime-web on one thread, as make peers has installed it.
//
//   {"op": "about"}                        -> {"version"}
//   {"op": "load", "model", "input", "dims"}
//   {"op": "run", "runs"}                  -> {"ms": [...]}
//   {"op": "logits"}                       -> {"logits": [...]}
import * as ort from '/onnxruntime/ort.wasm.min.mjs';

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = '/onnxruntime/';

let session, feeds, last;

async function load({ model, input, dims }) {
  await session?.release();
  const bytes = async url => (await fetch(url)).arrayBuffer();
  session = await ort.InferenceSession.create(new Uint8Array(await bytes(model)), { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  feeds = { input: new ort.Tensor('float32', new Float32Array(await bytes(input)), dims) };
  return {};
}

async function run({ runs }) {
  const ms = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    last = await session.run(feeds);
    ms.push(performance.now() - start);
  }
  return { ms };
}

const answers = {
  about: () => ({ version: ort.env.versions.web }),
  load,
  run,
  logits: () => ({ logits: Array.from(last.logits.data) }),
};

onmessage = async ({ data }) => {
  let reply;
  try {
    reply = await answers[data.op](data);
  } catch (e) {
    reply = { error: String(e?.message ?? e) };
  }
  postMessage(reply);
};
