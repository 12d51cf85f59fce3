// Light or dark: the system's choice, until the button says otherwise.
const KEY = 'theme';

function stored() {
  try { return localStorage.getItem(KEY); } catch { return null; } // storage may be forbidden
}

/** Makes the button switch between light and dark. */
export function theme(button) {
  const root = document.documentElement, system = matchMedia('(prefers-color-scheme:dark)');
  const dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : system.matches;
  const label = () => { button.textContent = dark() ? 'Light' : 'Dark'; };
  const chosen = stored();
  if (chosen === 'light' || chosen === 'dark') root.dataset.theme = chosen;
  button.addEventListener('click', () => {
    root.dataset.theme = dark() ? 'light' : 'dark';
    try { localStorage.setItem(KEY, root.dataset.theme); } catch { /* it lasts as long as the page */ }
    label();
  });
  system.addEventListener('change', label);
  label();
}
