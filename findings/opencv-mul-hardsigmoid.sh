#!/usr/bin/env bash
# OpenCV 4.6 to 5.0 give the product of a map [1, C, H, W] and a HardSigmoid of [1, C, 1, 1] with attributes (alpha = 1/6,
# beta = 0.5, the gate of squeeze-and-excitation in MobileNetV3) the shape of the gate: one value a channel, where ONNX broadcasts
# to the map (https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md). What reads it fails on shapes or computes something
# else. The same product of a Sigmoid is right, and so is that of a HardSigmoid without attributes (alpha = 0.2, beta = 0.5).
#
# Seen on 2026-11-29 with Node 20: x is 1 to 9 as [1, 3, 1, 3], the gate is that of its means over the pixels; values of the product:
#
#   OpenCV 4.6.0: Sigmoid: 9; HardSigmoid: 9; HardSigmoid with attributes: 3
#   OpenCV 5.0.0: Sigmoid: 9; HardSigmoid: 9; HardSigmoid with attributes: 3
#
# 4.12.0, and python3-opencv 4.6.0+dfsg-12 of Debian, give the same. So: multiply what the HardSigmoid reads by 5/6, in the layer
# before it, and leave the attributes out.
# Exits with 0 while that is so, with 1 when it changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
	opencv46@npm:@techstark/opencv-js@4.6.0-release.1 opencv5@npm:@techstark/opencv-js@5.0.0-release.1 >/dev/null

cat >run.cjs <<'JS'
// The few messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that a graph of plain nodes needs.
const varint = (v) => v < 128 ? [v] : [v & 127 | 128, ...varint(v >> 7)];
const int = (number, v) => [...varint(number << 3), v];
const bytes = (number, v) => { const b = typeof v === 'string' ? [...Buffer.from(v)] : v.flat(); return [number << 3 | 2, ...varint(b.length), ...b]; };
const floats = (...v) => [...new Uint8Array(Float32Array.from(v).buffer)];
const value = (number, name, ...dims) => bytes(number, [bytes(1, name), bytes(2, bytes(1, [int(1, 1), bytes(2, dims.map((d) => bytes(1, int(1, d))))].flat()))]);

const real = (name, v) => bytes(5, [bytes(1, name), [2 << 3 | 5], floats(v), int(20, 1)]); // an attribute

// y = x times the gate of its mean, in opset 13: x [1, 3, 1, 3].
function graph(gate, ...attributes) {
  const node = (operator, attributes, to, ...from) => bytes(1, [...from.map((name) => bytes(1, name)), bytes(2, to), bytes(4, operator), ...attributes]);
  const whole = bytes(7, [node('GlobalAveragePool', [], 'p', 'x'), node(gate, attributes, 'g', 'p'), node('Mul', [], 'y', 'x', 'g'),
    bytes(2, 'g'), value(11, 'x', 1, 3, 1, 3), value(12, 'y', 1, 3, 1, 3)]);
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
  const said = [['Sigmoid'], ['HardSigmoid'], ['HardSigmoid', real('alpha', 1 / 6), real('beta', 0.5)]].map(([gate, ...attributes]) => {
    cv.FS_createDataFile('/', 'g.onnx', graph(gate, ...attributes), true, false, false);
    const net = cv.readNetFromONNX('/g.onnx');
    cv.FS_unlink('/g.onnx');
    net.setInput(x);
    return `${gate}${attributes.length ? ' with attributes' : ''}: ${net.forward().data32F.length}`;
  });
  console.log(`${cv.getBuildInformation().match(/OpenCV [\d.]+/)[0]}: ${said.join('; ')}`);
  process.exit(0);
})();
JS
got=$(node run.cjs opencv46; node run.cjs opencv5)
want='OpenCV 4.6.0: Sigmoid: 9; HardSigmoid: 9; HardSigmoid with attributes: 3
OpenCV 5.0.0: Sigmoid: 9; HardSigmoid: 9; HardSigmoid with attributes: 3'
echo "$got"
[ "$got" = "$want" ] || { echo "it was:"; echo "$want"; exit 1; }
