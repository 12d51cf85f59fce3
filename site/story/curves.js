// The losses of the weights of ten classes, epoch by epoch: three runs, each from the
// weights of the one before.
import { FACTS } from './facts.js';
import { add, px } from '../shared/svg.js';
import { asset, enlarged, make } from '../shared/page.js';

const LINES = [['loss_biggest', 'biggest', 'big'], ['loss_random', 'at random', 'any'], ['loss_smallest', 'smallest', 'small']];
const LEFT = 30, RIGHT = 74, TOP = 12, BOTTOM = 30; // px around the plot
const NEAR = 15; // px between two names
const NARROW = 280; // px that plots need at least

// table reads a table of a run as [{column: number}].
async function table(name) {
  const response = await fetch(asset(`training/${name}.csv`));
  if (!response.ok) throw new Error(String(response.status));
  const [head, ...rows] = (await response.text()).trim().split('\n').map(line => line.split(','));
  return rows.map(row => Object.fromEntries(head.map((column, i) => [column, Number(row[i])])));
}

/** How much bigger than its units a drawing is: with big letters on a narrow window less than these. */
export const scale = svg => Math.min(enlarged(), svg.clientWidth / NARROW);

/** The losses of the last of some epochs or steps, in words. */
export const caption = (epochs, when) => `${when}: ${LINES.map(([column, name]) => `${name} ${epochs.at(-1)[column].toFixed(2)}`).join(', ')}.`;

/** Draws the losses into a figure. It rejects where they can not be fetched. */
export async function curves(figure) {
  const runs = await Promise.all(FACTS.runs.map(table)), epochs = runs.flat();
  const svg = add(figure, 'svg', { role: 'img' });
  svg.setAttribute('aria-label', `Losses over ${epochs.length} epochs. ${caption(epochs, 'In the last one')}`);
  figure.append(make('figcaption', { className: 'cap', textContent: `Training losses of the weights of ten classes, in nats, over the ${epochs.length} epochs of three runs: the biggest child’s against the labels, the others’ against the biggest. `
    + 'In the first ten epochs the label is part of every target, because the biggest child knows too little to teach. The second run and the third mix two images into one, which is harder, so that the losses rise there. '
    + 'The three fall together: they are the same weights.' }));
  const says = (run, i, wide) => (wide ? `run ${i + 1}, ${run.length} epochs` : `run ${i + 1}`);
  const draw = () => { if (svg.clientWidth) plot(svg, runs, { of: epochs.length, says }); };
  new ResizeObserver(draw).observe(svg);
}

/**
 * Draws the losses of runs, [{loss_biggest, loss_random, loss_smallest}], one after the other. of is how many epochs
 * or steps there will be, says(run, i, wide) what stands under a run, most the top of the scale.
 */
export function plot(svg, runs, { of, says, most }) {
  const epochs = runs.flat(), big = scale(svg), W = svg.clientWidth / big, H = svg.clientHeight / big, base = H - BOTTOM;
  most ??= Math.ceil(2 * Math.max(...epochs.flatMap(e => LINES.map(([column]) => e[column])))) / 2;
  const x = i => LEFT + (W - LEFT - RIGHT) * i / (of - 1), y = v => base - (base - TOP) * Math.min(1, v / most);
  const text = (tx, ty, words, attributes) => Object.assign(add(svg, 'text', { x: px(tx), y: px(ty), ...attributes }), { textContent: words });
  svg.setAttribute('viewBox', `0 0 ${W} ${H}`);
  svg.replaceChildren();
  for (let v = 0; v <= most; v += 0.5) {
    add(svg, 'path', { class: 'ax', d: `M${LEFT} ${px(y(v))}H${px(x(of - 1))}` });
    text(LEFT - 6, y(v) + 4, v.toFixed(1), { 'text-anchor': 'end' });
  }
  if (!epochs.length) return;
  let first = 0;
  runs.forEach((run, i) => {
    if (i) add(svg, 'path', { class: 'cut', d: `M${px(x(first - 0.5))} ${TOP}V${base}` });
    text(x(first + (run.length - 1) / 2), H - 8, says(run, i, W >= 420), { 'text-anchor': 'middle' });
    for (const [column, , name] of LINES) add(svg, 'path', { class: name, d: 'M' + run.map((e, j) => `${px(x(first + j))} ${px(y(e[column]))}`).join('L') });
    first += run.length;
  });
  let above = -Infinity;
  for (const [column, name, kind] of LINES.toSorted((a, b) => epochs.at(-1)[b[0]] - epochs.at(-1)[a[0]])) { // from the top down, none over another
    above = Math.max(above + NEAR, y(epochs.at(-1)[column]) - NEAR + 4);
    text(x(epochs.length - 1) + 6, above, name, { class: kind });
  }
}
