// The glossary: what a word of the page means, beside the word, on hover, focus or
// touch. Escape, or a look elsewhere, takes it away.
import { make, write } from '../shared/page.js';

const WORDS = {
  child: ['Child', 'A network cut out of the big one: some of its channels, layers and filter cells, with the very same weights.'],
  supernet: ['Supernet', 'The biggest network. It was trained once so that its slices work as networks of their own.'],
  accuracy: ['Accuracy', 'How many of 100 images held out of training the child classifies correctly. Solid mark: measured. Hollow mark: predicted, with its error.'],
  macs: ['MMACs', 'Million multiply-accumulate operations for one image: one multiplication and one addition each. The usual measure of work.'],
  parameters: ['Parameters', 'The numbers a child uses, its weights. They are a part of the supernet’s, not a copy.'],
  half: ['Half precision', 'Two bytes a number instead of four. It halves the download and hardly changes an answer.'],
  statistics: ['Batch-norm statistics', 'For each channel the mean and the spread of its signals. A layer subtracts the one and divides by the other, so they must be those of the child that runs.'],
  search: ['Search', 'Tries children near the best so far, keeps those that no other beats in accuracy and cost at once, and goes on from them. The line through them is the front.'],
  shared: ['Shared weights', 'The same numbers in memory. When one child is a slice of another, all of its weights are shared.'],
};

const tip = make('div', { id: 'glossary', className: 'tip', hidden: true });
tip.setAttribute('role', 'tooltip');
const title = tip.appendChild(make('b')), text = tip.appendChild(make('span'));
document.querySelector('main').append(tip);
let current;

function close() {
  current?.removeAttribute('aria-describedby');
  current = undefined;
  tip.hidden = true;
}

document.addEventListener('pointerout', e => {
  if (current && document.activeElement !== current && !inside(e.relatedTarget)) close();
});
document.addEventListener('focusout', e => { if (e.target === current) close(); });
document.addEventListener('pointerdown', e => { if (!inside(e.target)) close(); });
document.addEventListener('keydown', e => { if (e.key === 'Escape' && current) close(); });
addEventListener('resize', close);

const inside = el => el instanceof Element && (tip.contains(el) || current?.contains(el));

/** Shows what the word means; term is its button. */
export function explain(term) {
  const [name, meaning] = WORDS[term.dataset.term] ?? [];
  if (!name || term === current) return;
  close();
  current = term;
  write(title, name);
  write(text, ` ${meaning}`);
  term.setAttribute('aria-describedby', tip.id);
  tip.hidden = false;
  const r = term.getBoundingClientRect(), w = tip.offsetWidth, h = tip.offsetHeight;
  const below = r.bottom + h + 8 < innerHeight || r.top - h - 4 < 0;
  tip.style.left = `${Math.max(8, Math.min(r.left, document.documentElement.clientWidth - w - 8)) + scrollX}px`;
  tip.style.top = `${scrollY + (below ? r.bottom + 2 : r.top - h - 2)}px`; // they touch: the pointer can go over
}
