import { defaultGenerator, Generator, manualSeed, noGrad, randn, Tensor, zeros } from '@ndgrad/core';
import { DataLoader, spiral, TensorDataset } from '@ndgrad/data';
import { BatchNorm1d, CrossEntropyLoss, Dropout, functional as F, Linear, Module, ReLU, Sequential } from '@ndgrad/nn';
import { Adam, SGD } from '@ndgrad/optim';
import { describe, expect, it, vi } from 'vitest';
import { codes, entryOf } from '../src/doctor/catalogue.ts';
import { doctor, doctorObserver, type FitOptimizer, fit } from '../src/index.ts';
import { faulty } from './doctor/faulty.ts';
import { mlp } from './doctor/healthy.ts';
import { weightsOf } from './helpers.ts';

const loss = new CrossEntropyLoss();

/** A program whose every part has a state, in the middle of its training. */
function underway() {
  manualSeed(3);
  const generators = { dropout: new Generator(1), loader: new Generator(2) };
  const model = new Sequential(
    new Linear(2, 16),
    new BatchNorm1d(16),
    new ReLU(),
    new Dropout({ p: 0.3, generator: generators.dropout }),
    new Linear(16, 3),
  );
  const loader = new DataLoader(spiral(), { batchSize: 32, shuffle: true, generator: generators.loader });
  const optimizer = new Adam(model.parameters(), { lr: 0.01, weightDecay: 1e-4 });
  const step = ([x, y]: readonly [Tensor, Tensor]) => {
    optimizer.zeroGrad();
    loss.call(model.call(x), y).backward();
    optimizer.step();
  };
  let steps = 0;
  for (const batch of loader) if (steps++ < 5) step(batch);
  model[1]!.eval();
  model[4]!.parameters()[1]!.requiresGrad = false;
  return { model, optimizer, loader, generators, step };
}

/** Tensors as their numbers, and all else as it is. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor) return [...value.toArray()];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function stateOf({ model, optimizer, generators }: ReturnType<typeof underway>) {
  return {
    model: plain(model.stateDict()),
    optimizer: plain(optimizer.stateDict()),
    grads: model.parameters().map(({ grad }) => plain(grad)),
    wanted: model.parameters().map(({ requiresGrad }) => requiresGrad),
    modes: model.modules().map(({ training }) => training),
    generators: [defaultGenerator, generators.dropout, generators.loader].map((g) => g.getState()),
  };
}

describe('the doctor leaves bit for bit as it was', () => {
  it('all that a run consists of, the objects that hold the gradients included', async () => {
    const run = underway();
    const before = stateOf(run);
    const held = run.model.parameters().map(({ grad }) => grad);
    const evaluate = () => void run.model.eval().call(randn([4, 2]));
    const { model, optimizer, loader, step } = run;
    const regularised = () => loss;
    await doctor(model, { loss, optimizer, loader, validation: loader, step, evaluate, regularised });
    expect(stateOf(run)).toEqual(before);
    expect(model.parameters().map(({ grad }) => grad)).toEqual(held);
    model.parameters().forEach(({ grad }, i) => expect(grad).toBe(held[i]));
  });

  it('a run in which something throws', async () => {
    const run = underway();
    const before = stateOf(run);
    const { model, optimizer, loader } = run;
    let calls = 0;
    const failing = (scores: Tensor, labels: Tensor) => {
      if (++calls > 60) throw new RangeError('enough');
      return F.crossEntropy(scores, labels);
    };
    await expect(doctor(model, { loss: failing, optimizer, loader })).rejects.toThrow('enough');
    expect(stateOf(run)).toEqual(before);
  });

  it('what training comes to', async () => {
    const trained = async (examined: boolean) => {
      manualSeed(0);
      const model = new Sequential(
        new Linear(2, 16),
        new BatchNorm1d(16),
        new ReLU(),
        new Dropout(),
        new Linear(16, 3),
      );
      const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const train = new DataLoader(spiral(), { batchSize: 64, shuffle: true });
      const said: string[] = [];
      const observers = examined ? [doctorObserver((text) => said.push(text))] : [];
      await fit(model, { loss, optimizer, train, epochs: 2, observers });
      return { weights: weightsOf(model), said };
    };
    const [alone, examined] = [await trained(false), await trained(true)];
    expect(examined.weights).toEqual(alone.weights);
    expect(examined.said).toHaveLength(1);
    expect(examined.said[0]).toMatch(/^doctor: nothing found \(.* m?s\)\n\npassed:\n {2}nan-in-inputs \(rows 300\)/);
  });
});

describe('a diagnosis', () => {
  const examined = async () => {
    manualSeed(0);
    const { model, ...options } = faulty['saturated-units']();
    return doctor(model, { ...options, seconds: 60 });
  };

  it('reads as a list of findings with evidence and fix, then what passed and what was not checked', async () => {
    const text = String(await examined());
    expect(text).toMatch(
      /^doctor: 1 warning \(.* m?s\)\n\nwarning saturated-units\n {2}Sigmoid or tanh units are saturated/,
    );
    expect(text).toMatch(
      /\n {2}evidence: layers 1, of layers 1, 1 \(Tanh\) 7\d\.\d %\n {2}fix: smaller initial weights/,
    );
    expect(text).toMatch(/\n {2}see: CS231n, lecture 6/);
    expect(text).toMatch(/\n {2}so also: update-ratio-out-of-band \(/);
    expect(text).toMatch(/\n\nnot checked:\n {2}shared-rows: give validation/);
  });

  it('holds a verdict for every code, each once', async () => {
    const { findings, passed, notChecked } = await examined();
    const all = [...findings, ...findings.flatMap(({ consequences }) => consequences), ...passed, ...notChecked];
    expect(all.map(({ code }) => code).sort()).toEqual([...codes].sort());
  });

  it('prints nothing by itself', async () => {
    const spies = [
      vi.spyOn(console, 'log'),
      vi.spyOn(console, 'warn'),
      vi.spyOn(process.stdout, 'write'),
      vi.spyOn(process.stderr, 'write'),
    ];
    await examined();
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('says what it did not come to in its time', async () => {
    manualSeed(0);
    const { model, ...options } = faulty['vanishing-gradients']();
    const { notChecked } = await doctor(model, { ...options, seconds: 1e-3 });
    const late = notChecked.filter(({ reason }) => reason.startsWith('not done in its time')).map(({ code }) => code);
    expect(late).toEqual(['learning-rate-too-high', 'learning-rate-too-low', 'cannot-overfit-tiny-batch']);
  });
});

it('takes fewer rows of a model that takes long', async () => {
  manualSeed(0);
  class Slow extends Module {
    rows: number[] = [];
    linear = new Linear(2, 3);
    override forward(x: Tensor): Tensor {
      const until = performance.now() + 0.2 * x.shape[0]!;
      while (performance.now() < until);
      this.rows.push(x.shape[0]!);
      return this.linear.call(x);
    }
  }
  const model = new Slow();
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const loader = new DataLoader(spiral(), { batchSize: 100 });
  await doctor(model, { loss, optimizer, loader, seconds: 1 });
  expect(Math.max(...model.rows)).toBe(16);
});

it('explains findings by those that stand above them', () => {
  codes.forEach((code, i) => {
    for (const below of entryOf(code).explains)
      expect(codes.indexOf(below as never), `${code} → ${below}`).toBeGreaterThan(i);
  });
});

describe('the gradient check', () => {
  const check = async (model: Module, x = randn([40, 2])) => {
    const data = new TensorDataset(x, x.sum({ dim: 1 }).gt(0));
    const optimizer = new Adam(model.parameters());
    const diagnosis = await doctor(model, { loss, optimizer, loader: new DataLoader(data, { batchSize: 10 }) });
    return diagnosis.passed.find(({ code }) => code === 'gradient-mismatch')?.evidence;
  };

  it('is happy with smooth functions', async () => {
    manualSeed(0);
    const evidence = await check(new Linear(2, 2));
    expect(evidence).toMatchObject({ verdict: 'happy', elements: 6 });
    expect(evidence!['relative error']).toBeLessThan(1e-7);
  });

  it('names the kinks that it crosses, and leaves them out', async () => {
    manualSeed(0);
    const model = mlp([2, 8, 2]);
    noGrad(() => model[0]!.parameters().forEach((w) => w.zero_())); // every unit stands at its kink
    const evidence = await check(model);
    expect(evidence).toMatchObject({ verdict: 'happy', 'kinks in': '1 (ReLU)' });
    expect(evidence!['crossed a kink']).toBeGreaterThan(0);
  });

  it('finds a value that was cut off', async () => {
    manualSeed(0);
    class Cut extends Module {
      a = new Linear(2, 8);
      b = new Linear(8, 2);
      override forward(x: Tensor): Tensor {
        const h = this.a.call(x).tanh();
        return this.b.call(h.add(h.detach().square()));
      }
    }
    const model = new Cut();
    const x = randn([40, 2]);
    const loader = [[x, x.sum({ dim: 1 }).gt(0)] as const];
    const { findings } = await doctor(model, { loss, optimizer: new Adam(model.parameters()), loader });
    expect(findings[0]).toMatchObject({ code: 'gradient-mismatch', severity: 'error' });
    expect(findings[0]!.evidence.at).toMatch(/^a\.(weight|bias), element \d+$/);
  });
});

describe('the doctor takes', () => {
  it('an optimizer that can’t save its state, which it then does not use', async () => {
    manualSeed(0);
    const model = new Linear(2, 3);
    const inner = new SGD(model.parameters(), { lr: 0.1 });
    const optimizer: FitOptimizer = {
      step: vi.fn(),
      zeroGrad: vi.fn(),
      paramGroups: inner.paramGroups,
    };
    const { notChecked } = await doctor(model, {
      loss,
      optimizer,
      loader: new DataLoader(spiral(), { batchSize: 30 }),
    });
    expect(notChecked).toContainEqual({ code: 'learning-rate-too-low', reason: 'the optimizer has no stateDict()' });
    expect(optimizer.step).not.toHaveBeenCalled();
  });

  it('a frozen part, and a part in evaluation mode that is frozen', async () => {
    manualSeed(0);
    const model = new Sequential(new Linear(2, 32), new BatchNorm1d(32), new ReLU(), new Linear(32, 3));
    model[0]!.requiresGrad_(false);
    model[1]!.requiresGrad_(false).eval();
    const optimizer = new Adam(model[3]!.parameters(), { lr: 0.01 });
    const { findings } = await doctor(model, {
      loss,
      optimizer,
      loader: new DataLoader(spiral(), { batchSize: 30, shuffle: true }),
    });
    expect(findings).toEqual([]);
  });

  it('a trained model, of which it notes that the loss does not begin at chance', async () => {
    manualSeed(0);
    const model = mlp([2, 50, 3]);
    const optimizer = new Adam(model.parameters(), { lr: 0.02 });
    const loader = new DataLoader(spiral(), { batchSize: 50, shuffle: true });
    await fit(model, { loss, optimizer, train: loader, epochs: 60 });
    const { findings } = await doctor(model, { loss, optimizer, loader });
    expect(findings).toMatchObject([{ code: 'initial-loss', severity: 'note' }]);
  });

  it('steps that gather gradients on purpose', async () => {
    manualSeed(0);
    const model = mlp([2, 16, 3]);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const loader = new DataLoader(spiral(), { batchSize: 30, shuffle: true });
    const step = ([x, y]: readonly [Tensor, Tensor]) => loss.call(model.call(x), y).backward();
    const { notChecked } = await doctor(model, { loss, optimizer, loader, step });
    expect(notChecked.find(({ code }) => code === 'missing-zero-grad')!.reason).toMatch(/gather gradients on purpose/);
  });
});

describe('the doctor refuses', () => {
  const model = new Linear(2, 2);
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const loader = [[zeros([4, 2]), zeros([4])] as const];

  it.each([
    ['no model', {}, { loss, optimizer, loader }, 'doctor: expected a model, a Module, got Object'],
    ['no loss', model, { optimizer, loader }, 'doctor: loss must be a loss module or a function'],
    ['no optimizer', model, { loss, loader }, 'doctor: optimizer must be an optimizer'],
    ['no loader', model, { loss, optimizer }, 'doctor: loader must be a DataLoader'],
    ['a loader without rows', model, { loss, optimizer, loader: [] }, 'doctor: the loader gave no rows'],
    ['no time', model, { loss, optimizer, loader, seconds: 0 }, 'doctor: seconds must be a number above 0, got 0'],
    ['an unknown option', model, { loss, optimizer, train: loader }, 'doctor: unknown option "train"'],
  ])('%s', async (_what, given, options, message) => {
    await expect(doctor(given as never, options as never)).rejects.toThrow(message);
  });
});
