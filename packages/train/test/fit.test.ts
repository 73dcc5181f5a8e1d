import { ArgumentError, manualSeed, tensor } from '@ndgrad/core';
import { DataLoader } from '@ndgrad/data';
import { CrossEntropyLoss, Dropout, functional as F, Linear, MSELoss, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import { type EpochRecord, evaluate, type FitOptions, fit, type Progress, TrainingError } from '../src/index.ts';
import { linearProblem, twoClasses, weightsOf } from './helpers.ts';

const loss = new CrossEntropyLoss();

describe('fit', () => {
  it('does what the plain loop does, number for number', async () => {
    const { model, optimizer, train } = linearProblem();
    const { history } = await fit(model, { loss, optimizer, train, epochs: 2 });

    const other = linearProblem();
    const means: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      let sum = 0;
      for (const [x, y] of other.train) {
        const value = loss.call(other.model.call(x), y);
        other.optimizer.zeroGrad();
        value.backward();
        other.optimizer.step();
        sum += value.item();
      }
      means.push(sum / 4);
    }
    expect(weightsOf(model)).toEqual(weightsOf(other.model));
    history.forEach((record, i) => void expect(record.trainLoss).toBeCloseTo(means[i]!, 14));
  });

  it('learns two classes, and tells so in its history', async () => {
    const { model, optimizer, train, validation } = linearProblem();
    const { history, reason, bestEpoch } = await fit(model, { loss, optimizer, train, validation, epochs: 30 });
    expect(reason).toBe('epochs');
    expect(bestEpoch).toBeNull();
    expect(history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(history.at(-1)!.trainLoss).toBeLessThan(history[0]!.trainLoss / 2);
    expect(history.at(-1)!.trainAccuracy).toBeGreaterThan(0.95);
    const measured = await evaluate(model, validation, { loss });
    expect(history.at(-1)!.validationLoss).toBe(measured.loss);
    expect(history.at(-1)!.validationAccuracy).toBe(measured.accuracy);
    expect(history.every(({ lr, seconds }) => lr === 0.5 && seconds > 0)).toBe(true);
  });

  it('weighs batches by their rows', async () => {
    const { model, optimizer } = linearProblem({ lr: 0 });
    const train = new DataLoader(twoClasses(), { batchSize: 16 }); // 16, 16, 8
    const { history } = await fit(model, { loss, optimizer, train, epochs: 1 });
    const whole = await evaluate(model, new DataLoader(twoClasses(), { batchSize: 40 }), { loss });
    expect(history[0]!.trainLoss).toBeCloseTo(whole.loss, 14);
    expect(history[0]!.trainAccuracy).toBeCloseTo(whole.accuracy!, 14);
  });

  it('has no accuracy where targets are no labels, nor validation without rows for it', async () => {
    const model = new Linear(1, 1);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const train = [[tensor([[1], [2]]), tensor([[3], [5]])] as const];
    const { history } = await fit(model, { loss: new MSELoss(), optimizer, train, epochs: 1 });
    expect(history[0]).toMatchObject({ trainAccuracy: null, validationLoss: null, validationAccuracy: null });
  });

  it('trains in training mode, validates in evaluation mode, and puts the modes back', async () => {
    manualSeed(0);
    const dropout = new Dropout();
    const model = new Sequential(new Linear(2, 2), dropout);
    model.eval();
    const modes: boolean[] = [];
    const spy: typeof F.crossEntropy = (a, b) => {
      modes.push(dropout.training);
      return F.crossEntropy(a, b);
    };
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const loader = new DataLoader(twoClasses(), { batchSize: 20 });
    await fit(model, { loss: spy, optimizer, train: loader, validation: loader, epochs: 2 });
    expect(modes).toEqual([true, true, false, false, true, true, false, false]);
    expect([model.training, dropout.training]).toEqual([false, false]);
  });

  it('steps a schedule after every epoch with what the epoch came to', async () => {
    const { model, optimizer, train, validation } = linearProblem();
    const metrics: number[] = [];
    const schedule = {
      step(metric: number) {
        metrics.push(metric);
        for (const group of optimizer.paramGroups) group.lr /= 2;
      },
    };
    const { history } = await fit(model, { loss, optimizer, train, validation, schedule, epochs: 3 });
    expect(history.map(({ lr }) => lr)).toEqual([0.5, 0.25, 0.125]);
    expect(metrics).toEqual(history.map(({ validationLoss }) => validationLoss));
  });

  it('tells of every batch and every epoch, and waits for who listens', async () => {
    const { model, optimizer, train } = linearProblem();
    const seen: string[] = [];
    await fit(model, {
      loss,
      optimizer,
      train,
      epochs: 2,
      onBatch: async ({ epoch, batch, rows }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(`${epoch}.${batch}: ${rows}`);
      },
      onEpoch: ({ epoch }) => seen.push(`epoch ${epoch}`),
    });
    const batches = (epoch: number) => [1, 2, 3, 4].map((batch) => `${epoch}.${batch}: ${10 * batch}`);
    expect(seen).toEqual([...batches(1), 'epoch 1', ...batches(2), 'epoch 2']);
  });

  it('lets timers have their turn while it computes', async () => {
    const { model, optimizer, train } = linearProblem();
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 3) controller.abort();
    }, 1);
    const { reason } = await fit(model, {
      loss,
      optimizer,
      train,
      epochs: 1e9,
      signal: controller.signal,
      maxTime: 30,
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
    expect(reason).toBe('aborted');
  });

  it('prints nothing unless it is asked to', async () => {
    const { model, optimizer, train } = linearProblem();
    const written: unknown[] = [];
    const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
    for (const { stream } of streams) stream.write = ((text: unknown) => written.push(text) > 0) as never;
    try {
      await fit(model, { loss, optimizer, train, epochs: 1 });
    } finally {
      for (const { stream, write } of streams) stream.write = write;
    }
    expect(written).toEqual([]);
  });

  it('shows progress on the standard error when it is asked to', async () => {
    const { model, optimizer, train } = linearProblem();
    const { write } = process.stderr;
    const written: string[] = [];
    process.stderr.write = ((text: string) => written.push(text) > 0) as never;
    try {
      await fit(model, { loss, optimizer, train, epochs: 2, progress: true });
    } finally {
      process.stderr.write = write;
    }
    expect(written.join('')).toMatch(/epoch 2\/2 {2}loss/);
  });

  it('hands its course to a progress', async () => {
    const { model, optimizer, train } = linearProblem();
    const calls: string[] = [];
    const progress: Progress = {
      start: ({ epochs, batches }) => calls.push(`start ${epochs} ${batches}`),
      batch: ({ batch }) => calls.push(`batch ${batch}`),
      epoch: ({ epoch }) => calls.push(`epoch ${epoch}`),
      stop: () => calls.push('stop'),
    };
    await fit(model, { loss, optimizer, train, epochs: 1, progress });
    expect(calls).toEqual(['start 1 4', 'batch 1', 'batch 2', 'batch 3', 'batch 4', 'epoch 1', 'stop']);
  });

  it('takes optimizers that evaluate the loss several times a step', async () => {
    const { model, train } = linearProblem();
    const sgd = new SGD(model.parameters(), { lr: 0.1 });
    const twice = {
      paramGroups: sgd.paramGroups,
      zeroGrad: () => sgd.zeroGrad(),
      step: (closure: () => unknown) => {
        sgd.step(closure);
        sgd.step(closure);
      },
    };
    const { history } = await fit(model, { loss, optimizer: twice, train, epochs: 1 });

    const other = linearProblem();
    let sum = 0;
    for (const [x, y] of other.train) {
      for (let i = 0; i < 2; i++) {
        const value = loss.call(other.model.call(x), y);
        if (i === 0) sum += value.item();
        for (const w of other.model.parameters()) w.grad = null;
        value.backward();
        for (const w of other.model.parameters()) w.detach().sub_(w.grad!.mul(0.1));
      }
    }
    expect(history[0]!.trainLoss).toBeCloseTo(sum / 4, 13);
  });
});

describe('early stopping', () => {
  /** Validation losses as given, one an epoch, and the weights after each. */
  async function scripted(losses: number[], options: Partial<FitOptions>) {
    const { model, optimizer, train } = linearProblem();
    const script = [...losses];
    const weights: unknown[] = [];
    const result = await fit(model, {
      loss: (a, b) => (a.requiresGrad ? F.crossEntropy(a, b) : tensor(script.shift()!)),
      optimizer,
      train,
      validation: [[tensor([[0, 0]]), tensor([0])]],
      epochs: losses.length,
      onEpoch: () => weights.push(weightsOf(model)),
      ...options,
    });
    return { ...result, model, weights };
  }

  it('stops after so many epochs without progress, and brings the best weights back', async () => {
    const { history, reason, bestEpoch, model, weights } = await scripted([3, 2, 2.5, 2, 1], { patience: 2 });
    expect(reason).toBe('patience');
    expect(history.length).toBe(4);
    expect(bestEpoch).toBe(2);
    expect(weightsOf(model)).toEqual(weights[1]);
    expect(weights[1]).not.toEqual(weights[3]);
  });

  it('starts to count anew with every progress', async () => {
    const { reason, bestEpoch } = await scripted([5, 6, 4, 6, 3], { patience: 2 });
    expect([reason, bestEpoch]).toEqual(['epochs', 5]);
  });

  it('brings the best weights back where the epochs run out, too', async () => {
    const { reason, bestEpoch, model, weights } = await scripted([1, 2, 3], { patience: 5 });
    expect([reason, bestEpoch]).toEqual(['epochs', 1]);
    expect(weightsOf(model)).toEqual(weights[0]);
  });

  it('asks for a fall of at least minDelta', async () => {
    const { history, bestEpoch } = await scripted([3, 2.9, 2.85, 2.8], { patience: 2, minDelta: 0.5 });
    expect([history.length, bestEpoch]).toEqual([3, 1]);
  });

  it('takes NaN for no progress', async () => {
    const { bestEpoch } = await scripted([Number.NaN, 2, Number.NaN, 3], { patience: 3 });
    expect(bestEpoch).toBe(2);
  });

  it('keeps the last weights without patience', async () => {
    const { bestEpoch, model, weights } = await scripted([1, 2, 3], {});
    expect(bestEpoch).toBeNull();
    expect(weightsOf(model)).toEqual(weights[2]);
  });
});

describe('ending early', () => {
  it('ends after the present batch when the signal fires, with the epochs completed', async () => {
    const { model, optimizer, train } = linearProblem();
    const controller = new AbortController();
    const completed: EpochRecord[] = [];
    let weights: unknown;
    const { history, reason } = await fit(model, {
      loss,
      optimizer,
      train,
      epochs: 100,
      signal: controller.signal,
      onEpoch: (record) => completed.push(record),
      onBatch: ({ epoch, batch }) => {
        if (epoch !== 3 || batch !== 2) return;
        controller.abort();
        weights = weightsOf(model);
      },
    });
    expect(reason).toBe('aborted');
    expect(history).toEqual(completed);
    expect(history.length).toBe(2);
    expect(weightsOf(model)).toEqual(weights);
    expect(model.call(tensor([[1, 2]])).shape).toEqual([1, 2]);
  });

  it('does nothing where the signal has fired before', async () => {
    const { model, optimizer, train } = linearProblem();
    const before = weightsOf(model);
    const result = await fit(model, { loss, optimizer, train, epochs: 1, signal: AbortSignal.abort() });
    expect(result).toEqual({ history: [], reason: 'aborted', bestEpoch: null });
    expect(weightsOf(model)).toEqual(before);
  });

  it('ends during validation, too', async () => {
    const { model, optimizer, train, validation } = linearProblem();
    const controller = new AbortController();
    const stopping: typeof F.crossEntropy = (a, b) => {
      if (!a.requiresGrad) controller.abort();
      return F.crossEntropy(a, b);
    };
    const { signal } = controller;
    const result = await fit(model, { loss: stopping, optimizer, train, validation, epochs: 9, signal });
    expect([result.history.length, result.reason]).toEqual([0, 'aborted']);
  });

  it('brings the best weights back after the signal', async () => {
    const { model, optimizer, train, validation } = linearProblem();
    const controller = new AbortController();
    let weights: unknown;
    const { bestEpoch } = await fit(model, {
      loss,
      optimizer,
      train,
      validation,
      epochs: 9,
      patience: 5,
      signal: controller.signal,
      onEpoch: () => {
        weights = weightsOf(model);
      },
      onBatch: ({ epoch, batch }) => (epoch === 2 && batch === 3 ? controller.abort() : undefined),
    });
    expect(bestEpoch).toBe(1);
    expect(weightsOf(model)).toEqual(weights);
  });

  it('ends when the time is up, its own or that of a signal', async () => {
    const { model, optimizer, train } = linearProblem();
    const started = performance.now();
    const own = await fit(model, { loss, optimizer, train, epochs: 1e9, maxTime: 0.05 });
    expect(own.reason).toBe('maxTime');
    expect(own.history.length).toBeGreaterThan(0);
    const given = await fit(model, { loss, optimizer, train, epochs: 1e9, signal: AbortSignal.timeout(50) });
    expect(given.reason).toBe('maxTime');
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe('what fit refuses', () => {
  it('a loss that is no number, naming epoch, batch and rate, before it reaches the weights', async () => {
    const { model, optimizer, train } = linearProblem();
    let count = 0;
    let before: unknown;
    const breaking: typeof F.crossEntropy = (a, b) => {
      before = weightsOf(model);
      return F.crossEntropy(a, b).mul(++count === 6 ? Number.NaN : 1);
    };
    const run = fit(model, { loss: breaking, optimizer, train, epochs: 3 });
    await expect(run).rejects.toThrow(TrainingError);
    await expect(run).rejects.toThrow(
      'fit: the loss is NaN in epoch 2, batch 2: the steps are too large: lower lr (now 0.5), or clip the gradients',
    );
    expect(weightsOf(model)).toEqual(before);
    expect(model.training).toBe(true);
  });

  it('a first loss that is no number, pointing at the data', async () => {
    const { model, optimizer } = linearProblem();
    const train = [[tensor([[Number.NaN, 1]]), tensor([0])] as const];
    await expect(fit(model, { loss, optimizer, train, epochs: 1 })).rejects.toThrow(
      'the loss is NaN in epoch 1, batch 1: nothing was learnt yet, so look for NaN or huge numbers in the inputs',
    );
  });

  it('a rate so large that the loss explodes', async () => {
    const model = new Linear(1, 1);
    const optimizer = new SGD(model.parameters(), { lr: 1e3 });
    const train = [[tensor([[1], [2]]), tensor([[1], [0]])] as const];
    await expect(fit(model, { loss: new MSELoss(), optimizer, train, epochs: 1000 })).rejects.toThrow(
      /the loss is Infinity in epoch \d+, batch 1: the steps are too large: lower lr \(now 1000\)/,
    );
  });

  const refusals: [name: string, change: object, message: string][] = [
    ['an unknown option', { epoch: 3 }, 'fit: unknown option "epoch". Did you mean "epochs"?'],
    ['no loss', { loss: undefined }, 'fit: loss must be a loss module or a function'],
    ['no optimizer', { optimizer: undefined }, 'fit: optimizer must be an optimizer'],
    ['no loader', { train: undefined }, 'fit: train must be a DataLoader'],
    ['a validation that is no loader', { validation: 3 }, 'fit: validation must be a DataLoader'],
    ['no epochs', { epochs: undefined }, 'fit: epochs must be a whole number of at least 1, got undefined'],
    ['half an epoch', { epochs: 0.5 }, 'fit: epochs must be a whole number of at least 1, got 0.5'],
    ['epochs that are NaN', { epochs: Number.NaN }, 'got NaN'],
    ['patience without validation', { patience: 2 }, 'fit: patience needs validation rows'],
    ['no patience', { patience: 0, validation: [] }, 'fit: patience must be a whole number of at least 1, got 0'],
    ['a negative minDelta', { minDelta: -1 }, 'fit: minDelta must be a number of at least 0, got -1'],
    ['a negative time', { maxTime: -1 }, 'fit: maxTime must be a number of seconds above 0, got -1'],
    ['a loader without rows', { train: [] }, 'fit: the training loader gave no rows'],
    ['a validation without rows', { validation: [] }, 'fit: the validation loader gave no rows'],
  ];
  it.each(refusals)('%s', async (_, change, message) => {
    const { model, optimizer, train } = linearProblem();
    const run = fit(model, { loss, optimizer, train, epochs: 1, ...change } as FitOptions);
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(run).rejects.toThrow(message);
  });

  it('an error of the model, with its place, and puts the modes back', async () => {
    const model = new Sequential(new Linear(3, 2));
    model.eval();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const train = new DataLoader(twoClasses(), { batchSize: 10 });
    await expect(fit(model, { loss, optimizer, train, epochs: 1 })).rejects.toThrow(/in 0 \(Linear 3→2\)/);
    expect(model.training).toBe(false);
  });
});
