// What the engine's answers say, wherever one is shown, and how long they took.
import { make, number, write } from './page.js';

/** In place of a label, for an image that is probably of no class. */
export const NONE = 'Probably none of its classes';

/** True where the engine says that the image is unlike those that the weights were trained on. */
export const unknown = answer => answer.confidence?.known === false;

/** What an answer says, as one can compare it: a label, or that the image is probably of no class. */
export const says = answer => unknown(answer) ? NONE : answer.top[0].label;

const least = new Map();
const show = (e, t) => write(e, number(t, t < 100 ? 1 : 0));

/**
 * Records what a forward pass of a child took, in ms. A run of a few milliseconds is easily disturbed, the first one
 * most of all: the page says the least so far, and the same wherever it says a child's time (clock).
 */
export function timed(arch, ms) {
  if (ms >= least.get(arch)) return;
  least.set(arch, ms);
  for (const e of document.querySelectorAll(`[data-time="${arch}"]`)) show(e, ms);
}

/** The least time of a child so far, in ms. */
export const time = arch => least.get(arch);

/** Makes an element show the least time of a child that has answered. */
export function clock(arch, e = make('span')) {
  e.dataset.time = arch;
  show(e, least.get(arch));
  return e;
}
