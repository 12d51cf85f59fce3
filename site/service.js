// The service worker. site/assemble puts the build in front of it:
//   self.build = {version, files: [[address, 'sha256-...', bytes], ...], later: [[...], ...]}
// A version is complete or not there: all its files are fetched and compared with
// their digests or, big ones, their lengths before it is installed, and a page of it
// gets nothing else. Files in folders that are named by their content may come from
// any version. What is for later, other weights, is kept once the page has said that it is in use.
const { version, files, later } = self.build;
const PREFIX = 'bignas ', CACHE = PREFIX + version;
const BIG = 2 ** 20; // bytes
const RETRY = 2000; // ms
const ANY = { ignoreVary: true }; // how it was compressed on the way is no difference
const scope = new URL('./', self.location).href, INDEX = 'index.html';

// The page is kept as what the folder gives: some servers send index.html there with a redirect.
const address = name => name === INDEX ? scope : new URL(name, scope).href;

// keep puts a file into the cache: from an older version, where its folder's name says
// that it is the same, from the browser's cache, or from the server. The browser
// compares digests, for which it holds a file three times; of a big one, which the
// engine or the compiler checks when it is used, only the length is compared, so that
// one that was cut off on the way is not kept.
async function keep(cache, name, integrity, bytes) {
  const url = address(name), kept = name.includes('/') && await caches.match(url, ANY);
  if (kept) return cache.put(url, kept);
  for (const mode of ['default', 'reload']) {
    let response;
    while ((response = await fetch(url, { cache: mode, integrity: bytes < BIG ? integrity : '' }).catch(() => undefined))?.status === 503 && response.headers.has('Retry-After')) {
      await new Promise(done => setTimeout(done, RETRY));
    }
    if (!response?.ok || response.redirected) continue;
    const put = await cache.put(url, response).then(() => true, () => false);
    if (put && (bytes < BIG || (await (await cache.match(url, ANY)).blob()).size === bytes)) return undefined;
    await cache.delete(url, ANY);
  }
  throw new Error(`${url} is not that of version ${version}`);
}

async function install() {
  const cache = await caches.open(CACHE);
  for (const file of files) await keep(cache, ...file); // one after the other: nobody waits for it
  for (const [name] of later) {
    const kept = await caches.match(address(name), ANY); // of the version before
    if (kept) await cache.put(address(name), kept);
  }
}

// activate deletes what no open page can need.
async function activate() {
  await self.clients.claim();
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (open.length > 1) return; // pages of the old version go on with its files; the next version tidies up
  const old = (await caches.keys()).filter(name => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map(name => caches.delete(name)));
}

// keepLater takes in a file that the page uses; the browser's cache still has it.
async function keepLater(url) {
  const file = later.find(([name]) => address(name) === url);
  if (file) await keep(await caches.open(CACHE), ...file);
}

async function answer(request) {
  const url = new URL(request.url);
  url.search = url.hash = '';
  const page = url.href === scope || url.href === scope + INDEX;
  const kept = page ? await (await caches.open(CACHE)).match(scope, ANY) : await caches.match(url.href, ANY);
  return kept ?? fetch(request);
}

self.addEventListener('install', e => e.waitUntil(install()));
self.addEventListener('activate', e => e.waitUntil(activate()));
self.addEventListener('message', e => {
  if (e.data === 'take over') self.skipWaiting();
  else if (e.data.keep) e.waitUntil(keepLater(e.data.keep).catch(() => { /* next time */ }));
});
self.addEventListener('fetch', e => {
  if (e.request.method === 'GET' && e.request.url.startsWith(scope)) e.respondWith(answer(e.request));
});
