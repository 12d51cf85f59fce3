// A worker that trains: it fetches the program, runs it, and passes on what it tells, as
// {begin, pixels}, {step} and at last {ended}, with an error where something went wrong.
import './wasm_exec.js';

const fault = (message, hint) => ({ message, hint });

async function run({ program, seed }) {
  const response = await fetch(program).catch(() => undefined);
  if (!response?.ok) throw fault('The program that trains did not arrive', 'Check the connection and try again');
  const go = new self.Go();
  go.argv = ['trainer', String(seed)];
  const wasm = (response.headers.get('Content-Type') ?? '').startsWith('application/wasm');
  const { instance } = wasm // streaming needs the right type; other servers get the slower way
    ? await WebAssembly.instantiateStreaming(response, go.importObject)
    : await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
  self.bignas = {
    post(text, pixels) {
      const told = JSON.parse(text);
      if (told.error) throw fault(told.error, 'Train again');
      postMessage(pixels ? { begin: told, pixels } : { step: told });
    },
  };
  await go.run(instance);
}

onmessage = ({ data }) => run(data).then(() => postMessage({ ended: true }),
  e => postMessage({ ended: true, error: { message: e.message, hint: e.hint ?? 'Try again, or use another browser' } }));
