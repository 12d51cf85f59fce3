// The document of the network view: it starts the Go program and carries its
// messages to the page and back. Opened by itself it works too, without images.
import '../worker/wasm_exec.js';

const RETRY = 2000; // ms
const byId = id => document.getElementById(id);
const root = document.documentElement, wait = byId('wait');
const embedded = parent !== window;
let handle; // handle(text, bytes) of the Go program, once it runs

const tell = message => { if (embedded) parent.postMessage(message, location.origin); };
const pass = ({ bytes, ...message }) => handle?.(JSON.stringify(message), bytes ? new Uint8Array(bytes) : null);

function failed({ message, hint = '' }) {
  const sentence = s => s && s[0].toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? '' : '.');
  const text = document.createElement('b');
  text.textContent = sentence(message);
  wait.replaceChildren(text, ` ${sentence(hint)} The drawing in the page shows the same slices.`);
  wait.hidden = false;
  byId('zoom').hidden = true;
  const canvas = document.querySelector('canvas');
  if (canvas) canvas.hidden = true;
  tell({ type: 'failed', error: { message, hint } });
}

function receive({ type, ...message }) {
  if (type === 'say') byId('say').textContent = message.text;
  else if (type === 'failed') failed(message.error);
  else if (type === 'refused') console.error('view:', message.error.message);
  else tell({ type, ...message });
  if (type === 'ready') ready();
}

// The scene is pixels; this is what it is to a screen reader and to the Tab key.
function ready() {
  const canvas = document.querySelector('canvas');
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-roledescription', 'drawing of the network');
  canvas.setAttribute('aria-label', 'Layers of the network. Arrow keys choose a layer. With Shift, up and down change the depth of its stage, left and right its width. '
    + 'K: next filter. R: next resolution. M: next map over the image. Plus, minus and 0: zoom. W, A, S, D: move. Escape: back to the page.');
  byId('zoom').before(canvas);
  wait.hidden = true;
  byId('zoom').hidden = false;
  theme({ dark: matchMedia('(prefers-color-scheme:dark)').matches, still: matchMedia('(prefers-reduced-motion:reduce)').matches });
}

function theme({ dark, still }) {
  root.dataset.theme = dark ? 'dark' : 'light';
  pass({ type: 'theme', dark, still });
}

async function start() {
  if (typeof WebAssembly !== 'object' || !document.createElement('canvas').getContext('webgl2')) {
    throw { message: 'This browser can’t draw the network view: it has no WebGL 2', hint: 'Turn hardware acceleration on in its settings, or open the page in another browser' };
  }
  self.bignas = {
    start: f => { handle = f; },
    post: text => receive(JSON.parse(text)),
  };
  const manifest = new URL('../../assets/manifest.json', import.meta.url);
  const address = await fetch(manifest).then(r => r.json()).then(m => new URL(m.view, manifest), () => undefined);
  let response = address && await fetch(address).catch(() => undefined);
  while (response?.status === 503 && response.headers.has('Retry-After')) { // make run builds it behind the page
    wait.textContent = 'The view is still being built. It opens by itself when it is ready, in a minute or two.';
    await new Promise(done => setTimeout(done, RETRY));
    response = await fetch(address).catch(() => undefined);
  }
  if (!response?.ok) throw { message: 'The view did not arrive', hint: 'Check the connection and open it again; if this is your server, build the page with make site' };
  const go = new self.Go();
  go.argv = ['view', manifest.href, new URLSearchParams(location.search).get('weights') ?? ''];
  const wasm = (response.headers.get('Content-Type') ?? '').startsWith('application/wasm');
  const { instance } = wasm // streaming needs the right type; other servers get the slower way
    ? await WebAssembly.instantiateStreaming(response, go.importObject)
    : await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
  const ended = e => { if (wait.hidden) failed({ message: e ? `The view stopped: ${e.message}` : 'The view stopped', hint: 'Close it and open it again' }); };
  go.run(instance).then(() => ended(), ended);
}

addEventListener('message', ({ origin, source, data }) => {
  if (!embedded || origin !== location.origin || source !== parent || typeof data?.type !== 'string') return;
  if (data.type === 'theme') theme(data);
  else if (data.type === 'focus') document.querySelector('canvas')?.focus({ preventScroll: true });
  else pass(data);
});
// A ring around the view for the keyboard only; the program stops events at the document.
addEventListener('pointerdown', () => { document.body.dataset.pointer = ''; }, { capture: true });
addEventListener('keydown', () => { delete document.body.dataset.pointer; }, { capture: true });
byId('zoom').addEventListener('click', e => {
  if (e.target.dataset.by) pass({ type: 'zoom', by: Number(e.target.dataset.by) });
});
// Ebiten reads the pixels of a point once; another screen or the browser's zoom begins again.
matchMedia(`(resolution:${devicePixelRatio}dppx)`).addEventListener('change', () => location.reload());
start().catch(failed);
