/**
 * Makes a function to await inside a long computation: it lets the event loop take its turn (timers, signals, other
 * work of the program) whenever `every` milliseconds have passed, and costs nearly nothing in between.
 *
 * ```ts
 * const pause = pauses();
 * for (let step = 0; step < steps && !signal.aborted; step++) {
 *   descend();
 *   await pause();
 * }
 * ```
 */
export function pauses({ every = 8 }: { every?: number } = {}): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < every) return undefined;
    return nextTurn().then(() => {
      last = performance.now();
    });
  };
}

/** Resolves after timers, signals and input have had their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
