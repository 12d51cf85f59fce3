// The network view in the page: a button opens it, a document of its own draws
// it, and messages keep it and the sliders at the same child.
import { step } from '../shared/back.js';
import { byId, make } from '../shared/page.js';

const RETRY = 300; // ms
const SETTLE = 300; // ms that the child must stand still before its layers are listed

export class View {
  #section; #frame; #ready = false; #child; #stage = -1; #image; #asked; #forget; #table; #timer = 0; #explorer; #button = byId('look-inside');

  /** It is for that explorer as long as this works. */
  constructor(explorer) {
    this.#explorer = explorer;
    const { signal } = explorer;
    addEventListener('message', e => {
      if (e.origin === location.origin && e.source && e.source === this.#frame?.contentWindow) this.#receive(e);
    }, { signal });
    const themed = new MutationObserver(() => this.#theme());
    signal.addEventListener('abort', () => {
      themed.disconnect();
      if (this.#section) this.#remove();
    });
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    for (const query of ['(prefers-color-scheme:dark)', '(prefers-reduced-motion:reduce)']) matchMedia(query).addEventListener('change', () => this.#theme(), { signal });
    explorer.attach(this);
  }

  /** Opens the view, or closes it. */
  toggle() {
    if (!this.#section) return this.#open();
    this.#remove();
    this.#button.focus();
  }

  /** Shows the child; stage is the one that the sliders move, or -1. */
  show(child, stage) {
    const known = child === this.#child && stage === this.#stage; // it came from the view
    this.#child = child;
    this.#stage = stage;
    if (!known) this.#send({ type: 'child', child, stage });
    this.#list();
  }

  /** Shows the image as the child sees it: RGBA bytes of a square of that width. */
  image(width, bytes) {
    this.#image = { type: 'image', width, bytes };
    this.#send(this.#image);
  }

  #open() {
    const close = make('button', { type: 'button', className: 'btn', textContent: 'Close' });
    close.addEventListener('click', () => this.toggle());
    this.#frame = make('iframe', { src: new URL(`frame.html?weights=${encodeURIComponent(this.#explorer.manifest.id)}`, import.meta.url).href, title: 'The network, layer by layer', allow: 'fullscreen' });
    const title = make('h2', { id: 'inside-title', textContent: 'Inside the network' });
    const keys = make('p', { className: 'keys' });
    keys.append('Ctrl and the wheel, or two fingers, zoom. Keys: arrows choose a layer, Shift and arrows change it, ',
      make('kbd', { textContent: 'K' }), ' is its filter, ', make('kbd', { textContent: 'R' }), ' the resolution, ', make('kbd', { textContent: 'M' }), ' lays the layer’s next map over the image, ',
      make('kbd', { textContent: '+' }), ' ', make('kbd', { textContent: '−' }), ' ', make('kbd', { textContent: '0' }), ' zoom, ', make('kbd', { textContent: 'Esc' }), ' goes back.');
    this.#section = make('section', { id: 'inside', className: 'inside' },
      make('div', { className: 'hd' }, make('div', {}, title, make('p', { className: 'lead-in',
        textContent: 'Every block is a layer of the biggest network, the orange part your child’s share of its channels. Drag a block up for more layers, sideways for more channels; choose one to see what it makes of your image, and press one of its maps to see where in the image it looks.' })), close),
      this.#frame, keys, this.#layers());
    this.#section.setAttribute('aria-labelledby', 'inside-title');
    byId('explore').after(this.#section);
    this.#button.setAttribute('aria-expanded', 'true');
    this.#forget = step(this.#explorer.state, () => this.toggle());
    this.#styled(() => this.#section?.scrollIntoView()); // it has its height then
  }

  // layers is the table of the child's layers, for who opens it.
  #layers() {
    const box = make('div', { className: 'scroll', tabIndex: 0 });
    box.setAttribute('role', 'region');
    box.setAttribute('aria-label', 'Layers of the child');
    this.#table = make('details', { className: 'layers' }, make('summary', { textContent: 'Layers by name, with the shapes that PyTorch has' }), box,
      make('p', { className: 'cap', textContent: 'Names are those in an exported safetensors file, which has channels last; shapes here are in PyTorch’s order. Pooling, activations (SiLU) and additions have no weights and are left out.' }));
    this.#table.addEventListener('toggle', () => this.#list());
    return this.#table;
  }

  #list() {
    clearTimeout(this.#timer);
    const table = this.#table, child = this.#child;
    if (!table?.open || table.shown === child) return;
    this.#timer = setTimeout(async () => {
      const box = table.querySelector('.scroll');
      try {
        const { layers } = await import('./layers.js'), list = await layers(this.#explorer.engine, child, this.#explorer.space);
        if (child !== this.#child) return;
        table.shown = child;
        box.replaceChildren(list);
      } catch (error) {
        if (!error.stale) box.replaceChildren(make('p', { textContent: error.hint ? `The layers are not here: ${error.message}; ${error.hint}.` : 'The layers did not arrive. Check the connection and open this again.' }));
      }
    }, table.shown ? SETTLE : 0);
  }

  #styled(then) {
    if (document.querySelector('link[href$="frame.css"]')) return then();
    document.head.append(make('link', { rel: 'stylesheet', href: new URL('frame.css', import.meta.url).href, onload: then }));
  }

  #remove() {
    this.#forget();
    this.#section.remove();
    this.#section = this.#frame = this.#table = undefined;
    this.#ready = false;
    this.#button.setAttribute('aria-expanded', 'false');
  }

  #receive({ data, timeStamp }) {
    switch (data.type) {
      case 'ready':
        this.#ready = true;
        this.#theme();
        this.#send({ type: 'child', child: this.#child, stage: this.#stage });
        if (this.#image) this.#send(this.#image);
        if (this.#button.matches(':focus-visible')) this.#send({ type: 'focus' });
        break;
      case 'failed': this.#ready = false; break;
      case 'move':
      case 'stage':
        byId('hint').hidden = true;
        if (data.child) this.#explorer.move(this.#child = data.child, { timeStamp });
        else this.#explorer.select(this.#stage = data.stage);
        break;
      case 'want-maps': this.#ask(data); break;
      case 'leave': this.#button.focus(); break;
    }
  }

  async #ask({ stage, layer, ask }) {
    this.#asked = ask;
    try {
      const { width, height, channels, bytes } = await this.#explorer.engine.request('maps', { child: this.#explorer.child, stage, layer });
      this.#send({ type: 'maps', ask, width, height, channels, bytes });
    } catch (error) {
      if (!error.stale) this.#send({ type: 'maps', ask, error: error.message });
      else setTimeout(() => { if (ask === this.#asked) this.#ask({ stage, layer, ask }); }, RETRY); // the engine preferred an answer
    }
  }

  #theme() {
    const { theme } = document.documentElement.dataset;
    const dark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme:dark)').matches;
    this.#send({ type: 'theme', dark, still: matchMedia('(prefers-reduced-motion:reduce)').matches });
  }

  #send(message) {
    if (this.#ready) this.#frame.contentWindow.postMessage(message, location.origin);
  }
}
