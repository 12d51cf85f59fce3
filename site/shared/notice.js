// What went wrong and what to do next, in the place of the lead sentence. One notice
// for each thing that it is about: none hides another or its button. Everything
// else on the page keeps working.
import { byId, make } from './page.js';

const shown = new Map(); // by what they are about

/**
 * Shows an error. about names what it concerns ("weights", "image", ...): a
 * newer notice takes the place of an older one of the same, and clear takes it
 * back. action: [label, function], or none.
 */
export function notice(about, title, text, action) {
  const p = make('p', {}, make('b', { textContent: title }), ` ${text}`);
  const button = (label, f) => make('button', { type: 'button', className: 'btn', textContent: label, onclick: f });
  const buttons = action ? [button(action[0], () => { clear(about); action[1](); })] : [];
  const box = make('div', {}, p, ...buttons, button('Close', () => clear(about)));
  shown.get(about)?.remove();
  shown.set(about, box);
  byId('notice').append(box);
  document.body.classList.add('noticed');
}

/** Takes the notice away if there is one about that. */
export function clear(about) {
  shown.get(about)?.remove();
  shown.delete(about);
  document.body.classList.toggle('noticed', shown.size > 0);
}

/** Message and hint of an EngineError as sentences. */
export function sentences({ message, hint }) {
  const sentence = s => s && s[0].toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? '' : '.');
  return [sentence(message), sentence(hint)].filter(Boolean).join(' ');
}
