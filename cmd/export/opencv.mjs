// Runs ONNX files in OpenCV's dnn, as opencv.js, with the messages of
// onnxruntime.mjs. The first argument is the folder with node_modules, the second
// the package.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const [folder, name] = process.argv.slice(1);
let cv = createRequire(join(folder, '/'))(name);
if (cv instanceof Promise) cv = await cv;
else if (!cv.Mat) await new Promise((ready) => { cv.onRuntimeInitialized = ready; });
const [, version] = cv.getBuildInformation().match(/OpenCV (\S+)/);

let net;

function load({ file }) {
  net?.delete();
  cv.FS_createDataFile('/', 'child.onnx', readFileSync(file), true, false, false);
  try {
    net = cv.readNetFromONNX('/child.onnx');
  } finally {
    cv.FS_unlink('/child.onnx');
  }
  return { version };
}

// run takes one normalised image: blobFromImage, which makes a tensor of it, is all that there is.
function run({ input, type, dims: [n, channels, rows, columns] }) {
  if (n !== 1 || channels !== 3 || type !== 'float32') throw new Error(`no way to make a tensor of ${n} x ${channels} x ${rows} x ${columns} in ${type}`);
  const values = new Float32Array(Uint8Array.from(readFileSync(input)).buffer);
  const image = new cv.Mat(rows, columns, cv.CV_32FC3);
  const pixels = rows * columns;
  for (let i = 0; i < values.length; i++) image.data32F[3 * (i % pixels) + Math.floor(i / pixels)] = values[i];
  const blob = cv.blobFromImage(image, 1, new cv.Size(columns, rows), new cv.Scalar(), false, false, cv.CV_32F);
  net.setInput(blob);
  const result = net.forward();
  const logits = Array.from(result.data32F);
  for (const mat of [image, blob, result]) mat.delete();
  return { logits };
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    const request = JSON.parse(line);
    reply = { load, run }[request.op](request);
  } catch (e) {
    reply = { error: typeof e === 'number' ? cv.exceptionFromPtr(e).msg : String(e?.message ?? e) };
  }
  process.stdout.write(JSON.stringify(reply) + '\n');
}
process.exit(0);
