// The service worker: after the first visit the page works without a network,
// and a new version is offered, never swapped in under somebody's hands.
import { byId, make, sheet } from './shared/page.js';

const CHECK = 60 * 60 * 1000; // ms between two looks at the server, when somebody comes back to the tab

/** Registers it, once everything that the page needs is here: the copies then come from the browser's cache. */
export async function updates() {
  if (!('serviceWorker' in navigator)) return; // not over plain http
  let registration, checked = performance.now();
  try {
    registration = await navigator.serviceWorker.register(new URL('service.js', document.baseURI), { updateViaCache: 'none' });
  } catch {
    return; // storage may be forbidden; the page works, but not offline
  }
  const ready = worker => { if (worker && navigator.serviceWorker.controller) offer(worker); };
  const watch = () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => { if (worker.state === 'installed') ready(worker); });
  };
  ready(registration.waiting); // from a visit before
  watch();
  registration.addEventListener('updatefound', watch);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || performance.now() - checked < CHECK) return;
    checked = performance.now();
    registration.update().catch(() => { /* no network now */ });
  });
}

// offer says that a new version waits. It takes over, in all tabs, when somebody asks for it here.
function offer(worker) {
  const reload = make('button', { type: 'button', className: 'btn', textContent: 'Reload' });
  reload.addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    worker.postMessage('take over');
  });
  const later = make('button', { type: 'button', className: 'plain', textContent: 'Later' });
  later.addEventListener('click', () => byId('update').replaceChildren());
  sheet(new URL('updates.css', import.meta.url)).catch(() => {}); // without it the offer can be taken, too
  byId('update').replaceChildren(make('p', { textContent: 'A new version is here.' }), reload, later);
}
