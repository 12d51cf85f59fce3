// What the child costs, and the proof that it is only a slice: numbers that were
// counted or measured, and a plain "not measured" where they were not.
import { words } from '../shared/accuracy.js';
import { clock } from '../shared/answers.js';
import { byId, make, megabytes, number, percent, write } from '../shared/page.js';

export class Costs {
  #tried = new Set(); #doubt;

  /** children is how many the space has; doubt how far off their predicted statistics are in the mean, where that is much. */
  constructor(children, doubt) {
    this.#doubt = doubt;
    const power = Math.floor(Math.log10(children));
    byId('costs').classList.add('pending');
    byId('time').classList.add('waiting');
    byId('time-dot').hidden = true;
    delete byId('cost-time').dataset.time;
    for (const [id, text] of [['cost-time', '\u00a0'], ['time-note', 'not measured yet'], ['proof-changed', 'not yet'], ['proof-changed-note', 'weights changed since'], ['proof-time', 'not yet'], ['proof-tried', '0']]) write(byId(id), text);
    byId('proof-of').replaceChildren(`of ${number(children / 10 ** power, 1)} × 10`, make('sup', { textContent: power }), ' children tried');
  }

  /** Shows the exact counts of a child, and what is known of its accuracy with its own statistics. */
  show({ cost: { macs, params, bytes, share, layers }, accuracy }, allLayers, inherited) {
    byId('costs').classList.remove('pending');
    const millions = macs / 1e6;
    write(byId('cost-macs'), number(millions, millions < 20 ? 1 : 0));
    write(byId('cost-params'), number(params / 1e6, 2));
    write(byId('cost-share'), `${percent(share)} of the supernet`);
    write(byId('cost-bytes'), number(bytes / 1000));
    write(byId('share'), percent(share));
    write(byId('share-of'), 'of the weights,');
    write(byId('share-layers'), `${layers} of ${allLayers} layers`);
    write(byId('net-caption'), `The child uses ${layers} of ${allLayers} layers and ${percent(share)} of the supernet’s weights.`);
    this.#accuracy(inherited ? undefined : accuracy, inherited ? 'with inherited statistics' : this.#doubt ? `predicted statistics, ± ${number(100 * this.#doubt, 0)} points` : 'for this child');
  }

  #accuracy(known, otherwise) {
    const box = byId('cost-accuracy'), [value, note] = box.querySelectorAll('dd'), dot = box.querySelector('.dot'), w = words(known);
    box.classList.toggle('unknown', !known);
    dot.hidden = !known;
    dot.classList.toggle('s', known?.kind === 'measured'); // solid is measured
    write(value.querySelector('b'), w.value);
    write(note, w.note || otherwise);
  }

  /** Shows what a child that has answered takes: the forward pass, and drag to answer if it came from a drag. */
  time(arch, sinceInput) {
    byId('time').classList.remove('waiting');
    byId('time-dot').hidden = false;
    clock(arch, byId('cost-time'));
    write(byId('time-note'), 'least measured on this device');
    this.#tried.add(arch);
    write(byId('proof-tried'), number(this.#tried.size));
    if (sinceInput !== undefined) write(byId('proof-time'), `${number(sinceInput)} ms`);
  }

  /** Says, to who asks, which implementation of the operators computes. */
  kernels(name) { byId('time').title = `Computed by: ${name}`; }

  /** Shows how much of the weights is here; all of it when loaded is total; begun when small children work. */
  progress(loaded, total, begun) {
    const bar = byId('progress'), done = loaded >= total, text = `${megabytes(loaded)} of ${megabytes(total)} MB`;
    bar.hidden = done;
    bar.firstElementChild.style.setProperty('--v', (loaded / total).toFixed(3));
    bar.setAttribute('aria-valuenow', Math.round(100 * loaded / total));
    bar.setAttribute('aria-valuetext', text);
    write(byId('proof-bytes'), done ? `${megabytes(total)} MB` : text);
    write(byId('proof-title'), done ? 'Nothing is retrained' : begun ? 'Small children work already' : 'Weights arriving');
  }

  /** Shows the engine's count of shared weights that differ from the downloaded ones. */
  verified({ weights, changed }) {
    write(byId('proof-changed'), number(changed));
    write(byId('proof-changed-note'), `of ${number(weights / 1e6, 2)} million weights changed since`);
  }
}
