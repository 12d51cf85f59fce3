// What the weights can name: their classes, to be searched where there are many, and
// the data that they come from.
import { byId, make, number, write } from '../shared/page.js';

const MANY = 24; // classes that one sees at a glance

export default class Classes {
  constructor({ manifest: { labels, data, source, base } }) {
    const from = data ? [', which come from ', source ? make('a', { href: source, textContent: data }) : data] : [];
    byId('classes-from').replaceChildren(`${base ? 'Its classifier was trained in this browser, on your' : 'It was trained on'} images of these ${number(labels.length)} classes`, ...from, '.');
    const chips = labels.map(label => make('li', { textContent: label })), list = make('ul', { className: 'chips' }, ...chips), box = byId('classes-box');
    if (labels.length <= MANY) return box.replaceChildren(list);
    const count = make('output', { textContent: number(labels.length) }), search = make('input', { type: 'search', id: 'classes-search', autocomplete: 'off' });
    list.classList.add('many');
    list.tabIndex = 0;
    list.setAttribute('aria-label', 'Classes');
    search.addEventListener('input', () => {
      const words = search.value.toLowerCase().split(/\s+/);
      chips.forEach(c => { c.hidden = !words.every(w => c.textContent.toLowerCase().includes(w)); });
      write(count, `${number(chips.filter(c => !c.hidden).length)} of ${number(labels.length)}`);
    });
    box.replaceChildren(make('div', { className: 'choice' }, make('label', { htmlFor: search.id, textContent: 'Search the classes' }), search, count), list);
  }

  show() {}
}
