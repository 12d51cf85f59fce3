// SIMD for the engine: small WebAssembly modules that compute on the Go
// program's own memory (wasm/kernels writes them). Where the browser has no
// SIMD, or anything goes wrong, the program computes with its own loops.

// Modules of one instruction that is asked about: i8x16.popcnt and i8x16.relaxed_swizzle.
const HEAD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10];
const PROBES = {
  relaxed: [...HEAD, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
  simd: [...HEAD, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
};
const NAMES = ['product', 'depthwise3x1', 'depthwise3x2', 'depthwise5x1', 'depthwise5x2', 'depthwise7x1', 'depthwise7x2', 'finish', 'globalPool', 'channelScale',
  'exponential', 'foldNormalisation', 'patches', 'averagePool', 'panels',
  'addBytes', 'floats', 'across', 'down', 'normalise'];

/** The best kind this browser can run, or the wanted one ("off" for none); undefined where there is none. */
const choose = wanted => Object.keys(PROBES).find(kind => (!wanted || kind === wanted) && WebAssembly.validate(new Uint8Array(PROBES[kind])));

async function compile(url) {
  const response = await fetch(url);
  return response.ok ? WebAssembly.compile(await response.arrayBuffer()) : undefined;
}

/**
 * Starts to fetch the kernels that lie beside the engine. imports is the engine's
 * import module "kernels"; attach(memory) makes its functions work, and is
 * awaited before the program runs.
 */
export function kernels(engine, wanted) {
  const kind = choose(wanted);
  const module = kind ? compile(new URL(`${kind}.wasm`, engine)).catch(() => undefined) : undefined;
  let bound = { version: () => 0 };
  const imports = { version: () => bound.version() };
  // The kernels need the program's memory, and the program needs the kernels: these functions come between.
  for (const n of NAMES) imports[n] = (a, b, c, d, e, f, g, h, i, j, k) => bound[n](a, b, c, d, e, f, g, h, i, j, k);
  return {
    imports,
    async attach(mem) {
      try {
        const { exports } = await WebAssembly.instantiate(await module, { env: { mem } });
        if (NAMES.every(n => n in exports)) bound = exports;
      } catch { /* the engine's own loops it is */ }
    },
  };
}
