// The browser's Back takes away what lies over the page, instead of leaving the page.

let steps = 0;

/**
 * Adds a step to the history for something that has opened: Back calls close, and what
 * was chosen meanwhile stays. It returns what takes the step away when it was closed in
 * another way.
 */
export function step(state, close) {
  const id = ++steps;
  history.scrollRestoration = 'manual'; // taking the step away must not move the page
  history.replaceState({ under: id }, '', state.link());
  history.pushState({ over: id }, '', state.link());
  let open = true;
  const went = e => {
    if (e.state?.under !== id) return; // another step of the history
    removeEventListener('popstate', went);
    history.scrollRestoration = 'auto';
    const closes = open;
    open = false;
    if (closes) close();
    history.replaceState(null, '', state.link());
  };
  addEventListener('popstate', went);
  return () => {
    if (open && history.state?.over === id) history.back();
    open = false;
  };
}
