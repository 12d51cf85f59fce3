// A safetensors file, as the engine writes one: names, shapes and values.

const TYPES = { F16: [2, (view, at) => half(view.getUint16(at, true))], F32: [4, (view, at) => view.getFloat32(at, true)] };

// half is the value of 16 bits of IEEE 754.
function half(bits) {
  const exponent = bits >> 10 & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24);
}

/** The tensors of a file in its order: [{name, shape, values()}], values row-major. */
export function tensors(bytes) {
  const view = new DataView(bytes), length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  delete header.__metadata__;
  const list = Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => ({
    name, shape, from,
    values() {
      const [size, read] = TYPES[dtype];
      return Float32Array.from({ length: (to - from) / size }, (_, i) => read(view, 8 + length + from + i * size));
    },
  }));
  return list.sort((a, b) => a.from - b.from);
}
