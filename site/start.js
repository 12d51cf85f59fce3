// The start of the page. It is a file of its own because a host may send a policy that
// lets no script within a document run. site/assemble puts self.start in front of it:
// the modules that main.js needs, and the style sheets that are in the document.
{
  const { modules, sheets, engine } = self.start, here = document.currentScript.src;
  const add = (tag, file, properties) => document.head.append(Object.assign(document.createElement(tag), { [tag === 'link' ? 'href' : 'src']: new URL(file, here).href }, properties));

  // Such a policy may not let styles within a document work either; as files they do.
  if (document.querySelector('style').sheet === null) for (const file of sheets) add('link', file, { rel: 'stylesheet' });

  // The engine's worker needs no module of the page: it starts beside them, and with files that
  // the browser keeps even before the first paint. Who boots it takes it; one that failed is tried there again.
  let worker;
  self.start.worker = () => { const w = worker; worker = undefined; return w; };
  const early = () => {
    try {
      worker = new Worker(new URL('worker/worker.js', here), { type: 'module' });
      worker.onerror = () => { worker = undefined; };
      worker.postMessage({ type: 'start', engine: new URL(engine, here).href, kernels: new URLSearchParams(location.search).get('kernels') });
    } catch { /* main.js says so */ }
  };
  const kept = navigator.serviceWorker?.controller;
  if (kept) early();

  // All modules are asked for at once, instead of one after another as they are found, and
  // after the first paint: on a slow line they would come between a reader and the words
  // and the image, which need none of them. A page in the background is never painted
  // and does not wait. They are asked for a few at a time, because that is work for a phone.
  const go = () => {
    for (const file of modules.splice(0, 3)) add('link', file, { rel: 'modulepreload' });
    if (modules.length) setTimeout(go);
    else add('script', 'main.js', { type: 'module' });
  };
  const begin = () => { if (!kept) early(); go(); };
  if (document.hidden) begin();
  else requestAnimationFrame(() => setTimeout(begin));
}
