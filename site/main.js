// Start: what is on the page, which weights there are, and the engine.
import { keeper, supported, unsupported } from './boot.js';
import { Explorer } from './explore/explorer.js';
import { Images } from './explore/images.js';
import { State } from './explore/state.js';
import { extras, once } from './extras.js';
import { notice, sentences } from './shared/notice.js';
import { asset, byId } from './shared/page.js';
import { theme } from './theme.js';

const SETTLED = 4000; // ms after the weights until the files are kept for later: by then nobody waits for anything

// turn lets the browser do what waits: no piece of the start is long enough to be felt.
const turn = () => new Promise(done => setTimeout(done));

async function manifest() {
  const response = await fetch(asset('manifest.json')).catch(() => undefined);
  if (!response?.ok) throw { message: 'The list of weights did not arrive', hint: 'Check the connection and load the page again; if this is your server, build the page with make site' };
  return response.json();
}

// What was cancelled, by a newer request or with the engine, is nobody's error.
addEventListener('unhandledrejection', e => { if (e.reason?.stale) e.preventDefault(); });

async function main() {
  document.body.classList.add('started');
  theme(byId('theme'));
  let all;
  try {
    const { engine, weights } = await manifest();
    all = weights.map(w => ({ ...w, engine }));
  } catch (error) {
    notice('weights', 'The network is not here.', sentences(error), ['Load again', () => location.reload()]);
    return;
  }
  const of = id => all.find(w => w.id === id);
  const state = new State({ weights: () => all.map(w => w.id), images: id => of(id)?.samples.map(s => s.name) ?? [], stages: id => of(id)?.space.stages.map(s => s.name) ?? [] });
  const wanted = state.get('weights'), linked = state.values(), first = of(wanted) ?? all[0], images = new Images();
  if (!of(wanted)) state.change(first.id, {}); // until they are here
  let explorer = new Explorer(state, first, images);
  await turn();
  explorer.open(supported());
  await turn(); // what it drew is painted first
  once(state);
  extras(explorer);
  document.body.classList.add('works');
  state.onaddress(() => explorer.readAddress());
  await turn();
  if (!supported()) return unsupported();
  const change = (manifest, engine, ready, values, watch) => {
    const { chosen } = explorer, shown = chosen?.sample && manifest.samples.length ? undefined : chosen && { ...chosen, sample: '', label: '' };
    explorer.close(engine);
    state.change(manifest.id, { image: chosen?.sample && manifest.samples.some(s => s.name === chosen.name) ? chosen.name : '', ...values });
    explorer = new Explorer(state, manifest, images);
    watch(keeper(explorer).stopped);
    extras(explorer);
    explorer.adopt(engine, ready, values.shown ?? shown);
  };
  let choice;
  const choose = () => choice ??= import('./explore/choice.js').then(c => new c.Choice(all, first, change, () => explorer.engine)); // with one set of weights nobody needs it
  const take = values => choose().then(c => c.take(values.weights, values), () => false);
  state.onweights(async values => {
    if (!await take(values)) state.restore();
  });
  // From a drop, or taught.
  addEventListener('weights', e => take(e.detail));
  if (all.length > 1) choose().catch(() => { /* the first weights work */ });
  if (of(wanted) || !await take(linked)) await keeper(explorer).start();
  setTimeout(() => import('./updates.js').then(u => u.updates(), () => { /* next time */ }), SETTLED);
}

main();
