// The explorer: one child, one picture, and what follows when either changes.
import { Answer } from './answer.js';
import { Costs } from './costs.js';
import { Drawing } from './drawing.js';
import { clear, notice, sentences } from './notice.js';
import { byId, write } from './page.js';
import { Pictures } from './pictures.js';
import { Sliders } from './sliders.js';
import * as spaces from './space.js';
import { View } from './view.js';

const START = 0.5; // the first child: the middle of every choice
const PROOF_DELAY = 1500; // ms without input before the weights are checked again

export class Explorer {
  #state; #engine; #manifest; #space; #drawing; #sliders; #costs; #answer; #pictures; #view;
  #child; #picture; #stage = -1; #costed = 0; #allLayers; #ready = false; #running = false; #proof = 0;

  constructor(state, manifest) {
    this.#state = state;
    this.#manifest = manifest;
    const space = this.#space = manifest.space;
    this.#allLayers = spaces.layers(spaces.biggest(space));
    this.#drawing = new Drawing(byId('drawing'), space);
    this.#costs = new Costs(manifest.children ?? [], spaces.countChildren(space));
    this.#costs.progress(0, manifest.bytes);
    this.#answer = new Answer();
    this.#sliders = new Sliders(space, presets(manifest), { onmove: (child, e) => this.#move(child, e), onstage: i => this.#select(i) });
    this.#pictures = new Pictures({
      onpicture: p => this.#open(p),
      onproblem: (title, text) => notice('picture', title, text),
    });
    this.#view = new View({
      onmove: (child, e) => this.#move(child, e), onstage: i => this.#select(i),
      taps: (stage, layer) => this.#engine.request('taps', { child: this.#child, stage, layer }),
    });
    this.#pictures.preview(state.get('picture'));
    this.#child = spaces.atFraction(space, START);
    this.#readStage();
    this.#show();
    state.onaddress(() => this.#readAddress());
  }

  /** Boots the engine. It resolves when the first answer can be asked for. */
  async start(engine) {
    this.#engine = engine;
    const here = new URL('.', document.baseURI), { weights, bytes, labels } = this.#manifest;
    const onprogress = p => {
      if (!p.engine) return this.#costs.progress(p.loaded, p.total);
      if (this.#running) return; // a second try
      this.#running = true;
      this.#readArch();
    };
    try {
      const { info, kernels } = await engine.request('boot', {
        engine: new URL('engine.wasm', here).href, weights: new URL(`assets/${weights}`, here).href,
        size: bytes, space: this.#space.name, classes: labels.length,
        kernels: new URLSearchParams(location.search).get('kernels'), // to compare: off, simd or relaxed
      }, { onprogress });
      this.#costs.kernels(kernels);
      this.#costs.progress(info.bytes, info.bytes);
    } catch (error) {
      this.#costs.progress(0, bytes);
      if (!this.#picture) this.#answer.none('No answer yet');
      notice('weights', 'The network is not here.', sentences(error), ['Try again', () => this.start(engine)]);
      return;
    }
    clear('weights');
    this.#ready = true;
    this.#sliders.invite();
    this.#pictures.sample(this.#state.get('picture'));
    this.#proveSoon();
  }

  // ---- the child

  #move(child, event) {
    this.#child = child;
    if (!this.#running) this.#state.set('arch', ''); // the move is newer than the link
    this.#show();
    this.#askCost();
    this.#askAnswer(event?.timeStamp);
  }

  #select(stage) {
    this.#stage = stage;
    this.#state.set('stage', stage < 0 ? 'all' : this.#space.stages[stage].name);
    this.#show();
  }

  #show() {
    this.#drawing.show(this.#child, this.#stage);
    this.#sliders.show(this.#child, this.#stage);
    this.#view.show(this.#child, this.#stage);
  }

  #readStage() { this.#stage = this.#space.stages.findIndex(s => s.name === this.#state.get('stage')); }

  // The engine owns the codec: the text of the address becomes an object there.
  async #readArch() {
    const text = this.#state.get('arch');
    if (text) {
      try {
        this.#child = (await this.#engine.request('parse', { arch: text })).child;
      } catch (error) {
        notice('link', 'This link names no child of this network.', sentences(error));
      }
    }
    this.#show();
    this.#askCost();
    this.#askAnswer();
  }

  #readAddress() {
    this.#readStage();
    if (this.#running) this.#readArch();
    const picture = this.#state.get('picture');
    if (this.#ready && picture !== this.#picture?.name) this.#pictures.sample(picture);
  }

  async #askCost() {
    if (!this.#running) return;
    const asked = ++this.#costed;
    try {
      const { arch, cost } = await this.#engine.request('cost', { child: this.#child });
      if (asked !== this.#costed) return;
      this.#state.set('arch', arch);
      this.#costs.show(arch, cost, this.#allLayers);
    } catch (error) {
      this.#failed(error);
    }
  }

  // ---- the picture

  async #open(picture) {
    if (!this.#ready) return;
    try {
      await this.#engine.request('picture', {}, { bytes: picture.bytes });
    } catch (error) { // the last good picture and its answer stay
      notice('picture', `${picture.file ?? picture.label} can’t be read.`, sentences(error));
      return;
    }
    clear('picture');
    this.#picture = picture;
    this.#pictures.mark(picture.name);
    if (picture.name !== 'own') this.#state.set('picture', picture.name);
    this.#askAnswer();
  }

  // see shows the picture as the child sees it; the engine has resized it.
  async #see() {
    const key = [this.#child.resolution, this.#picture], canvas = byId('picture');
    if (canvas.seen?.every((v, i) => v === key[i])) return;
    canvas.seen = key;
    try {
      const { width, bytes } = await this.#engine.request('view', { resolution: this.#child.resolution });
      if (canvas.seen !== key) return;
      canvas.width = canvas.height = width;
      canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(bytes), width), 0, 0);
      canvas.setAttribute('aria-label', this.#picture.alt);
      canvas.hidden = false;
      byId('sample').hidden = true;
      write(byId('seen'), `${width} × ${width} px`);
      this.#drawing.picture(canvas.toDataURL());
      this.#view.picture(width, bytes);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #askAnswer(inputTime) {
    if (!this.#ready || !this.#picture) return;
    const picture = this.#picture;
    this.#see();
    try {
      const { arch, answer } = await this.#engine.request('classify', { child: this.#child });
      if (picture !== this.#picture) return;
      this.#answer.show(answer, picture.label);
      const since = inputTime === undefined ? undefined : performance.now() - inputTime;
      this.#costs.time(arch, answer.timing, since);
      this.#proveSoon();
    } catch (error) {
      this.#failed(error);
    }
  }

  // "Weights changed" is counted by the engine over all shared weights, when nobody is waiting for it.
  #proveSoon() {
    clearTimeout(this.#proof);
    this.#proof = setTimeout(async () => {
      try {
        this.#costs.verified((await this.#engine.request('verify')).check);
      } catch (error) {
        this.#failed(error);
      }
    }, PROOF_DELAY);
  }

  #failed(error) {
    if (!error.stale) notice('engine', 'Something went wrong.', sentences(error));
  }
}

/** The buttons to start from: the named family of the weights, or even steps. */
function presets({ space, family }) {
  const between = family?.length ? family.map(({ name, child }) => [name, `Child ${name}`, child])
    : [['¼', 'A quarter of every choice', 0.25], ['½', 'The middle of every choice', 0.5], ['¾', 'Three quarters of every choice', 0.75]]
      .map(([label, name, f]) => [label, name, spaces.atFraction(space, f)]);
  return [['Min', 'Smallest child', spaces.smallest(space)], ...between, ['Max', 'Biggest child', spaces.biggest(space)]];
}

/** Says that the engine can not run here at all, and what still can be done. */
export function unsupported() {
  notice('engine', 'This browser can’t run the network.', 'It has no WebAssembly or no workers. Use a current Firefox, Chrome, Edge or Safari; the drawing below still follows the sliders.');
}

