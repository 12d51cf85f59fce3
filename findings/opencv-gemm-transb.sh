#!/usr/bin/env bash
# OpenCV 4.6 (the version of Debian 12) takes an ONNX Gemm that says nothing of transB for transposed. The specification
# (https://onnx.ai/onnx/operators/onnx__Gemm.html) gives transB the default 0: y = x w. A weight that is not square is refused
# with an assertion that names neither Gemm's attribute nor the weight; a square one is not: the result is wrong without a word.
# An exporter is right to leave an attribute out that has its default value, and the checker of ONNX accepts the file.
#
# Seen on 2026-11-29 with Node 20: [10 1] times [1 2; 3 4] is [13 24].
#
#   OpenCV 4.6.0: transB not said: 12 34; transB = 0: 13 24; transB = 1: 12 34
#   OpenCV 4.7.0: transB not said: 13 24; transB = 0: 13 24; transB = 1: 12 34
#
# python3-opencv 4.6.0+dfsg-12 of Debian gives the same as the first line. So: write transB always.
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
const tag = (number, type) => number < 16 ? [number << 3 | type] : [number << 3 & 127 | type | 128, number >> 4];
const int = (number, v) => [...tag(number, 0), v];
const bytes = (number, v) => { const b = typeof v === 'string' ? [...Buffer.from(v)] : v.flat(); return [...tag(number, 2), b.length, ...b]; };
const floats = (...v) => [...new Uint8Array(Float32Array.from(v).buffer)];
const value = (number, name, ...dims) => bytes(number, [bytes(1, name), bytes(2, bytes(1, [int(1, 1), bytes(2, dims.map((d) => bytes(1, int(1, d))))].flat()))]);

// y = Gemm(x, w) in opset 13, with transB or without.
function graph(transB) {
  const attribute = transB === undefined ? [] : bytes(5, [bytes(1, 'transB'), int(3, transB), int(20, 2)]);
  const node = bytes(1, [bytes(1, 'x'), bytes(1, 'w'), bytes(2, 'y'), bytes(4, 'Gemm'), attribute]);
  const weight = bytes(5, [int(1, 2), int(1, 2), int(2, 1), bytes(8, 'w'), bytes(9, floats(1, 2, 3, 4))]);
  const whole = bytes(7, [node, bytes(2, 'g'), weight, value(11, 'x', 1, 2), value(12, 'y', 1, 2)]);
  return Uint8Array.from([...int(1, 7), ...whole, ...bytes(8, int(2, 13))]);
}

(async () => {
  let cv = require(process.argv[2]);
  if (cv instanceof Promise) cv = await cv;
  else if (!cv.Mat) await new Promise((ready) => { cv.onRuntimeInitialized = ready; });
  const said = [undefined, 0, 1].map((transB) => {
    cv.FS_createDataFile('/', 'g.onnx', graph(transB), true, false, false);
    const net = cv.readNetFromONNX('/g.onnx');
    cv.FS_unlink('/g.onnx');
    net.setInput(cv.matFromArray(1, 2, cv.CV_32F, [10, 1]));
    return `transB ${transB === undefined ? 'not said' : `= ${transB}`}: ${[...net.forward().data32F].join(' ')}`;
  });
  console.log(`${cv.getBuildInformation().match(/OpenCV [\d.]+/)[0]}: ${said.join('; ')}`);
  process.exit(0);
})();
JS
got=$(node run.cjs opencv46; node run.cjs opencv47)
want='OpenCV 4.6.0: transB not said: 12 34; transB = 0: 13 24; transB = 1: 12 34
OpenCV 4.7.0: transB not said: 13 24; transB = 0: 13 24; transB = 1: 12 34'
echo "$got"
[ "$got" = "$want" ] || { echo "it was:"; echo "$want"; exit 1; }
