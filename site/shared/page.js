// Elements of the page, and how numbers are written on it.

/** The element with that id. */
export const byId = id => document.getElementById(id);

/** The address of a file in the folder assets of the page, or of one that a file there names. */
export const asset = name => new URL(name, new URL('../../assets/', import.meta.url)).href;

/** A new element with properties; children are nodes or text. */
export function make(tag, properties = {}, ...children) {
  const el = Object.assign(document.createElement(tag), properties);
  el.append(...children);
  return el;
}

/** Writes text only where it differs: nothing is laid out again for nothing. */
export function write(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** What draws on a canvas, with pixels in the processor's memory: a small image is not worth starting the graphics card for. */
export const brush = canvas => canvas.getContext('2d', { willReadFrequently: true });

/** A number with that many decimals, 3 at most, and thousands marks. Intl.NumberFormat writes the same, after 10 ms of the start. */
export const number = (n, decimals = 0) => n.toFixed(decimals).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** A probability 0 to 1 as percent: two digits that matter. */
export const percent = p => `${number(100 * p, p < 0.0995 ? 1 : 0)} %`;

/** How much bigger letters are than usual: drawings with lengths in pixels grow by it. */
export const enlarged = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

/** Bytes as megabytes of 10^6. */
export const megabytes = n => number(n / 1e6, 1);

const sheets = new Map();

/** Resolves when a style sheet works, which is fetched once, and rejects where it does not arrive. */
export function sheet({ href }) {
  if (!sheets.has(href)) sheets.set(href, new Promise((resolve, reject) => document.head.append(make('link', { rel: 'stylesheet', href, onload: resolve, onerror: reject }))));
  return sheets.get(href);
}
