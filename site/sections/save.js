// A child as a file of its own, written by the engine and saved by the browser.

/** Saves a child as "onnx" or "safetensors"; half is half precision. It resolves with {name, size}. */
export async function save(engine, child, format, half) {
  const { name, mime, bytes } = await engine.request('export', { child, format, half });
  const url = URL.createObjectURL(new Blob([bytes], { type: mime })), link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // the browser has begun to read it by then
  return { name, size: bytes.byteLength };
}
