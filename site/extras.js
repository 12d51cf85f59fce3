// What the hero has besides, and what loads only when somebody asks for it: the
// child to keep, the heat map, the tour, the glossary.
import { notice } from './notice.js';
import { byId, write } from './page.js';

// later runs f with a module that is fetched now.
function later(load, f) {
  load().then(f, () => notice('module', 'A part of the page did not arrive.', 'Check the connection and try again; the rest goes on working.'));
}

/** Listens for all of them. */
export function extras(explorer) {
  keep(explorer);
  heat(explorer);
  tour(explorer);
  const explain = e => {
    const term = e.target.closest?.('.term');
    if (term) later(() => import('./glossary.js'), g => g.explain(term));
  };
  for (const type of ['pointerover', 'focusin', 'click']) document.addEventListener(type, explain);
  document.addEventListener('click', jump);
}

// jump follows a link within the page; the address keeps the state that it carries.
function jump(e) {
  const link = e.target.closest?.('a[href^="#"]');
  if (!link) return;
  e.preventDefault();
  const to = byId(link.hash.slice(1));
  to.tabIndex = -1;
  to.focus({ preventScroll: true });
  to.scrollIntoView();
}

function keep(explorer) {
  const button = byId('keep');
  const show = () => {
    const kept = Boolean(explorer.cost) && explorer.state.get('b') === explorer.cost.arch;
    write(button, kept ? 'Kept as child B' : 'Keep to compare');
    button.setAttribute('aria-pressed', String(kept));
  };
  button.addEventListener('click', () => { if (explorer.cost) explorer.keep(explorer.cost.arch); });
  explorer.on(what => { if (['child', 'cost', 'b', 'address'].includes(what)) show(); });
  show();
}

function heat(explorer) {
  const button = byId('heat'), on = () => explorer.state.get('heat') === 'on';
  let map;
  const show = () => {
    button.setAttribute('aria-pressed', String(on()));
    if (map) map.show(on());
    else if (on()) later(() => import('./heat.js'), m => { map ??= new m.Heat(explorer); map.show(on()); });
  };
  button.addEventListener('click', () => { explorer.state.set('heat', on() ? 'off' : 'on'); show(); });
  explorer.on(what => { if (what === 'address' || what === 'ready') show(); });
  show();
}

function tour(explorer) {
  const start = step => later(() => import('./tour.js'), t => t.tour(explorer, step));
  const linked = () => { if (explorer.state.get('tour')) start(Number(explorer.state.get('tour'))); };
  byId('tour-start').addEventListener('click', () => start(1));
  explorer.on(what => { if (what === 'address') linked(); });
  linked();
}
