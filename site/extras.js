// What the hero has besides, and what loads only when somebody asks for it: the
// child to keep, the heat map, the game, the network view, the tour, the glossary, the sections below.
import { notice } from './shared/notice.js';
import { byId, sheet, write } from './shared/page.js';

// later runs f with a module that is fetched now.
function later(load, f) {
  load().then(f, () => notice('module', 'A part of the page did not arrive.', 'Check the connection and try again; the rest goes on working.'));
}

// styled waits for the style sheet of all that comes later, too.
async function styled(loading) {
  await sheet(new URL('./sections/sections.css', import.meta.url));
  return loading;
}

/** Listens for all of them, as long as the explorer works. */
export function extras(explorer) {
  keep(explorer);
  toggled(explorer, 'heat', () => import('./explore/heat.js'));
  toggled(explorer, 'game', () => import('./explore/game.js'));
  inside(explorer);
  tour(explorer);
  below(explorer);
}

/** Listens for what any explorer has. */
export function once(state) {
  const explain = e => {
    const term = e.target.closest?.('.term');
    if (term) later(() => styled(import('./sections/glossary.js')), g => g.explain(term));
  };
  for (const type of ['pointerover', 'focusin', 'click']) document.addEventListener(type, explain);
  document.addEventListener('click', jump);
  byId('copy-link').addEventListener('click', () => later(() => import('./link.js'), l => l.copy(state)));
}

// below loads the sections when the first of them comes near the window.
function below(explorer) {
  const watcher = new IntersectionObserver(entries => {
    if (!entries.some(e => e.isIntersecting)) return;
    watcher.disconnect();
    later(() => styled(import('./sections/sections.js')), s => { if (!explorer.closed) s.sections(explorer); });
  }, { rootMargin: '300px 0px' });
  for (const section of document.querySelectorAll('main > section:not(.hero)')) watcher.observe(section);
  explorer.signal.addEventListener('abort', () => watcher.disconnect());
}

// jump follows a link within the page; the address keeps the state that it carries.
function jump(e) {
  const link = e.target.closest?.('a[href^="#"]');
  if (!link) return;
  e.preventDefault();
  const to = byId(link.hash.slice(1));
  history.pushState(null, '', location.href); // Back comes back
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
  button.addEventListener('click', () => { if (explorer.cost) explorer.keep(explorer.cost.arch); }, { signal: explorer.signal });
  explorer.on(what => { if (['child', 'cost', 'b', 'address'].includes(what)) show(); });
  show();
}

// toggled is a button that the address remembers; what it shows loads with the first use.
function toggled(explorer, id, load) {
  const button = byId(id), on = () => explorer.state.get(id) === 'on';
  let part;
  const show = () => {
    button.setAttribute('aria-pressed', String(on()));
    if (part) part.show(on());
    else if (on()) later(load, m => { part ??= new m.default(explorer); part.show(on()); });
  };
  button.addEventListener('click', () => { explorer.state.set(id, on() ? 'off' : 'on'); show(); }, { signal: explorer.signal });
  explorer.on(what => { if (what === 'address' || what === 'ready') show(); });
  show();
}

function inside(explorer) {
  const button = byId('look-inside');
  let view;
  button.hidden = Boolean(explorer.manifest.foreign); // the view reads the list of weights
  button.addEventListener('click', () => {
    if (view) view.toggle();
    else later(() => import('./inside/view.js'), v => { view ??= new v.View(explorer); view.toggle(); });
  }, { signal: explorer.signal });
}

function tour(explorer) {
  const start = step => later(() => styled(import('./sections/tour.js')), t => t.tour(explorer, step));
  const linked = () => { if (explorer.state.get('tour')) start(Number(explorer.state.get('tour'))); };
  byId('tour-start').addEventListener('click', () => start(1), { signal: explorer.signal });
  explorer.on(what => { if (what === 'address') linked(); });
  linked();
}
