// The game: ten photos, and the cheapest child that is right on all of them. The engine
// keeps the photos beside the image of the page.
import { says } from '../shared/answers.js';
import { asset, byId, make, number, sheet, write } from '../shared/page.js';

const PHOTOS = 10; // as many as the engine keeps
const SAID = 2500; // ms that a button says what it has done

const button = (textContent, onclick) => make('button', { type: 'button', className: 'plain', textContent, onclick });
const macs = n => `${number(n / 1e6, 1)} MMACs`;

export default class Game {
  #explorer; #root; #photos; #rows; #kept; #on = false; #turn = 0; #best; #says = make('p'); #record = make('p'); #back; #share;

  constructor(explorer) {
    this.#explorer = explorer;
    const { manifest: { samples, borrowed }, signal } = explorer;
    this.#photos = borrowed ? [] : samples.filter(s => s.label).slice(0, PHOTOS);
    this.#build();
    explorer.on(what => {
      if (what === 'ready') this.#kept = undefined; // another engine has none yet
      if (['ready', 'child', 'statistics', 'address'].includes(what)) this.#ask();
    });
    signal.addEventListener('abort', () => this.show(false));
  }

  /** Opens the game, or closes it. */
  show(on) {
    this.#on = on;
    byId('explore').classList.toggle('playing', on);
    if (!on) return this.#root.remove();
    sheet(new URL('./game.css', import.meta.url)).catch(() => {}).then(() => { // without it the game can be played, too
      if (!this.#on || this.#root.isConnected) return;
      byId('controls').after(this.#root);
      this.#root.scrollIntoView({ block: 'nearest' });
      this.#ask();
    });
  }

  #build() {
    const n = this.#photos.length, { state } = this.#explorer;
    this.#rows = this.#photos.map(({ name, label, alt, small }) => {
      const mark = make('b', { textContent: '…' }), said = make('small');
      return { label, mark, said, li: make('li', {}, make('img', { src: small ?? asset(`samples/${name}-small.jpg`), alt: alt.replace('Sample image: ', ''), width: 88, height: 88 }), mark, ' ', said) };
    });
    this.#says.dataset.is = 'says';
    this.#says.setAttribute('role', 'status');
    this.#record.dataset.is = 'best';
    this.#back = button('Back to it', e => this.#explorer.take(this.#best.child, e));
    this.#share = button('Copy its link', () => this.#copy(state));
    const list = make('ol', { className: 'photos' }, ...this.#rows.map(r => r.li));
    list.style.setProperty('--n', n);
    this.#root = make('div', { className: 'game', role: 'region' }, make('div', { className: 'hd' }, make('h2', { id: 'game-title', textContent: n ? `${n} photos: find the cheapest child that is right on all` : 'No photos' }), this.#says),
      list, make('div', { className: 'end' }, this.#record, this.#back, this.#share, button('Close', () => byId('game').click())));
    this.#root.setAttribute('aria-labelledby', 'game-title');
    this.#back.hidden = this.#share.hidden = true;
    write(this.#record, n ? 'Move the sliders, those of one stage too. A bigger child is not always right where a smaller one is.' : '');
    if (!n) write(this.#says, 'Nobody has said what is right for the samples of these weights.');
  }

  // keep gives the photos to the engine.
  async #keep(engine) {
    await Promise.all(this.#photos.map(async ({ name, read }, i) => {
      const response = read ? undefined : await fetch(asset(`samples/${name}.jpg`)).catch(() => undefined);
      if (!read && !response?.ok) throw { message: 'The photos of the game did not arrive', hint: 'Check the connection and move a slider' };
      return engine.request('photo', { photo: i + 1 }, { bytes: await (read ? read() : response.arrayBuffer()) });
    }));
  }

  async #ask() {
    const { engine, child, inherited, ready } = this.#explorer, turn = ++this.#turn, n = this.#rows.length;
    if (!n || !this.#root.isConnected) return;
    if (!ready) return write(this.#says, 'The photos wait until the weights are here.');
    try {
      this.#kept ??= this.#keep(engine);
      await this.#kept.catch(error => { this.#kept = undefined; throw error; });
      const { arch, cost } = await this.#explorer.count(child);
      let right = 0;
      for (const [i, row] of this.#rows.entries()) {
        if (turn !== this.#turn) return; // a newer child is asked
        const { answer } = await engine.request('try', { child, inherited, photo: i + 1 });
        if (turn !== this.#turn) return;
        right += this.#mark(row, says(answer));
      }
      write(this.#says, `${right} of ${n} right with ${macs(cost.macs)}.${right === n ? ' All of them!' : ''}`);
      if (!inherited) this.#rank({ arch, child, right, macs: cost.macs });
    } catch (error) {
      this.#explorer.failed(error);
    }
  }

  // mark shows what a child says to a photo, and returns 1 where that is right.
  #mark({ label, mark, said, li }, says) {
    const right = says === label;
    li.className = right ? 'yes' : 'no';
    write(mark, right ? '✓' : '✕');
    write(said, right ? label : `${says}, not ${label}`);
    return Number(right);
  }

  // rank keeps the best child so far: right on the most photos, then the cheapest.
  #rank(now) {
    const b = this.#best, n = this.#rows.length;
    if (!b || now.right > b.right || (now.right === b.right && now.macs < b.macs)) this.#best = now;
    const { right, macs: work, arch } = this.#best;
    write(this.#record, `Your best: ${right} of ${n} right with ${macs(work)}.${right < n ? ' A bigger child is not always right where a smaller one is.' : ' Is there a cheaper one?'}`);
    this.#back.hidden = arch === now.arch;
    this.#share.hidden = false;
  }

  // copy makes a link to the best child, with the game open.
  async #copy(state) {
    const url = new URL(state.link()), values = new URLSearchParams(url.hash.slice(1));
    values.set('arch', this.#best.arch);
    url.hash = values;
    try {
      await navigator.clipboard.writeText(url.href);
      write(this.#share, 'Link copied');
    } catch { // no permission, or no secure context
      this.#explorer.take(this.#best.child);
      write(this.#share, 'It is in the address bar');
    }
    setTimeout(() => write(this.#share, 'Copy its link'), SAID);
  }
}
