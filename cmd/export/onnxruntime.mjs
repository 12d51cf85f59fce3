// Runs ONNX files in onnxruntime: one JSON request a line on standard input, one
// answer a line on standard output. The first argument is the folder with
// node_modules, the second the package: onnxruntime-web, or one of onnxruntime-node.
//
//   {"op": "load", "file"}                       -> {"version"}
//   {"op": "run", "input", "name", "type", "dims"} -> {"logits": [...]}
//
// "input" is a file of raw values. A request that fails is answered with {"error"}.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, name] = process.argv.slice(1);
const require = createRequire(join(folder, '/'));
const ort = name === 'onnxruntime-web'
  ? await import(pathToFileURL(join(folder, 'node_modules/onnxruntime-web/dist/ort.node.min.mjs')))
  : require(name);
if (ort.env.wasm) ort.env.wasm.numThreads = 1;
const { version } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json')));

let session;

async function load({ file }) {
  await session?.release?.(); // the oldest has none
  session = await ort.InferenceSession.create(new Uint8Array(readFileSync(file)), name === 'onnxruntime-web' ? { executionProviders: ['wasm'] }
    : { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 });
  return { version };
}

async function run({ input, name, type, dims }) {
  const bytes = Uint8Array.from(readFileSync(input));
  const values = type === 'uint8' ? bytes : new Float32Array(bytes.buffer);
  const { logits } = await session.run({ [name]: new ort.Tensor(type, values, dims) });
  return { logits: Array.from(logits.data) };
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    const request = JSON.parse(line);
    reply = await { load, run }[request.op](request);
  } catch (e) {
    reply = { error: String(e?.message ?? e) };
  }
  process.stdout.write(JSON.stringify(reply) + '\n');
}
process.exit(0);
