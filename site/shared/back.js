// The browser's Back takes away what lies over the page, instead of leaving the page.

let steps = 0, leaving = null; // leaving is resolved when a step that is being taken away is gone

/**
 * Adds a step to the history for something that has opened: Back calls close, and what
 * was chosen meanwhile stays. It returns what takes the step away when it was closed in
 * another way.
 */
export function step(state, close) {
  const id = ++steps;
  let open = true, gone;
  const add = () => {
    if (!open) return;
    history.scrollRestoration = 'manual'; // taking the step away must not move the page
    history.replaceState({ under: id }, '', state.link());
    history.pushState({ over: id }, '', state.link());
    addEventListener('popstate', went);
  };
  const went = e => {
    if (e.state?.under !== id) return; // another step of the history
    removeEventListener('popstate', went);
    const closes = open;
    open = false;
    if (closes) close();
    history.replaceState(null, '', state.link());
    gone?.();
    // Browsers restore the place only after this event, by what is set then.
    setTimeout(() => { if (!history.state?.under && !history.state?.over) history.scrollRestoration = 'auto'; });
  };
  // history.back ends later: a step that was added before would be the one it takes away.
  if (leaving) leaving.then(add); else add();
  return () => {
    if (open && history.state?.over === id) {
      const left = leaving = new Promise(f => gone = f).then(() => { if (leaving === left) leaving = null; });
      history.back();
    }
    open = false;
  };
}
