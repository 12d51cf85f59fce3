// One notice at a time, in the place of the lead sentence: what went wrong, and
// what to do next. Everything else on the page keeps working.
import { byId, make } from './page.js';

let owner;

/**
 * Shows an error. about names what it concerns ("weights", "picture", ...), so
 * that clear can take back only its own. action: [label, function], or none.
 */
export function notice(about, title, text, action) {
  owner = about;
  const p = make('p', {}, make('b', { textContent: title }), ` ${text}`);
  const button = (label, f) => {
    const b = make('button', { type: 'button', className: 'btn', textContent: label });
    b.addEventListener('click', f);
    return b;
  };
  const buttons = action ? [button(action[0], () => { clear(about); action[1](); })] : [];
  buttons.push(button('Close', () => clear(about)));
  byId('notice').replaceChildren(p, ...buttons);
  document.body.classList.add('noticed');
}

/** Takes the notice away if it is about that. */
export function clear(about) {
  if (owner !== about) return;
  owner = undefined;
  byId('notice').replaceChildren();
  document.body.classList.remove('noticed');
}

/** Message and hint of an EngineError as sentences. */
export function sentences({ message, hint }) {
  const sentence = s => s && s[0].toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? '' : '.');
  return [sentence(message), sentence(hint)].filter(Boolean).join(' ');
}
