import { observe } from './kernels/launch.ts';

/** What the launches of one kernel took together. */
export interface KernelTime {
  readonly name: string;
  readonly launches: number;
  readonly milliseconds: number;
}

/** Where the time of a program went. */
export interface Profile<T> {
  /** What the program returned. */
  readonly result: T;
  /** By kernel, the longest first. The rest of `milliseconds` went to everything else: allocation, graph, user code. */
  readonly kernels: readonly KernelTime[];
  /** From start to end. */
  readonly milliseconds: number;
}

/**
 * Runs `body` and measures, kernel by kernel, where its time goes.
 *
 * ```ts
 * console.table(profile(() => criterion.call(model.call(x), y).backward()).kernels);
 * ```
 * What runs after `body` returns, as in an async function, is not seen.
 * @see PyTorch `torch.profiler`
 */
export function profile<T>(body: () => T): Profile<T> {
  const times = new Map<string, { launches: number; milliseconds: number }>();
  const before = observe(({ kernel: name }, run) => {
    const start = performance.now();
    run();
    const time = times.get(name) ?? { launches: 0, milliseconds: 0 };
    time.launches++;
    time.milliseconds += performance.now() - start;
    times.set(name, time);
  });
  const start = performance.now();
  try {
    const result = body();
    const milliseconds = performance.now() - start;
    const kernels = [...times].map(([name, time]) => ({ name, ...time }));
    return { result, kernels: kernels.sort((a, b) => b.milliseconds - a.milliseconds), milliseconds };
  } finally {
    observe(before);
  }
}
