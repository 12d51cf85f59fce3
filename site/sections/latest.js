// Work that only the newest request for is worth doing.

/** Runs one thing at a time; of what comes meanwhile only the newest waits. Things do not throw. */
export function latest() {
  let running = false, next;
  return async f => {
    next = f;
    if (running) return;
    running = true;
    while (next) {
      const now = next;
      next = undefined;
      await now();
    }
    running = false;
  };
}
