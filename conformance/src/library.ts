import * as core from '@ndgrad/core';
import * as nn from '@ndgrad/nn';
import * as optim from '@ndgrad/optim';
import { camelCase } from './records.ts';

// ndgrad's names for PyTorch's, found mechanically.

export type Callable = (...args: unknown[]) => unknown;
type Class<T> = new (...args: unknown[]) => T;

/** A function: `functional` of @ndgrad/nn first, then @ndgrad/core. */
export const operation = (name: string) => find<Callable>('function', camelCase(name), nn.functional, core);
/** A function of `init`. */
export const initializer = (name: string) => find<Callable>('initializer', camelCase(name), nn.init);
/** A layer, a loss or a container. */
export const layer = (name: string) => find<Class<nn.AnyModule>>('layer', name, nn);
/** An optimizer. */
export const optimizer = (name: string) => find<Class<optim.Optimizer>>('optimizer', name, optim);
/** A learning-rate schedule. */
export const schedule = (name: string) => find<Class<optim.LRScheduler>>('schedule', name, optim);
/** `clipGradNorm_` and `clipGradValue_`. */
export const clipping = (name: string) => find<Callable>('function', camelCase(name), optim);

function find<T>(what: string, name: string, ...places: object[]): T {
  for (const place of places) {
    const found = (place as Record<string, unknown>)[name];
    if (typeof found === 'function') return found as T;
  }
  throw new TypeError(`there is no ${what} ${name}`);
}
