// The link to what the page shows.
import { byId } from './shared/page.js';

/** Copies it, or says that it is in the address bar. */
export async function copy(state) {
  const button = byId('copy-link'), link = state.link();
  history.replaceState(history.state, '', link);
  try {
    await navigator.clipboard.writeText(link);
    button.textContent = 'Link copied';
  } catch { // no permission, or no secure context
    button.textContent = 'It is in the address bar';
  }
  setTimeout(() => { button.textContent = 'Copy link'; }, 2500);
}
