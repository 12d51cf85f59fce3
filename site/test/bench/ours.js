// Our side: the program of wasm/bench with the kernels that the page would give
// its engine. A request may name files, which are fetched for it first.
import '/wasm_exec.js';
import { kernels } from '/site/worker/kernels.js';

let handle, answered;

async function start(wanted) {
  const simd = kernels(new URL('/kernels/', location.href), wanted);
  const go = new self.Go();
  go.importObject.kernels = simd.imports;
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/bench.wasm'), go.importObject);
  await simd.attach(instance.exports.mem);
  const listening = new Promise(resolve => {
    self.bignas = { start: f => { handle = f; resolve(); }, post: text => answered(JSON.parse(text)) };
  });
  go.run(instance).finally(() => answered?.({ error: 'the program ended' }));
  await listening;
}

async function answer({ files = {}, ...request }) {
  if (!handle) await start(request.kernels);
  for (const [name, url] of Object.entries(files)) {
    const bytes = await (await fetch(url)).arrayBuffer();
    handle(JSON.stringify({ op: 'file', name }), new Uint8Array(bytes));
  }
  const reply = new Promise(resolve => { answered = resolve; });
  handle(JSON.stringify(request), null);
  return reply;
}

onmessage = ({ data }) => answer(data).catch(e => ({ error: String(e?.message ?? e) })).then(reply => postMessage(reply));
