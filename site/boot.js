// The engine of an explorer: it is started, its weights arrive, and another takes its
// place when it stops.
import { clear, notice, sentences } from './shared/notice.js';
import { Engine } from './worker/engine.js';

// An engine that stops again within this time after another is started by the person: it may do so for ever.
const CALM = 60000; // ms

/** True where this browser can run the engine. */
export const supported = () => typeof WebAssembly === 'object' && typeof Worker === 'function';

/** Says that the engine cannot run here at all, and what still can be done. */
export function unsupported() {
  notice('engine', 'This browser can’t run the network.', 'It has no WebAssembly or no workers. Use a current Firefox, Chrome, Edge or Safari; the drawing below still follows the sliders.');
}

// arrive lets the weights come to an engine. It resolves when all of them are here, or when something failed.
async function arrive(explorer, engine) {
  explorer.use(engine);
  try {
    await engine.boot(explorer.manifest, p => {
      if (p.opened) explorer.manifest.taught || explorer.opened(p);
      else if (p.engine) explorer.listens();
      else explorer.progress(p.loaded);
    });
  } catch (error) {
    if (explorer.closed) return;
    explorer.missed();
    if (error.stale) return; // the engine has stopped, and that has been said
    notice('weights', explorer.begun ? 'Bigger children are not here.' : 'The network is not here.', sentences(error), ['Try again', () => arrive(explorer, engine)]);
    return;
  }
  clear('weights');
  clear('engine');
  explorer.arrived();
}

/** Two functions: start starts the engine of an explorer, stopped(error) another when one has stopped. */
export function keeper(explorer) {
  let last = -Infinity;
  const start = () => arrive(explorer, new Engine(stopped));
  const stopped = error => {
    const before = last;
    last = performance.now();
    explorer.lost();
    if (last < before + CALM) return notice('engine', 'The engine stopped.', sentences(error), ['Start again', start]);
    notice('engine', 'The engine stopped and starts again.', sentences({ message: error.message, hint: 'The child and the image stay' }));
    start();
  };
  return { start, stopped };
}
