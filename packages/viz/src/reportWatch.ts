import { defaultGenerator, Tensor } from '@ndgrad/core';
import { type CallObserver, type Module, observeCalls } from '@ndgrad/nn';

/**
 * Calls `look` with the input of the model's next call, just before it. Who watches calls already goes on seeing them.
 * @returns ends the watch; a no-op once the call has come
 */
export function onNextCall(model: Module, look: (x: Tensor) => void): () => void {
  let waiting = true;
  const watch: CallObserver = (module, inputs, run, path) => {
    if (waiting && module === (model as unknown) && inputs[0] instanceof Tensor) {
      end();
      look(inputs[0]);
    }
    return before === null ? run() : before(module, inputs, run, path);
  };
  const before = observeCalls(watch);
  function end(): void {
    waiting = false;
    const current = observeCalls(before);
    if (current !== watch) observeCalls(current); // somebody else's, who passes on to this one
  }
  return () => {
    if (waiting) end();
  };
}

/** Runs `body`, and puts the default generator back to where it stood: nobody notices what `body` draws. */
export function undrawn<T>(body: () => T): T {
  const state = defaultGenerator.getState();
  try {
    return body();
  } finally {
    defaultGenerator.setState(state);
  }
}

/** A model in a line: the labels of its layers, or of more than eight its own. */
export function lineOf(model: Module): string {
  const layers = model.children();
  if (layers.length === 0 || layers.length > 8) return model.label;
  return layers.map((layer) => layer.label).join(', ');
}
