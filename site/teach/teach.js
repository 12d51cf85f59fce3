// The section that teaches other classes: a person shows images, the engine trains a
// classifier on the shared weights, and the page goes over to it. What was shown stays when
// the page changes its weights.
import { Card } from './card.js';
import { Examples, MOST } from './examples.js';
import { dropped, picked } from './files.js';
import { Progress } from './progress.js';
import { LIMITS } from '../explore/foreign.js';
import { sentences } from '../shared/notice.js';
import { offer } from '../shared/offer.js';
import { asset, brush, byId, make, number, percent, sheet, write } from '../shared/page.js';

const HTML = `<p class="lead-in">Show a few images of each of your things: twenty are enough. A new classifier is trained on the shared weights, once, in this browser, and every width, depth, kernel and resolution works for your classes. No image leaves this device.</p>
<ol class="cards" aria-label="Your classes"></ol>
<p class="acts"><button type="button" class="btn" data-do="class">Add a class</button><button type="button" class="btn" data-do="folder">Add a folder of classes</button></p>
<p class="acts taught"><button type="button" class="btn pri" data-do="teach">Teach</button><button type="button" class="btn" data-do="stop" hidden>Stop</button><button type="button" class="btn" data-do="save" hidden>Save these classes</button><button type="button" class="btn" data-do="back" hidden>Back to the shipped classes</button></p>
<p data-is="says" role="status"></p>
<p class="cap" data-is="skipped" role="status"></p>
<input type="file" class="vh" tabindex="-1" aria-hidden="true" accept="image/*" multiple data-is="files"><input type="file" class="vh" tabindex="-1" aria-hidden="true" webkitdirectory data-is="folders">`;

const SAMPLES = 12;

let lesson;

export default class Teach {
  #explorer;

  constructor(explorer, root) {
    this.#explorer = explorer;
    lesson ??= new Lesson(root);
    lesson.use(explorer);
  }

  show(changed) {
    if (changed.has('ready')) lesson.use(this.#explorer); // perhaps with another engine
  }
}

class Lesson {
  #explorer; #root; #box = make('div', { className: 'lesson', hidden: true }); #examples; #cards = []; #current; #progress = new Progress(); #recorder; #film; #teaching; #skipped = [];

  constructor(root) {
    this.#root = root;
    this.#examples = new Examples(of => this.#changed(of), (name, text) => this.#skip(name, text));
    this.#box.innerHTML = HTML;
    this.#part('says').after(this.#progress.root);
    root.append(this.#box);
    const show = () => { this.#box.hidden = false; };
    sheet(new URL('./teach.css', import.meta.url)).then(show, show);
    for (const [name, f] of Object.entries({ class: () => this.#add().select(), folder: () => this.#part('folders').click(), teach: () => this.#teach(), stop: () => this.#stop(), save: () => this.#save(), back: () => this.#back() })) {
      this.#button(name).addEventListener('click', f);
    }
    for (const input of [this.#part('files'), this.#part('folders')]) {
      input.addEventListener('change', () => {
        const files = picked(input.files);
        input.value = ''; // the same again is a change again
        this.#take(files, input === this.#part('files') ? this.#current : undefined);
      });
    }
    root.addEventListener('focusin', e => { this.#current = this.#at(e.target) ?? this.#current; });
    root.addEventListener('dragover', e => root.classList.toggle('taking', e.dataTransfer.types.includes('Files')));
    for (const type of ['dragleave', 'drop']) root.addEventListener(type, () => root.classList.remove('taking'));
    root.addEventListener('drop', async e => {
      if (!e.dataTransfer.files.length || /\.safetensors$/.test(e.dataTransfer.files[0].name)) return; // weights are for the page
      e.preventDefault();
      const at = this.#at(e.target), files = dropped(e.dataTransfer);
      this.#take(await files.catch(() => []), at);
    });
    root.addEventListener('paste', e => {
      const files = picked(e.clipboardData?.files ?? []);
      if (!files.length) return;
      e.preventDefault();
      this.#take(files, this.#at(e.target) ?? this.#current);
    });
    for (const name of ['Class 1', 'Class 2']) this.#add(name);
    [this.#current] = this.#cards;
  }

  /** Goes on with an explorer, of other weights perhaps. */
  use(explorer) {
    this.#explorer = explorer;
    this.#examples.use(explorer.engine);
    const { base } = explorer.manifest;
    for (const name of ['save', 'back']) this.#button(name).hidden = !base;
    if (base) write(this.#button('back'), base.foreign ? `Back to “${base.name}”` : 'Back to the shipped classes');
  }

  #part(name) { return this.#box.querySelector(`[data-is=${name}]`); }
  #button(name) { return this.#box.querySelector(`[data-do=${name}]`); }
  #at(el) { return this.#cards.find(c => c.root.contains(el)); }
  #say(text) { write(this.#part('says'), text); }

  // ---- classes and images

  #add(name = `Class ${this.#cards.length + 1}`) {
    const card = new Card(this.#examples.addClass(name), this.#examples, {
      pick: c => { this.#current = c; this.#part('files').click(); },
      camera: c => this.#camera(c),
      remove: c => this.#remove(c),
    });
    this.#cards.push(card);
    this.#box.querySelector('.cards').append(card.root);
    this.#count();
    return card;
  }

  #remove(card) {
    if (this.#film === card) this.#recorder.stop();
    const i = this.#cards.indexOf(card);
    this.#cards.splice(i, 1);
    this.#examples.removeClass(card.of);
    card.root.remove();
    if (this.#current === card) [this.#current] = this.#cards;
    this.#count();
    (this.#cards[Math.min(i, this.#cards.length - 1)]?.remove ?? this.#button('class')).focus();
  }

  #count() { this.#button('class').disabled = this.#cards.length >= MOST; }

  #changed(of) { this.#cards.find(c => c.of === of)?.show(); }

  #skip(name, text) {
    this.#skipped.push(`${name} is left out. ${text}`);
    const [last] = this.#skipped.slice(-1), more = this.#skipped.length - 1;
    write(this.#part('skipped'), more ? `${last} (And ${number(more)} more before.)` : last);
  }

  // take adds files: to that class or, without one, to those with the names of their folders.
  #take(files, to) {
    this.#skipped = [];
    write(this.#part('skipped'), '');
    if (!files.length) return this.#say('There is no file in it.');
    const folders = new Set(files.map(f => f.folder));
    let full = 0;
    for (const { folder, file } of files) {
      const card = to && folders.size === 1 ? to : folder ? this.#named(folder) : to ?? this.#current ?? this.#add();
      if (card) this.#examples.add(card.of, file, file.name);
      else full++;
    }
    for (const card of this.#cards) card.show();
    if (full) this.#say(`${number(full)} images are left out: there can be ${MOST} classes at most.`);
  }

  // named is the class of a folder: the one of that name, an untouched one, or a new one.
  #named(folder) {
    const known = this.#cards.find(c => c.of.name.trim() === folder);
    if (known) return known;
    const fresh = this.#cards.find(c => /^Class \d+$/.test(c.of.name) && !c.of.images.length);
    if (fresh) fresh.rename(folder);
    return fresh ?? (this.#cards.length < MOST ? this.#add(folder) : undefined);
  }

  // camera puts the camera into a card, or switches it off.
  async #camera(card) {
    const off = this.#film === card;
    this.#film?.film();
    if (off) return this.#recorder.stop();
    this.#current = this.#film = card;
    try {
      const { Recorder } = await import('./record.js');
      this.#recorder ??= new Recorder(blob => this.#record(blob), problem => this.#dark(problem));
    } catch {
      this.#film = undefined;
      return this.#say('The part for the webcam did not arrive. Check the connection and press Webcam again.');
    }
    const running = this.#recorder.root.isConnected;
    card.film(this.#recorder);
    if (!running) this.#recorder.start();
  }

  #record(blob) {
    const { of } = this.#film;
    this.#examples.add(of, blob, `Image ${of.images.length + 1} of the webcam`);
    this.#changed(of);
  }

  #dark(problem) {
    this.#film?.film();
    this.#film = undefined;
    this.#recorder.root.remove();
    if (problem) this.#say(problem.join(' '));
  }

  // ---- teaching

  async #teach() {
    if (this.#teaching) return undefined;
    const examples = this.#examples, problem = examples.problem();
    if (problem) return this.#say(problem);
    if (this.#film) this.#recorder.stop();
    const { engine, manifest } = this.#explorer, teaching = this.#teaching = { engine };
    this.#busy(true);
    this.#progress.start();
    try {
      this.#say('The images are read.');
      await Promise.race([examples.settled(), new Promise(stop => { teaching.stop = stop; })]);
      const wrong = teaching.stopped ? 'Stopped: nothing was taught yet.' : examples.problem();
      if (wrong) return this.#say(wrong);
      const ask = examples.ask();
      this.#say(`Six children look at ${number(ask.of.length)} images. Then the classifier is trained.`);
      const request = engine.request('teach', ask, { onprogress: p => this.#progress.show(p) });
      teaching.running = true;
      await this.#adopt(manifest.base ?? manifest, ask.labels, await request);
    } catch (error) {
      this.#say(error.code === 'cancelled' && teaching.stopped ? 'Stopped: nothing was taught yet.' : error.stale ? 'The engine stopped. The images are still here: press Teach again.' : sentences(error));
    } finally {
      this.#teaching = undefined;
      this.#progress.end();
      this.#busy(false);
    }
  }

  // Stop keeps what has been learnt.
  #stop() {
    const t = this.#teaching;
    if (!t) return;
    t.stopped = true;
    t.stop();
    if (t.running) t.engine.request('enough').catch(() => { /* it has stopped */ });
  }

  #busy(on) {
    for (const b of this.#box.querySelectorAll('.cards button, .cards input, [data-do=class], [data-do=folder]')) b.disabled = on;
    this.#button('teach').setAttribute('aria-disabled', String(on));
    this.#button('stop').hidden = !on;
    if (!on) this.#count();
  }

  // adopt lets the page go over to a classifier.
  async #adopt(base, labels, { steps, images, heldOut, held, stopped, measured, bytes }) {
    const fields = { labels, images, heldOut, steps, measured: JSON.stringify(measured.map(({ arch, top1 }) => ({ arch, predicted: top1, n: heldOut }))) };
    const samples = this.#samples(held);
    const manifest = {
      ...base, id: 'taught', name: 'Your classes', base, labels, foreign: true, samples, predictor: undefined, doubt: undefined, data: undefined, source: undefined, limits: LIMITS,
      children: measured.map(({ arch, top1 }) => ({ arch, top1, n: heldOut })), taught: engine => engine.request('adopt', fields, { bytes: bytes.slice(0) }),
    };
    const [first = { ...this.#sample(this.#examples.ask().examples[0]), label: '' }] = samples, shown = { ...first, sample: first.label };
    this.#go({ weights: manifest, shown });
    const [biggest, smallest] = measured.map(m => percent(m.top1));
    this.#say(`${stopped ? 'Stopped; what was learnt is kept: from' : 'Taught, with'} ${number(images)} images in ${number(steps)} ${steps === 1 ? 'step' : 'steps'}. ${heldOut
      ? `Of ${number(heldOut)} others, which were held back, the smallest child classifies ${smallest} correctly, the biggest ${biggest}.`
      : 'No image was held back, so that nobody knows how accurate it is: give a class two images at least.'} The page above shows your classes now. Whatever it sees, it answers with one of them: with so few images it can’t say what is none.`);
  }

  // samples are images that were held back, some of each class; they are of this visit, and no file has them.
  #samples(held) {
    const turns = new Map(), all = held.map(n => this.#sample(n)).filter(s => s.small);
    for (const s of all) {
      s.turn = turns.get(s.label) ?? 0;
      turns.set(s.label, s.turn + 1);
    }
    return all.sort((a, b) => a.turn - b.turn).slice(0, SAMPLES);
  }

  #sample(number) {
    const { image, label } = this.#examples.find(number), { pixels } = image, canvas = make('canvas', { width: pixels?.width, height: pixels?.height });
    if (pixels) brush(canvas).putImageData(pixels, 0, 0);
    return { name: `image-${number}`, label, alt: `Your image of ${label}`, small: pixels && canvas.toDataURL(), read: () => image.source.arrayBuffer() };
  }

  // go lets the page go over to weights, with the child that it shows.
  #go(values) { dispatchEvent(new CustomEvent('weights', { detail: { arch: this.#explorer.state.get('arch'), ...values } })); }

  #back() {
    this.#go({ weights: this.#explorer.manifest.base });
    this.#button('teach').focus();
    this.#say('The classes of before are back. Your images are still here.');
  }

  async #save() {
    const { engine, manifest: { base, taught } } = this.#explorer;
    if (!taught) return;
    try {
      const file = base.weights.size ? base.weights : await fetch(asset(base.weights));
      const saved = await engine.request('save', {}, { bytes: await file.arrayBuffer() });
      offer(saved);
      this.#say(`Saved as ${saved.name}. Drop the file on this page to open it again.`);
    } catch (error) {
      this.#say(error.code ? sentences(error) : 'The shipped weights could not be read again. Check the connection and press Save again.');
    }
  }
}
