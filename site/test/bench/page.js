// Two workers, one for each side, so that neither waits for the page. A worker
// answers one message with one; nobody asks before the last answer is there.
const start = file => new Worker(file, { type: 'module' });
const workers = { ours: start('ours.js'), theirs: start('onnxruntime.js') };

/** Passes a request to a side; resolves with its answer. */
window.ask = (side, request) => new Promise(resolve => {
  const w = workers[side];
  w.onmessage = ({ data }) => resolve(data);
  w.onerror = e => resolve({ error: `${e.message ?? 'the worker cannot be loaded'} (${e.filename}:${e.lineno})` });
  w.postMessage(request);
});
