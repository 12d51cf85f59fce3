// Why it works: figures below the tool, each driven by the engine or by what was
// measured of our weights. A figure loads when its place comes near the window.
import { cite } from './cite.js';
import { FACTS } from './facts.js';
import { Presenter } from './present.js';
import { byId, make, number, sheet } from '../shared/page.js';
import { countChildren } from '../shared/space.js';

const COUNT = { 5: 'five', 6: 'six' };
const percent = p => `${number(100 * p, 1)}\u00a0%`;

// The texts say a word before they use it: this is read by people who know networks, but not searching for them.
const figures = ({ space, manifest }) => {
  const power = Math.floor(Math.log10(countChildren(space))), many = `${number(countChildren(space) / 10 ** power, 1)} × 10<sup>${power}</sup>`;
  return [
    { id: 'sizes', title: 'One training instead of many', load: () => import('./sizes.js'), text: `
<p>Devices differ: one can spend ten million multiplications on an image, another two hundred million. A multiplication and the addition that follows it are a multiply-accumulate; a million of them, one <b>MMAC</b>, is the usual unit of a network’s work.</p>
<p>Usually every size is a network of its own, and each is trained by itself. BigNAS trains one big network, the <b>supernet</b>. A smaller one is cut out of it: fewer channels, fewer layers, smaller filters, a smaller image. Such a cut-out is a <b>child</b>. The biggest child is the whole supernet. A child is used without further training, and this supernet has ${many} of them.</p>` },
    ...manifest.ordinary && !manifest.foreign ? [{ id: 'ordinary', title: 'An ordinary network falls apart', load: () => import('./ordinary.js'), text: `
<p>Why not train the biggest network in the usual way, and cut the smaller ones out of it? Here is one: it has the shape of the biggest child and was trained alone, on the same images${manifest.ordinary.epochs === manifest.ordinary.of ? ' and for as many epochs' : `, for ${manifest.ordinary.epochs} epochs where the supernet had ${manifest.ordinary.of}`}. The slider cuts the same channels, layers and filters out of both networks.</p>
<p>What is left of the ordinary network was never asked to work without the rest. The supernet’s weights were: in every step of their training, as the next figure shows.</p>` }] : [],
    { id: 'teaching', title: 'The biggest child teaches the others', load: () => import('./sandwich.js'), text: `
<p>Ordinary training makes only the whole network good: a part cut out of it would fail. So in every step of this training several children run on the same images: the biggest, the smallest, and one or two at random. (Two in the figure; the shipped weights were trained with one.) Because both ends are trained in every step, the sizes between them improve too. This is the <b>sandwich rule</b>.</p>
<p>The biggest child learns from the labels. The others learn to give the same probabilities as it does. These say more than a label: this is a church, but it looks a little like a gas pump. This is <b>in-place distillation</b>: no separate teacher is trained first; the biggest child teaches from the beginning, in the same step as it learns. Only in the first epochs, while it knows too little, do the others learn from the labels too.</p>
<p>The sandwich rule and distillation together make the smallest child good. With the weights of ten classes, it classifies ${percent(FACTS.sliceTop1)} of ${number(FACTS.images)} held-out images correctly; a network of the same shape, trained by itself on the same images, ${percent(FACTS.aloneTop1)}. This takes a long training: in an experiment of only ${FACTS.earlyEpochs} epochs the smallest child was still worse than the network trained by itself, with ${percent(FACTS.earlySliceTop1)} against ${percent(FACTS.earlyAloneTop1)}.</p>` },
    { id: 'slices', title: 'What is shared: the weights', load: () => import('./filters.js'), text: `
<p>A child has no weights of its own. A narrower one takes the first channels of every layer, a shallower one the first layers of every stage, and a filter of 3 × 3 is the middle of the one of 5 × 5. So one weight is used by very many children: when training improves it for one of them, it changes for all others that use it.</p>
<p>These are real weights of a layer of this supernet. Point at a filter; change the width and the filter of this stage, and your child above changes too. <a href="#compare">Two children, one set of weights</a> shows what they have in common, and <b>Look inside</b> above what every layer makes of your image.</p>` },
    { id: 'own', title: 'What is not shared: the statistics', load: () => import('./own.js'), text: `
<p>After each convolution, batch normalisation subtracts a mean from every channel and divides by its spread, so that the next layer gets signals of the strength that it was trained with. A narrower child adds up fewer channels, so that its signals have another mean and spread, and the layers, filters and image size of a child change them too. So the statistics of one child are wrong for every other.</p>
<p>No weight needs to change for that: the statistics of a child are measured on a few training images or, on this page, computed from the weights and the shape of the child. Without them the same child is no better than a guess. <a href="#statistics">The switch above</a> shows it for your child and for one channel.</p>` },
    { id: 'search', title: 'Which child? A search without training', load: () => import('./race.js'), text: `
<p>Since every child works as it is, to try one means only to run it. Here not even that is needed: a function fitted on children that were measured predicts the accuracy of any other, and its MMACs are counted. So your browser can try a thousand children while you wait.</p>
<p>The search is coarse to fine: first children with the same choice in all stages, then small changes, stage by stage, of the best so far. Choose the work that you can spend. <a href="#budget">The best child for a budget</a> has all budgets in one chart, and saves what it finds as a file${manifest.predictor ? '' : '; these weights came without a predictor'}.</p>` },
  ];
};

export default class Story {
  #explorer; #slides; #figures = [];

  constructor(explorer, root) {
    this.#explorer = explorer;
    const box = byId('story-box'), list = figures(explorer);
    const start = make('button', { type: 'button', className: 'btn', textContent: 'Present' });
    start.setAttribute('aria-keyshortcuts', 'P');
    this.#slides = list.map(({ id, title, text }, i) => {
      const words = make('div', { className: 'words' }, make('p', { className: 'eyebrow', textContent: `${i + 1} of ${list.length}` }), make('h3', { textContent: title, id: `story-${id}-title` }));
      words.insertAdjacentHTML('beforeend', text);
      const slide = make('article', { className: 'slide', id: `story-of-${id}` }, words, make('div', { className: 'live' }));
      slide.setAttribute('aria-labelledby', `story-${id}-title`);
      return slide;
    });
    const presenter = new Presenter(root, this.#slides, explorer.state, explorer.signal);
    start.addEventListener('click', () => presenter.start());
    sheet(new URL('./story.css', import.meta.url)).then(() => {
      if (explorer.closed) return;
      box.replaceChildren(make('p', { className: 'about', textContent: `The idea of BigNAS, in ${COUNT[list.length]} figures. All of them are live: what they show is computed now, by the engine of this page, or was measured of its weights.` }), make('p', { className: 'present' }, start, make('span', { className: 'cap', textContent: 'One figure at a time, big: P begins, arrow keys go on, Escape ends' })), ...this.#slides, cite(explorer.manifest));
      this.#watch(list);
    }, error => explorer.failed(error));
  }

  /** Tells the figures what has changed; those that are not near hear of it when they are. */
  show(changed) {
    for (const f of this.#figures) {
      for (const what of changed) f.changed.add(what);
      this.#tell(f);
    }
  }

  #watch(list) {
    this.#figures = list.map(({ load }, i) => ({ load, slide: this.#slides[i], changed: new Set(['start']), near: false }));
    const watcher = new IntersectionObserver(entries => {
      for (const e of entries) {
        const f = this.#figures[this.#slides.indexOf(e.target)];
        if (f.near && !e.isIntersecting) f.figure?.leave?.();
        if (!f.near && e.isIntersecting) f.figure?.enter?.();
        f.near = e.isIntersecting;
        this.#tell(f);
      }
    }, { rootMargin: '200px 0px' });
    for (const slide of this.#slides) watcher.observe(slide);
    this.#explorer.signal.addEventListener('abort', () => watcher.disconnect());
  }

  async #tell(f) {
    if (!f.near || !f.changed.size) return;
    try {
      f.module ??= f.load();
      const { default: Figure } = await f.module;
      if (this.#explorer.closed || !f.changed.size) return;
      f.figure ??= new Figure(this.#explorer, f.slide.querySelector('.live'));
      const { changed } = f;
      f.changed = new Set();
      f.figure.show(changed);
    } catch (error) {
      f.module = undefined; // it is tried again when something changes
      this.#explorer.failed({ message: 'A figure did not arrive', hint: 'Check the connection; the rest goes on working' });
    }
  }
}
