import { CrossEntropyLoss } from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { type FitObserver, type FitOptions, type FitRun, fit } from '../src/index.ts';
import { linearProblem } from './helpers.ts';

const loss = new CrossEntropyLoss();

/** Trains for two epochs of two batches each, watched by observers. */
async function watched(observers: FitObserver[], more: Partial<FitOptions> = {}) {
  const problem = linearProblem();
  const train = [...problem.train].slice(0, 2);
  const options = { loss, optimizer: problem.optimizer, train, epochs: 2, observers, ...more };
  return { ...problem, result: await fit(problem.model, options) };
}

/** Writes down what it is told. */
const diary = (name: string, told: string[], wait = 0): FitObserver => {
  const write = async (line: string) => {
    await new Promise((resolve) => setTimeout(resolve, wait));
    told.push(`${name} ${line}`);
  };
  return {
    start: ({ epochs, batches }) => write(`start ${epochs} ${batches}`),
    batch: ({ epoch, batch }) => write(`batch ${epoch}.${batch}`),
    epoch: ({ epoch }) => write(`epoch ${epoch}`),
    stop: () => write('stop'),
  };
};

describe('observers of fit', () => {
  it('are told in turn, each waited for, after the progress and before the callbacks', async () => {
    const told: string[] = [];
    const progress = diary('progress', told) as never;
    await watched([diary('slow', told, 5), diary('quick', told)], {
      progress,
      onBatch: ({ epoch, batch }) => told.push(`onBatch ${epoch}.${batch}`),
      onEpoch: ({ epoch }) => told.push(`onEpoch ${epoch}`),
    });
    const all = (line: string) => ['progress', 'slow', 'quick'].map((name) => `${name} ${line}`);
    const epoch = (n: number) => [
      ...[1, 2].flatMap((batch) => [...all(`batch ${n}.${batch}`), `onBatch ${n}.${batch}`]),
      ...[...all(`epoch ${n}`), `onEpoch ${n}`],
    ];
    expect(told.slice(0, -3)).toEqual([...all('start 2 2'), ...epoch(1), ...epoch(2)]);
    expect(told.slice(-3).sort()).toEqual(all('stop').sort());
  });

  it('see the run before it begins, and the gradients of each step', async () => {
    let seen: FitRun | null = null;
    let withGradients = 0;
    const { model, train } = await watched([
      {
        start: (run) => {
          seen = run;
          expect(run.model.parameters().every(({ grad }) => grad === null)).toBe(true);
        },
        batch: () => {
          if (seen!.model.parameters().every(({ grad }) => grad !== null)) withGradients++;
        },
      },
    ]);
    expect(withGradients).toBe(4);
    expect(seen).toMatchObject({ model, loss, validation: null, epochs: 2, batches: 2, history: [] });
    expect(seen!.train).not.toBe(train);
  });

  it('may leave out what they do not want to know', async () => {
    const { result } = await watched([{}, { stop() {} }]);
    expect(result.history.length).toBe(2);
  });

  it('are told of the end where training fails, too', async () => {
    const told: string[] = [];
    const failing: FitObserver = {
      batch() {
        throw new Error('enough');
      },
      stop: () => void told.push('stopped'),
    };
    await expect(watched([failing, diary('other', told)])).rejects.toThrow('enough');
    expect(told).toEqual(['other start 2 2', 'stopped', 'other stop']);
  });

  it('end training with their errors: the first one that happened', async () => {
    const stopping = (message: string): FitObserver => ({
      stop() {
        throw new Error(message);
      },
    });
    await expect(watched([stopping('at the end')])).rejects.toThrow('at the end');
    const starting: FitObserver = {
      start() {
        throw new Error('at the start');
      },
    };
    await expect(watched([starting, stopping('at the end')])).rejects.toThrow('at the start');
  });

  it('must be a list', async () => {
    await expect(watched({} as never)).rejects.toThrow('fit: observers must be a list of observers');
  });
});
