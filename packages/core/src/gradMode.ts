import { ArgumentError } from './errors.ts';

let recording = true;

/** Whether operations are being recorded for `backward`. */
export function isGradEnabled(): boolean {
  return recording;
}

/** Runs `body` with recording on or off, and puts things back as they were, whatever happens. */
export function withGrad<T>(enabled: boolean, body: () => T): T {
  const before = recording;
  recording = enabled;
  try {
    return body();
  } finally {
    recording = before;
  }
}

/**
 * Runs `body` without recording: what it computes has no history and wants no gradient. For evaluation and for
 * updates of weights.
 * @throws ArgumentError if `body` returns a promise: recording would be back on before it is done
 * @see PyTorch `torch.no_grad`
 */
export function noGrad<T>(body: () => T): T {
  return synchronous('noGrad', withGrad(false, body));
}

/** Runs `body` with recording on, inside a `noGrad`. @see PyTorch `torch.enable_grad` */
export function enableGrad<T>(body: () => T): T {
  return synchronous('enableGrad', withGrad(true, body));
}

function synchronous<T>(name: string, result: T): T {
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new ArgumentError(`${name}: the function must not be async: await outside, and compute inside`);
  }
  return result;
}
