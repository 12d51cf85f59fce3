// A child's slice of the supernet as a small drawing.
import { inside, layout, slices } from './layout.js';
import { add, rect } from './svg.js';

/** A child's slice of the supernet, small and without its maps. */
export function thumbnail(space, child) {
  const svg = add(document.createDocumentFragment(), 'svg'), p = layout(space, 150, 76, { small: true, top: 0, gap: 1 });
  svg.setAttribute('class', 'thumb');
  svg.setAttribute('viewBox', `${p.stem - 22} 0 ${p.W - p.stem + 22} ${p.H}`);
  svg.setAttribute('preserveAspectRatio', 'xMinYMax meet');
  svg.setAttribute('aria-hidden', 'true');
  slices(space, child).forEach((s, i) => {
    const b = p.blocks[i];
    rect(add(svg, 'rect', { class: s.on ? 'r' : 'gh' }), b.x, b.base - b.h, b.w, b.h);
    if (!s.on) return;
    const { w, h } = inside(b, s);
    rect(add(svg, 'rect', { class: 'c' }), b.x, b.base - h, w, h);
  });
  return svg;
}
