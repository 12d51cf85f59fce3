// One image through the whole family: the cheapest child that is right, or,
// where nobody knows the truth, the cheapest that agrees with the biggest.
import { clock, says, time, unknown } from '../shared/answers.js';
import { byId, make, number, percent, write } from '../shared/page.js';
import { thumbnail } from '../shared/thumbnail.js';

const ROUNDS = 5; // of timing, at most

const millions = macs => number(macs / 1e6, macs < 20e6 ? 1 : 0);

/** The name of a child of the family as a heading. */
export const short = ({ label }) => ({ Min: 'Smallest', Max: 'Biggest' })[label] ?? label;
const sentence = s => s[0].toUpperCase() + s.slice(1);

export default class Family {
  #explorer; #rows = []; #image; #turn = 0;

  constructor(explorer) {
    this.#explorer = explorer;
    const costed = explorer.family.map(async c => ({ ...c, ...await explorer.count(c.child) }));
    this.#rows = Promise.all(costed).then(list => this.#build(list.sort((a, b) => a.cost.macs - b.cost.macs)));
    this.#rows.catch(e => explorer.failed(e));
  }

  async show(changed) {
    if (changed.has('ready')) this.#image = undefined; // another engine, which did not answer the last questions
    const rows = await this.#rows, { cost, image } = this.#explorer;
    for (const r of rows) r.button.setAttribute('aria-pressed', String(r.arch === cost?.arch));
    if (image === this.#image || !image) return;
    this.#image = image;
    this.#turn++;
    rows.forEach(r => this.#row(r));
    write(byId('strip-note'), '\u00a0');
    this.#ask(rows, this.#turn);
  }

  #build(list) {
    const rows = list.map(c => {
      const tag = make('p', { className: 'tag' }), says = make('span', { className: 'lab', textContent: '\u00a0' }), time = make('span');
      const button = make('button', { type: 'button' }, thumbnail(this.#explorer.space, c.child), make('b', { textContent: short(c) }), says,
        make('small', {}, `${millions(c.cost.macs)} MMACs`, make('br'), time));
      button.dataset.arch = c.arch;
      button.addEventListener('click', e => this.#explorer.take(c.child, e));
      return { ...c, tag, says, time, button, li: make('li', {}, tag, button) };
    });
    byId('strip').style.setProperty('--n', rows.length);
    byId('strip').replaceChildren(...rows.map(r => r.li));
    return rows;
  }

  // Each child is asked when the one before has answered, so that whoever moves a slider does not wait for all of them.
  async #ask(rows, turn) {
    const answers = [], { label } = this.#image;
    try {
      for (const r of rows) {
        const { answer } = await this.#explorer.engine.request('try', { child: r.child });
        if (turn !== this.#turn) return;
        answers.push(says(answer));
        this.#row(r, answer, label && says(answer) === label);
      }
    } catch (error) {
      this.#explorer.failed(error);
      return;
    }
    const wanted = label || answers.at(-1), first = answers.indexOf(wanted);
    if (!label) rows.forEach((r, i) => { r.says.classList.toggle('no', answers[i] !== wanted); });
    if (first >= 0) {
      rows[first].li.classList.add('first');
      write(rows[first].tag, label ? 'Cheapest that is right' : 'Cheapest that agrees with the biggest');
    }
    write(byId('strip-note'), this.#words(rows, first, label));
    this.#again(rows, turn);
  }

  // again times each child once more, and then those that seem slower than a costlier one, a few times:
  // a run that was disturbed is the usual reason.
  async #again(rows, turn) {
    for (let round = 0, again = rows; round < ROUNDS && again.length; round++) {
      for (const r of again) {
        await this.#explorer.engine.request('try', { child: r.child }).catch(() => {});
        if (turn !== this.#turn) return;
      }
      again = rows.filter((r, i) => rows.slice(i + 1).some(o => time(o.arch) < time(r.arch)));
    }
  }

  #row(r, answer, right) {
    r.li.classList.remove('first');
    write(r.tag, '');
    r.says.classList.toggle('no', Boolean(answer) && !right);
    if (!answer) {
      write(r.time, '\u00a0');
      return write(r.says, '…');
    }
    r.time.replaceChildren(clock(r.arch), ' ms');
    const { label, p } = answer.top[0];
    if (unknown(answer)) return write(r.says, says(answer));
    r.says.replaceChildren(`${this.#image.label ? right ? '✓ ' : '✕ ' : ''}${label} `, make('span', { className: 'nb', textContent: percent(p) }));
  }

  #words(rows, first, label) {
    if (first < 0) return `No child of the family classifies it correctly: it is a ${label}.`;
    const { name, cost } = rows[first], biggest = rows.at(-1), does = label ? 'is right' : 'agrees with the biggest child';
    if (first === 0) return `Even ${name} ${does}, with ${millions(cost.macs)} MMACs. Try another image.`;
    if (first === rows.length - 1) return label ? `Only ${name} is right.` : 'No smaller child of the family agrees with the biggest.';
    return `${sentence(name)} ${does} with ${millions(cost.macs)} MMACs, ${number(biggest.cost.macs / cost.macs, 1)} times less work than the biggest. That is for this image only.`;
  }
}
