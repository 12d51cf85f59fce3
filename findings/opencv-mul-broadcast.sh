#!/usr/bin/env bash
# OpenCV 4.6 (the version of Debian 12) multiplies by a constant vector along the second dimension, the channels, where ONNX
# broadcasts as numpy does, along the last (https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md); Add and Sub of the same
# vector it broadcasts along the last, as they should. Where the two dimensions differ in size, it fails while it runs, in an
# assertion on shapes; where they are equal, the result is wrong without a word. A graph that normalises pixels [N, R, R, 3] by a
# mean and a standard deviation of three values, (x - mean) * (1 / std), is of that kind: the subtraction is right, the product not.
#
# Seen on 2026-11-29 with Node 20: x is 1 to 9 as [1, 3, 1, 3], the vector 1 10 100.
#
#   OpenCV 4.6.0: Mul: 1 2 3 40 50 60 700 800 900; Sub: 0 -8 -97 3 -5 -94 6 -2 -91
#   OpenCV 4.7.0: Mul: 1 20 300 4 50 600 7 80 900; Sub: 0 -8 -97 3 -5 -94 6 -2 -91
#
# python3-opencv 4.6.0+dfsg-12 of Debian gives the same as the first line. So: bring the channels first, and write the constants
# as [1, C, 1, 1].
# Exits with 0 while that is so, with 1 when it changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
	opencv46@npm:@techstark/opencv-js@4.6.0-release.1 opencv47@npm:@techstark/opencv-js@4.7.0-release.1 >/dev/null

cat >run.cjs <<'JS'
// The few messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that a graph of one node needs.
const int = (number, v) => [number << 3, v];
const bytes = (number, v) => { const b = typeof v === 'string' ? [...Buffer.from(v)] : v.flat(); return [number << 3 | 2, b.length, ...b]; };
const floats = (...v) => [...new Uint8Array(Float32Array.from(v).buffer)];
const value = (number, name, ...dims) => bytes(number, [bytes(1, name), bytes(2, bytes(1, [int(1, 1), bytes(2, dims.map((d) => bytes(1, int(1, d))))].flat()))]);

// y = operator(x, c) in opset 13: x [1, 3, 1, 3], c [3].
function graph(operator) {
  const node = bytes(1, [bytes(1, 'x'), bytes(1, 'c'), bytes(2, 'y'), bytes(4, operator)]);
  const vector = bytes(5, [int(1, 3), int(2, 1), bytes(8, 'c'), bytes(9, floats(1, 10, 100))]);
  const whole = bytes(7, [node, bytes(2, 'g'), vector, value(11, 'x', 1, 3, 1, 3), value(12, 'y', 1, 3, 1, 3)]);
  return Uint8Array.from([...int(1, 7), ...whole, ...bytes(8, int(2, 13))]);
}

(async () => {
  let cv = require(process.argv[2]);
  if (cv instanceof Promise) cv = await cv;
  else if (!cv.Mat) await new Promise((ready) => { cv.onRuntimeInitialized = ready; });
  // Three channels of a row of three pixels, which blobFromImage makes [1, 3, 1, 3] of, in the order 1 to 9.
  const image = cv.matFromArray(1, 3, cv.CV_32FC3, [1, 4, 7, 2, 5, 8, 3, 6, 9]);
  const x = cv.blobFromImage(image, 1, new cv.Size(3, 1), new cv.Scalar(), false, false, cv.CV_32F);
  if (x.data32F.join() !== '1,2,3,4,5,6,7,8,9') throw new Error(`x is ${x.data32F}`);
  const said = ['Mul', 'Sub'].map((operator) => {
    cv.FS_createDataFile('/', 'g.onnx', graph(operator), true, false, false);
    const net = cv.readNetFromONNX('/g.onnx');
    cv.FS_unlink('/g.onnx');
    net.setInput(x);
    return `${operator}: ${[...net.forward().data32F].join(' ')}`;
  });
  console.log(`${cv.getBuildInformation().match(/OpenCV [\d.]+/)[0]}: ${said.join('; ')}`);
  process.exit(0);
})();
JS
got=$(node run.cjs opencv46; node run.cjs opencv47)
want='OpenCV 4.6.0: Mul: 1 2 3 40 50 60 700 800 900; Sub: 0 -8 -97 3 -5 -94 6 -2 -91
OpenCV 4.7.0: Mul: 1 20 300 4 50 600 7 80 900; Sub: 0 -8 -97 3 -5 -94 6 -2 -91'
echo "$got"
[ "$got" = "$want" ] || { echo "it was:"; echo "$want"; exit 1; }
