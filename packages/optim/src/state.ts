import { ArgumentError, clone, formatShape, type Shape, sameShape, Tensor, tensor } from '@ndgrad/core';

/** What an optimizer remembers of a parameter: numbers, tensors, lists of them; `null` for what is not there yet. */
export type State = Record<string, StateValue>;
export type StateValue = number | boolean | string | Tensor | null | readonly StateValue[];

/** The same values in an object and lists of its own; the tensors are shared. */
export function shared(state: State): State {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  );
}

/**
 * A copy of a saved state, checked against a fresh one: it must hold all that the fresh one holds, a number where that
 * has one, a tensor of the same shape where that has a tensor; every other tensor must have the given shape.
 * A number and a tensor of one are taken for each other.
 * @param what whose state, for the messages
 */
export function restored(what: string, saved: State, fresh: State, shape: Shape): State {
  for (const name of Object.keys(fresh)) {
    if (!(name in saved)) throw new ArgumentError(`${what} has no ${name}`);
  }
  return Object.fromEntries(
    Object.entries(saved).map(([name, value]) => [name, copied(`${what}: ${name}`, value, fresh[name] ?? null, shape)]),
  );
}

function copied(what: string, value: StateValue, fresh: StateValue, shape: Shape): StateValue {
  if (Array.isArray(value)) return value.map((item: StateValue) => copied(what, item, null, shape));
  if (value instanceof Tensor) {
    const expected = fresh instanceof Tensor ? fresh.shape : typeof fresh === 'number' ? [] : shape;
    if (typeof fresh !== 'number' && sameShape(value.shape, expected)) return clone(value.detach());
    if (value.numel() === 1 && !(fresh instanceof Tensor)) return value.item();
    throw new ArgumentError(`${what} has shape ${formatShape(value.shape)}, expected ${formatShape(expected)}`);
  }
  if (fresh instanceof Tensor) {
    if (typeof value === 'number' && fresh.ndim === 0) return tensor(value);
    throw new ArgumentError(`${what} must be a tensor of shape ${formatShape(fresh.shape)}`);
  }
  if (typeof fresh === 'number' && typeof value !== 'number') throw new ArgumentError(`${what} must be a number`);
  return value;
}
