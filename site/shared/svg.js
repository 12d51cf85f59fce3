// Elements of SVG, which are made once and patched often.

const NS = 'http://www.w3.org/2000/svg';

/** A coordinate as attributes have it: tenths of a pixel. */
export const px = x => x.toFixed(1);

/** Appends an SVG element. */
export function add(parent, tag, attributes = {}) {
  const el = parent.appendChild(document.createElementNS(NS, tag));
  for (const [k, v] of Object.entries(attributes)) el.setAttribute(k, v);
  return el;
}

/** Changes attributes and remembers them, so that what stays costs nothing. */
export function put(el, attributes) {
  el.shown ??= {};
  for (const [k, v] of Object.entries(attributes)) {
    if (el.shown[k] === v) continue;
    el.shown[k] = v;
    el.setAttribute(k, v);
  }
}

/** Shows or hides an element. */
export const show = (el, on) => put(el, { visibility: on ? 'visible' : 'hidden' });
/** Places a rectangle. */
export const rect = (el, x, y, w, h) => put(el, { x: px(x), y: px(y), width: px(Math.max(0, w)), height: px(Math.max(0, h)) });

/** The outline of something that is not there, a square around (x, y). */
export const ghost = (svg, x, y, side) => rect(add(svg, 'rect', { class: 'gh' }), x - side / 2 + 0.5, y - side / 2 + 0.5, side - 1, side - 1);
