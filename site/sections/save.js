// A child as a file of its own, written by the engine.
import { offer } from '../shared/offer.js';

/** Saves a child as "onnx" or "safetensors"; half is half precision. It resolves with {name, size}. */
export async function save(engine, child, format, half) {
  const file = await engine.request('export', { child, format, half }), size = file.bytes.byteLength;
  offer(file);
  return { name: file.name, size };
}
