// The tour: six steps, each beside the thing that it speaks of. It covers nothing
// that can be used, ends with Escape, and #tour=3 opens it at a step.
import { step as entry } from '../shared/back.js';
import { byId, make, write } from '../shared/page.js';

const STEPS = [
  ['[data-slider=width]', 'Drag any slider', 'The orange part is the child: the slice of the network that runs now. Watch its answer.'],
  ['#proof', 'Nothing is retrained', 'The weights came once. Every child is a window on the same numbers, and none of them ever changes.'],
  ['#scope', 'One stage at a time', 'Choose a stage and the sliders move only that one.'],
  ['#cost-accuracy', 'Solid is measured, hollow is predicted', 'A solid mark was measured on the images counted beside it; a hollow one is a prediction with its error.'],
  ['#strip li, #strip', 'How small can it be?', 'The same image through the whole family. The first child that is right has the coloured border.'],
  ['.bud, #chart-box', 'Start from what you can afford', 'Drag the budget, take the best child within it, and save it as a file of its own.'],
];
const GAP = 14, EDGE = 16; // px between bubble and target, and to the window's edge

const count = make('p', { className: 'eyebrow' }), title = make('h2', { id: 'tour-title' }), text = make('p', { id: 'tour-text' });
const next = make('button', { type: 'button', className: 'btn pri' });
const back = make('button', { type: 'button', className: 'btn', textContent: 'Back' });
const end = make('button', { type: 'button', className: 'plain', textContent: 'End the tour' });
const bubble = make('div', { className: 'tour', hidden: true }, count, title, text, make('div', { className: 'acts' }, next, back, end));
bubble.setAttribute('role', 'dialog');
bubble.setAttribute('aria-labelledby', title.id);
bubble.setAttribute('aria-describedby', text.id);
document.body.append(bubble);

let step = 0, explorer, from, forget;
// A section that has not loaded yet is a box; the first of the two is what it will have.
const target = () => STEPS[step - 1][0].split(', ').map(s => document.querySelector(s)).find(Boolean);

next.addEventListener('click', () => go(step + 1));
back.addEventListener('click', () => go(step - 1));
end.addEventListener('click', () => go(0));
addEventListener('keydown', e => { if (e.key === 'Escape' && step) go(0); });
addEventListener('resize', () => { if (step) place(); });
const sized = new ResizeObserver(() => { if (step) place(); });
new MutationObserver(() => { if (step && !target().classList.contains('spot')) point(); }).observe(document.querySelector('main'), { childList: true, subtree: true });

/** Opens the tour at a step, 1 to 6. */
export function tour(page, at) {
  explorer = page;
  if (!step) {
    from = document.activeElement;
    forget = entry(page.state, () => go(0));
  }
  byId('hint').hidden = true;
  go(at);
}

function go(to) {
  step = to > STEPS.length ? 0 : to;
  explorer.state.set('tour', step ? String(step) : '');
  bubble.hidden = !step;
  if (!step) {
    forget();
    document.querySelector('.spot')?.classList.remove('spot');
    (from?.isConnected && from !== document.body ? from : byId('tour-start')).focus({ preventScroll: true });
    return;
  }
  const [, heading, words] = STEPS[step - 1];
  write(count, `${step} of ${STEPS.length}`);
  write(title, heading);
  write(text, words);
  write(next, step === STEPS.length ? 'Done' : 'Next');
  back.hidden = step === 1;
  point();
  next.focus({ preventScroll: true });
}

// point marks the target and brings it into the window.
function point() {
  document.querySelector('.spot')?.classList.remove('spot');
  target().classList.add('spot');
  sized.disconnect();
  sized.observe(target());
  const r = target().getBoundingClientRect(); // a sticky image may cover the upper part of a phone
  if (r.top < innerHeight * 0.2 || r.bottom > innerHeight - bubble.offsetHeight - 2 * GAP) target().scrollIntoView({ block: 'center', behavior: 'instant' });
  place();
}

// place puts the bubble under its target, or over it where there is no room.
function place() {
  const r = target().getBoundingClientRect(), w = bubble.offsetWidth, h = bubble.offsetHeight, wide = document.documentElement.clientWidth;
  const x = Math.max(EDGE, Math.min(r.left + r.width / 2 - w / 2, wide - w - EDGE));
  const under = r.bottom + h + GAP + EDGE < innerHeight || r.top - h - GAP < 0;
  bubble.classList.toggle('up', under);
  bubble.style.left = `${x}px`;
  bubble.style.top = `${scrollY + Math.max(under ? r.bottom + GAP : r.top - h - GAP, 4 - scrollY)}px`;
  bubble.style.setProperty('--ax', `${Math.max(16, Math.min(r.left + r.width / 2 - x - 7, w - 30))}px`);
}
