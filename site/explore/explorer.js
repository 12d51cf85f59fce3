// The explorer: one child, one image, and what follows when either changes.
import { Answer } from './answer.js';
import { within } from './arriving.js';
import { Costs } from './costs.js';
import { Drawing } from './drawing.js';
import { History } from './history.js';
import { Proof } from './proof.js';
import { Seen } from './seen.js';
import { Sliders } from './sliders.js';
import { clear, notice, sentences } from '../shared/notice.js';
import { byId, write } from '../shared/page.js';
import * as spaces from '../shared/space.js';

const START = 0.5; // the first child: the middle of every choice

export class Explorer {
  #state; #engine; #manifest; #space; #drawing; #sliders; #costs; #answer; #images; #history; #view; #seen; #proof; #listeners = []; #life = new AbortController();
  #child; #wanted; #ceiling; #begun = false; #loaded = 0; #image; #chosen; #good; #decoding; #stage = -1; #costed = 0; #cost; #answered; #allLayers; #ready = false; #running = false;

  /** manifest is what the page knows of the weights; the explorer is for them, until close. */
  constructor(state, manifest, images) {
    this.#state = state;
    this.#manifest = manifest;
    const space = this.#space = manifest.space, { signal } = this.#life;
    this.#allLayers = spaces.layers(spaces.biggest(space));
    this.#drawing = new Drawing(byId('drawing'), space, signal);
    this.#costs = new Costs(spaces.countChildren(space), manifest.doubt);
    this.#costs.progress(0, manifest.bytes);
    this.#answer = new Answer();
    this.#seen = new Seen(this.#drawing);
    this.#proof = new Proof(this, this.#costs);
    this.family = spaces.named(manifest);
    this.#sliders = new Sliders(space, this.family, { onmove: (child, e) => this.take(child, e), onstage: i => this.select(i) }, signal);
    this.#history = new History(child => this.move(child), signal);
    byId('random').addEventListener('click', e => this.take(spaces.random(space), e), { signal });
    this.#images = images;
    images.use(manifest, {
      onimage: p => this.#open(p),
      onproblem: (title, text) => notice('image', title, text),
    });
    write(byId('knows').firstElementChild, `${manifest.labels.length} classes`);
    write(byId('knows').lastChild, manifest.limits ?? '.');
    images.preview(state.get('image'));
    this.#child = this.#wanted = spaces.atFraction(space, START);
    this.#history.start(this.#child);
    this.#readStage();
  }

  /** Draws the first child. waits: an engine will start, until when only the smallest is here. */
  open(waits) {
    if (waits) this.#wait();
    else this.#show();
  }

  /** Goes on with an engine that has all of the weights, and with an image where one is given. */
  adopt(engine, { kernels }, image) {
    this.#engine = engine;
    this.#begun = this.#running = this.#ready = true;
    if (kernels) this.#costs.kernels(kernels);
    this.progress(this.#manifest.bytes);
    this.#limit(undefined);
    this.#answer.wait();
    this.#readArch();
    if (image) this.#open(image);
    else this.#first();
    this.#tell('ready');
    this.#proof.soon();
  }

  /** Ends everything of the explorer, for one with other weights. Its engine ends unless it is kept. */
  close(kept) {
    this.closed = true;
    this.#life.abort();
    this.#proof.stop();
    this.#begun = this.#running = this.#ready = false;
    this.#listeners = [];
    this.#seen.forget();
    byId('heat-map').hidden = true;
    if (this.#decoding) this.#images.decoded();
    // For replies that are on the way.
    this.#image = this.#answered = undefined;
    if (this.#engine !== kept) this.#engine?.stop();
    for (const about of ['link', 'request', 'weights', 'engine']) clear(about);
  }

  // ---- for the sections of the page

  get state() { return this.#state; }
  get engine() { return this.#engine; }
  get space() { return this.#space; }
  get manifest() { return this.#manifest; }
  get child() { return this.#child; }
  get image() { return this.#image; }

  /** The image that was chosen last, be it a sample's or not; undefined before there is one. */
  get chosen() { return this.#chosen; }

  /** Ends with the explorer. */
  get signal() { return this.#life.signal; }

  /** Whether the child runs with the statistics of the biggest, once all weights are here, instead of its own. */
  get inherited() { return this.#ready && this.#state.get('statistics') === 'inherited'; }

  /** {arch, cost, accuracy} of the child, undefined while it is being counted. */
  get cost() { return this.#cost; }

  /** The answer to the image as it stands, undefined while there is none. */
  get answer() { return this.#answered; }

  /** True when every child can answer: all weights are here. */
  get ready() { return this.#ready; }

  /** Calls f(what) when "child", "cost", "image", "answer", "statistics", "b" or "address" changed, and at "ready". */
  on(f) { this.#listeners.push(f); }

  /** Makes that child the one of the page, as a slider does; event is the person's, for the time it took. */
  take(wish, event) {
    const child = within(wish, this.#ceiling);
    this.#history.record(child, event);
    this.move(child, event);
  }

  /** Counts what a child costs: {arch, cost, accuracy}, accuracy undefined where nothing is known of it. */
  async count(child) {
    const { arch, cost } = await this.#engine.request('cost', { child });
    const m = this.#manifest.children?.find(c => c.arch === arch);
    return { arch, cost, accuracy: m ? { kind: 'measured', p: m.top1, n: m.n } : cost.accuracy };
  }

  /** Asks again after the statistics were switched. */
  switchStatistics(name) {
    this.#state.set('statistics', name);
    this.#tell('statistics');
    this.#showCost();
    this.#askAnswer();
  }

  /** Keeps the child of that text, or of that name, as the one to compare with. */
  keep(b) {
    this.#state.set('b', b);
    this.#tell('b');
  }

  /** Shows an error that a section met, unless somebody asked for something newer. */
  failed(error) { this.#failed(error); }

  /** Shows child and image in the network view too: show(child, stage), image(width, bytes). */
  attach(view) {
    this.#view = view;
    view.show(this.#child, this.#stage);
    this.#seen.attach(view);
  }

  #tell(what) { this.#listeners.forEach(f => f(what)); }

  /**
   * Hears that the engine stopped. Child, image and everything else stay for the next
   * one; but an image that was being decoded is not tried again: it may be the reason.
   */
  lost() {
    const culprit = this.#decoding;
    this.#begun = this.#running = this.#ready = false;
    this.#image = this.#ceiling = this.#decoding = undefined; // a new engine has none yet
    this.#seen.forget();
    this.#answer.wait();
    if (!this.#cost) this.#state.set('arch', ''); // the child is newer
    if (!culprit) return;
    this.#images.decoded();
    if (this.#chosen === culprit) this.#chosen = this.#good;
    if (culprit !== this.#good) notice('image', title(culprit), 'The engine stopped while it was decoded. Choose a smaller image.');
  }

  // ---- for the engine's start

  /** True once the smallest child can answer. */
  get begun() { return this.#begun; }

  /** Gets the engine that starts. */
  use(engine) {
    this.#engine = engine;
    if (this.#begun || this.#ceiling) return;
    this.#wait(); // after another engine
    this.progress(0);
  }

  /** Hears that the engine listens: it counts costs already. A second try of the weights says so again. */
  listens() {
    if (this.#running) return;
    this.#running = true;
    this.#readArch();
  }

  /** Hears that more children can be run, those within the ceiling, and what computes. */
  opened({ ceiling, kernels }) {
    this.#limit(ceiling);
    if (kernels) this.#costs.kernels(kernels);
    if (this.#begun) return;
    this.#begun = true;
    this.progress(this.#loaded);
    if (this.#chosen) this.#open(this.#chosen);
    else this.#first();
  }

  /** Hears how many bytes of the weights are here. */
  progress(loaded) {
    this.#loaded = loaded;
    this.#costs.progress(loaded, this.#manifest.bytes, this.#begun);
  }

  /** Hears that all weights are here. */
  arrived() {
    this.progress(this.#manifest.bytes);
    this.opened({});
    this.#ready = true;
    this.#tell('ready');
    if (this.inherited) this.switchStatistics('inherited');
    this.#sliders.invite();
    this.#proof.soon();
  }

  /** Hears that no more of them comes for now. */
  missed() {
    if (this.#begun) return;
    this.#limit(undefined); // costs can be counted without weights
    this.progress(0);
    this.#answer.none('No answer yet');
  }

  #wait() { this.#limit({ ...spaces.smallest(this.#space), resolution: this.#space.resolutions.at(-1) }); }

  // limit lets the child grow towards the wanted one as far as weights are here.
  #limit(ceiling) {
    this.#ceiling = ceiling;
    this.#sliders.limit(ceiling);
    this.#drawing.limit(ceiling);
    write(byId('key-ghost'), ceiling ? 'not here yet' : 'layer skipped');
    const child = within(this.#wanted, ceiling);
    if (spaces.equal(child, this.#child)) return this.#show();
    this.#history.start(child);
    this.#put(child);
  }

  // ---- the child

  /** Makes that child the one of the page, with nothing to undo. */
  move(wish, event) {
    this.#wanted = within(wish, this.#ceiling);
    if (!this.#running) this.#state.set('arch', ''); // the move is newer than the link
    this.#put(this.#wanted, event);
  }

  #put(child, event) {
    this.#child = child;
    this.#cost = this.#answered = undefined;
    this.#show();
    this.#tell('child');
    this.#askCost();
    this.#askAnswer(event?.timeStamp);
  }

  /** Lets the sliders move that stage only, or with -1 all of them. */
  select(stage) {
    this.#stage = stage;
    this.#state.set('stage', stage < 0 ? 'all' : this.#space.stages[stage].name);
    this.#show();
  }

  #show() {
    this.#drawing.show(this.#child, this.#stage);
    this.#sliders.show(this.#child, this.#stage);
    this.#view?.show(this.#child, this.#stage);
  }

  #readStage() { this.#stage = this.#space.stages.findIndex(s => s.name === this.#state.get('stage')); }

  // The engine owns the codec: the text of the address becomes an object there.
  async #readArch() {
    const text = this.#state.get('arch');
    if (text) {
      try {
        const member = this.family.find(c => c.label === text)?.child; // the page has the names before the weights bring them
        const { arch, child } = member ? { ...await this.count(member), child: member } : await this.#engine.request('parse', { arch: text });
        if (arch !== this.#cost?.arch) {
          this.#wanted = child;
          this.#child = within(child, this.#ceiling);
          if (this.#cost) this.#history.record(this.#child); // the address was changed while the page stood open
          else this.#history.start(this.#child);
          this.#tell('child');
        }
      } catch (error) {
        notice('link', 'This link names no child of this network.', sentences(error));
      }
    }
    this.#show();
    this.#askCost();
    this.#askAnswer();
  }

  /** Follows the address, which was changed from outside. */
  readAddress() {
    this.#readStage();
    if (this.#running) this.#readArch();
    const image = this.#images.named(this.#state.get('image'));
    if (this.#begun && image && image.name !== this.#image?.name) this.#images.sample(image.name);
    this.#tell('address');
    this.#tell('statistics');
  }

  async #askCost() {
    if (!this.#running) return;
    const asked = ++this.#costed;
    try {
      const counted = await this.count(this.#child);
      if (asked !== this.#costed) return;
      this.#cost = counted;
      if (spaces.equal(this.#child, this.#wanted)) this.#state.set('arch', counted.arch); // otherwise it is still growing
      this.#showCost();
      this.#tell('cost');
    } catch (error) {
      this.#failed(error);
    }
  }

  #showCost() { if (this.#cost) this.#costs.show(this.#cost, this.#allLayers, this.inherited); }

  // ---- the image

  // first opens the sample of the address, else the first one.
  #first() {
    if (!this.#images.first) this.#answer.none('No image yet');
    this.#images.sample(this.#state.get('image'));
  }

  // open decodes an image in place of one that is being decoded; before the engine has begun it waits.
  async #open(image) {
    this.#chosen = image;
    if (!this.#begun) return;
    try {
      await this.#decode(image);
    } catch (error) { // the last good image and its answer stay
      if (this.#chosen !== image || !this.#begun) return; // a newer one took its place, or the engine stopped
      this.#chosen = this.#good;
      if (!error.stale) notice('image', title(image), error.code ? sentences(error) : 'It is not where it was. Choose it again.');
      return;
    } finally {
      if (this.#decoding === image) {
        this.#decoding = undefined;
        this.#images.decoded();
      }
    }
    if (image !== this.#good) clear('image'); // of the one before
    this.#image = this.#good = image;
    this.#images.mark(image.name);
    if (image.sample) this.#state.set('image', this.#images.first === image.name ? '' : image.name);
    this.#answered = undefined;
    if (!image.live) this.#tell('image');
    return this.#askAnswer();
  }

  async #decode(image) {
    const bytes = image.bytes ?? await image.read(), engine = this.#engine;
    image.bytes = undefined; // they are handed over
    if (this.#chosen !== image || !this.#begun) throw { stale: true };
    this.#decoding = image;
    const request = engine.request('image', {}, { bytes, onprogress: ({ done }) => {
      if (this.#decoding === image) this.#images.decoding(done, () => engine.cancel(request.id));
    } });
    return request;
  }

  async #askAnswer(inputTime) {
    if (!this.#begun || !this.#image) return;
    const image = this.#image, child = this.#child, inherited = this.inherited;
    this.#seen.show(this.#engine, child.resolution, image).catch(error => this.#failed(error));
    this.#answer.wait();
    try {
      const { arch, answer } = await this.#engine.request('classify', { child, inherited });
      if (image !== this.#image) return;
      this.#answer.show(arch, answer, image.label);
      clear('request');
      if (child === this.#child && inherited === this.inherited) {
        this.#answered = answer;
        this.#tell('answer');
      } else {
        this.#answer.wait(); // for that of a newer child
      }
      const since = inputTime === undefined ? undefined : performance.now() - inputTime;
      this.#costs.time(arch, since);
      this.#proof.soon();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    if (!error.stale && !this.closed) notice('request', 'Something went wrong.', sentences(error));
  }
}

const title = image => `${image.file ?? (image.sample || 'The image')} can’t be read.`;
