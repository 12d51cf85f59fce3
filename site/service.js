// The service worker. site/assemble puts the build in front of it:
//   self.build = {version, files: [[address, 'sha256-...'], ...]}
// A version is complete or not there: all its files are fetched and compared with
// their digests before it is installed, and a page of it gets nothing else. Files
// in folders that are named by their content may come from any version.
const { version, files } = self.build;
const PREFIX = 'bignas ', CACHE = PREFIX + version;
const ANY = { ignoreVary: true }; // how it was compressed on the way is no difference
const scope = new URL('./', self.location).href, INDEX = 'index.html';

// The page is kept as what the folder gives: some servers send index.html there with a redirect.
const address = name => name === INDEX ? scope : new URL(name, scope).href;

// fetchRight gets a file with that digest: from an older version, where its folder's
// name says that it is the same, from the browser's cache, or from the server. The
// browser compares, so that nothing of a big file is held here.
async function fetchRight(name, integrity) {
  const url = address(name), kept = name.includes('/') && await caches.match(url, ANY);
  if (kept) return kept;
  for (const cache of ['default', 'reload']) {
    const response = await fetch(url, { cache, integrity }).catch(() => undefined);
    if (response?.ok && !response.redirected) return response;
  }
  throw new Error(`${url} is not that of version ${version}`);
}

async function install() {
  const cache = await caches.open(CACHE);
  for (const [name, integrity] of files) { // one after the other: nobody waits for it
    await cache.put(address(name), await fetchRight(name, integrity));
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

async function answer(request) {
  const url = new URL(request.url);
  url.search = url.hash = '';
  const page = url.href === scope || url.href === scope + INDEX;
  const kept = page ? await (await caches.open(CACHE)).match(scope, ANY) : await caches.match(url.href, ANY);
  return kept ?? fetch(request);
}

self.addEventListener('install', e => e.waitUntil(install()));
self.addEventListener('activate', e => e.waitUntil(activate()));
self.addEventListener('message', e => { if (e.data === 'take over') self.skipWaiting(); });
self.addEventListener('fetch', e => {
  if (e.request.method === 'GET' && e.request.url.startsWith(scope)) e.respondWith(answer(e.request));
});
