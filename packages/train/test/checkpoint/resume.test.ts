import { readFileSync, writeFileSync } from 'node:fs';
import { Generator, manualSeed, randn, tensor } from '@ndgrad/core';
import { CrossEntropyLoss, Linear } from '@ndgrad/nn';
import {
  Adadelta,
  Adagrad,
  Adamax,
  AdamW,
  ChainedScheduler,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LBFGS,
  LinearLR,
  type LRScheduler,
  NAdam,
  OneCycleLR,
  type Optimizer,
  RAdam,
  ReduceLROnPlateau,
  RMSprop,
  Rprop,
  SequentialLR,
  SGD,
  StepLR,
} from '@ndgrad/optim';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CheckpointOptions,
  type FitOptions,
  type FitResult,
  fit,
  type Loader,
  accuracy as rightShare,
} from '../../src/index.ts';
import { freshPath, isOutage, outageAfter, outcomeOf, problem, untimed } from './problem.ts';

const EPOCHS = 4;

type Problem = ReturnType<typeof problem>;

/** How a run differs from the plain one. */
interface Plan {
  optimizer?: (p: Problem) => Optimizer;
  schedule?: (optimizer: Optimizer) => FitOptions['schedule'] & object;
  /** A schedule stepped after every batch. */
  perBatch?: (optimizer: Optimizer) => LRScheduler;
  options?: Partial<FitOptions>;
  every?: CheckpointOptions['every'];
}

/** One start of the program: everything is made anew, then trained. */
async function start(plan: Plan, path: string | null, more: Partial<FitOptions> = {}) {
  const made = problem();
  const optimizer = plan.optimizer?.(made) ?? made.sgd();
  const cycle = plan.perBatch?.(optimizer);
  const { model, loss, train, validation } = made;
  const result = await fit(model, {
    loss,
    optimizer,
    train,
    validation,
    epochs: EPOCHS,
    ...(plan.schedule && { schedule: plan.schedule(optimizer) }),
    ...(cycle && { onBatch: () => cycle.step() }),
    ...plan.options,
    ...more,
    ...(path !== null && { checkpoint: { path, resume: 'auto', every: plan.every ?? 1 } }),
  });
  return outcomeOf(model, result);
}

/** Starts the program again and again, each time until an outage, and then to its end. */
async function startAgain(plan: Plan, outages: readonly number[]) {
  const path = freshPath();
  for (const batches of outages) {
    await start(plan, path, outageAfter(batches)).catch(isOutage);
  }
  return start(plan, path);
}

const optimizers: Record<string, (p: Problem) => Optimizer> = {
  SGD: (p) => p.sgd(),
  Adam: (p) => p.adam(),
  AdamW: ({ model }) => new AdamW(model.parameters(), { lr: 0.02, amsgrad: true }),
  RMSprop: ({ model }) => new RMSprop(model.parameters(), { lr: 0.01, momentum: 0.5, centered: true }),
  Adagrad: ({ model }) => new Adagrad(model.parameters(), { lr: 0.05 }),
  NAdam: ({ model }) => new NAdam(model.parameters(), { lr: 0.02 }),
  RAdam: ({ model }) => new RAdam(model.parameters(), { lr: 0.02 }),
  Rprop: ({ model }) => new Rprop(model.parameters(), { lr: 0.01 }),
  Adadelta: ({ model }) => new Adadelta(model.parameters(), { lr: 0.5 }),
  Adamax: ({ model }) => new Adamax(model.parameters(), { lr: 0.02 }),
  LBFGS: ({ model }) => new LBFGS(model.parameters(), { lr: 0.1, maxIter: 3, historySize: 4 }),
  'two groups': ({ model }) => {
    const [first, ...rest] = model.parameters();
    return new AdamW(
      [
        { params: first!, weightDecay: 0.1 },
        { params: rest, lr: 0.03 },
      ],
      { lr: 0.01 },
    );
  },
};

const schedules: Record<string, NonNullable<Plan['schedule']>> = {
  StepLR: (o) => new StepLR(o, { stepSize: 2 }),
  CosineAnnealingLR: (o) => new CosineAnnealingLR(o, { TMax: EPOCHS }),
  CosineAnnealingWarmRestarts: (o) => new CosineAnnealingWarmRestarts(o, { T0: 1, TMult: 2 }),
  ChainedScheduler: (o) =>
    new ChainedScheduler(o, { schedulers: [new ExponentialLR(o, { gamma: 0.9 }), new StepLR(o, { stepSize: 2 })] }),
  LambdaLR: (o) => new LambdaLR(o, { lrLambda: (epoch) => 1 / (1 + epoch) }),
  ReduceLROnPlateau: (o) => new ReduceLROnPlateau(o, { patience: 0, factor: 0.5 }),
  SequentialLR: (o) =>
    new SequentialLR(o, {
      schedulers: [new LinearLR(o, { totalIters: 2 }), new ExponentialLR(o, { gamma: 0.7 })],
      milestones: [2],
    }),
};

const perBatch: Record<string, NonNullable<Plan['perBatch']>> = {
  OneCycleLR: (o) => new OneCycleLR(o, { maxLr: 0.05, totalSteps: 40 }),
  'CyclicLR with momentum': (o) => new CyclicLR(o, { baseLr: 0.01, maxLr: 0.05, stepSizeUp: 3 }),
  CyclicLR: (o) =>
    new CyclicLR(o, { baseLr: 0.01, maxLr: 0.05, stepSizeUp: 3, mode: 'triangular2', cycleMomentum: false }),
};

describe('a run that was ended and is resumed comes to the same, bit for bit', () => {
  it.each(Object.keys(optimizers))('with %s', async (name) => {
    const plan = { optimizer: optimizers[name]!, every: { steps: 1 } };
    expect(await startAgain(plan, [2, 5, 1])).toEqual(await start(plan, null));
  });

  it.each(Object.keys(schedules))('with %s', async (name) => {
    const plan = { schedule: schedules[name]!, every: { steps: 2 } };
    expect(await startAgain(plan, [7, 6])).toEqual(await start(plan, null));
  });

  it.each(Object.keys(perBatch))('with %s, stepped after every batch', async (name) => {
    const plan = { perBatch: perBatch[name]!, every: { steps: 1 } };
    expect(await startAgain(plan, [3, 5, 2])).toEqual(await start(plan, null));
  });

  it('whenever it was ended, and however often it was saved', async () => {
    const whole = await start({}, null);
    const lifetimes = fc.array(fc.integer({ min: 1, max: 17 }), { maxLength: 5 });
    const everies = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.record({ steps: fc.integer({ min: 1, max: 7 }) }));
    await fc.assert(
      fc.asyncProperty(lifetimes, everies, async (outages, every) => {
        expect(await startAgain({ every }, outages)).toEqual(whole);
      }),
      { numRuns: 8 },
    );
  });

  it('with parts of the program itself, which it names', async () => {
    const run = async (path: string | null, more: Partial<FitOptions> = {}) => {
      const { model, loss, train, sgd } = problem();
      // A moving average of the weights, of which the loss takes a share.
      const average = { of: model.parameters()[0]!.detach().clone() };
      const kept = {
        stateDict: () => average,
        loadStateDict: (state: typeof average) => Object.assign(average, { of: state.of.clone() }),
      };
      const onBatch = () => {
        average.of = average.of.mul(0.9).add(model.parameters()[0]!.detach().mul(0.1));
        model.parameters()[0]!.detach().add_(average.of.mul(0.01));
      };
      const checkpoint =
        path === null ? null : ({ path, resume: 'auto', every: { steps: 1 }, extra: { kept } } as const);
      return outcomeOf(
        model,
        await fit(model, { loss, optimizer: sgd(), train, epochs: 3, onBatch, checkpoint, ...more }),
      );
    };
    const path = freshPath();
    await run(path, outageAfter(6)).catch(isOutage);
    expect(await run(path)).toEqual(await run(null));
  });

  it('with patience, whose best weights come back', async () => {
    const plan = { options: { patience: 2, epochs: 30 }, optimizer: optimizers.Adam!, every: { steps: 3 } };
    const whole = await start(plan, null);
    expect(whole.reason).toBe('patience');
    expect(await startAgain(plan, [5, 9, 4, 11])).toEqual(whole);
  });

  it('where the signal ended it, which saves the batch that was done', async () => {
    const whole = await start({}, null);
    const path = freshPath();
    for (const at of [3, 1, 4, 2]) {
      const controller = new AbortController();
      let left = at;
      const { reason } = await start({}, path, {
        signal: controller.signal,
        onBatch: () => --left === 0 && controller.abort(),
      });
      expect(reason).toBe('aborted');
    }
    // 10 batches are done, so that 6 of 16 are left.
    let batches = 0;
    expect(await start({}, path, { onBatch: () => batches++ })).toEqual(whole);
    expect(batches).toBe(6);
  });

  it('where the signal ended it in the midst of validation', async () => {
    const whole = await start({}, null);
    const path = freshPath();
    const controller = new AbortController();
    let measured = 0;
    const accuracy: FitOptions['accuracy'] = (outputs, targets) => {
      const isValidation = !outputs.requiresGrad;
      if (isValidation && ++measured === 5) controller.abort();
      return rightShare(outputs, targets);
    };
    const { history } = await start({}, path, { signal: controller.signal, accuracy });
    expect(history.length).toBe(1);
    let batches = 0;
    expect(await start({}, path, { onBatch: () => batches++ })).toEqual(whole);
    expect(batches).toBe(8); // the last of 4 epochs of 4 batches each but the first two
  });

  it('where it has ended already: nothing is trained', async () => {
    const path = freshPath();
    const whole = await start({}, path);
    let batches = 0;
    expect(await start({}, path, { onBatch: () => batches++ })).toEqual(whole);
    expect(batches).toBe(0);
  });

  it('with a loader that is no DataLoader, whose batches are made again and dropped', async () => {
    const generator = new Generator(9);
    const train: Loader = {
      *[Symbol.iterator]() {
        for (let i = 0; i < 5; i++) {
          const x = randn([4, 3], { generator });
          yield [x, x.sum({ dim: 1 }).gt(0)] as const;
        }
      },
    };
    const run = async (path: string | null, more: Partial<FitOptions> = {}) => {
      const { model, loss, sgd } = problem();
      generator.manualSeed(9);
      const checkpoint =
        path === null ? null : { path, resume: 'auto' as const, every: { steps: 1 }, extra: { generator } };
      return outcomeOf(model, await fit(model, { loss, optimizer: sgd(), train, epochs: 3, checkpoint, ...more }));
    };
    const path = freshPath();
    await run(path, outageAfter(8)).catch(isOutage);
    expect(await run(path)).toEqual(await run(null));
  });

  it('though nobody gave a seed: the first weights are saved before the first step', async () => {
    const path = freshPath();
    const run = async (seed: number, more: Partial<FitOptions> = {}) => {
      const { train } = problem();
      manualSeed(seed);
      const model = new Linear(3, 2);
      const options = {
        loss: new CrossEntropyLoss(),
        train,
        optimizer: new SGD(model.parameters(), { lr: 0.1 }),
        epochs: 2,
      };
      return outcomeOf(model, await fit(model, { ...options, ...more }));
    };
    const whole = await run(21);
    await run(21, { ...outageAfter(2), checkpoint: { path } }).catch(isOutage);
    expect(await run(22, { checkpoint: { path, resume: true } })).toEqual(whole);
  });

  it('to which later epochs may be added', async () => {
    const path = freshPath();
    await start({}, path);
    const more = { options: { epochs: EPOCHS + 2 } };
    expect(await start(more, path)).toEqual(await start(more, null));
  });

  it('with losses that JSON can not say', async () => {
    const run = async (path: string | null, more: Partial<FitOptions> = {}) => {
      const { model, loss, train, sgd } = problem();
      const validation = [[tensor([[1, Number.NaN, 2]]), tensor([1])]] as const;
      const checkpoint = path === null ? null : ({ path, resume: 'auto' } as const);
      return outcomeOf(
        model,
        await fit(model, { loss, optimizer: sgd(), train, validation, epochs: 3, patience: 9, checkpoint, ...more }),
      );
    };
    const path = freshPath();
    await run(path, outageAfter(7)).catch(isOutage);
    const resumed = await run(path);
    expect(resumed.history.map(({ validationLoss }) => validationLoss)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(resumed).toEqual(await run(null));
  });
});

describe('what a resumed run tells', () => {
  it('its observers: the epochs that were done before', async () => {
    const path = freshPath();
    await start({}, path, outageAfter(9)).catch(isOutage);
    const told: unknown[] = [];
    const { history } = await start({}, path, {
      observers: [
        { start: ({ history = [] }) => told.push(...history.map(untimed)), epoch: (r) => told.push(untimed(r)) },
      ],
    });
    expect(told).toEqual(history);
  });

  it('the time of an epoch, both parts of it together', async () => {
    const path = freshPath();
    const slow = async () => void (await new Promise((resolve) => setTimeout(resolve, 30)));
    const made = problem();
    const options = { loss: made.loss, train: made.train, optimizer: made.sgd(), epochs: 1, onBatch: slow };
    const checkpoint = { path, every: { steps: 1 } };
    await fit(made.model, { ...options, ...outageAfter(3), checkpoint }).catch(isOutage);
    const again = problem();
    const { history }: FitResult = await fit(again.model, {
      ...{ loss: again.loss, train: again.train, optimizer: again.sgd(), epochs: 1, onBatch: slow },
      checkpoint: { ...checkpoint, resume: true },
    });
    expect(history[0]!.seconds).toBeGreaterThan(0.11);
  });
});

describe('what changes nothing', () => {
  it('a checkpoint: the run comes to what it comes to without', async () => {
    expect(await start({ every: { steps: 1 } }, freshPath())).toEqual(await start({}, null));
  });

  it('the place: a checkpoint that was copied elsewhere goes on there', async () => {
    const [path, copy] = [freshPath(), freshPath()];
    await start({}, path, outageAfter(9)).catch(isOutage);
    writeFileSync(copy, readFileSync(path));
    expect(await start({}, copy)).toEqual(await start({}, path));
  });
});
