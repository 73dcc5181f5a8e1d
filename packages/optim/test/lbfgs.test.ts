import { type Tensor, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { LBFGS, type LBFGSOptions } from '../src/index.ts';
import { camelCase, renamed } from '../src/names.ts';
import { expectClose, parameter, parameterOf, recordsOf, type Stored, tensorOf } from './records.ts';

interface Run {
  id: string;
  options: Record<string, unknown>;
  function: string;
  A: Stored;
  b: Stored;
  start: Stored;
  steps: { loss: number; closureCalls: number; closureLosses: number[]; after: Stored }[];
  drift: number;
}

type Loss = (x: Tensor) => Tensor;

/** ½ xᵀAx − bᵀx */
const quadratic =
  (A: Tensor, b: Tensor): Loss =>
  (x) =>
    x.mul(A.matmul(x)).sum().mul(0.5).sub(b.mul(x).sum());

/** Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² */
const rosenbrock: Loss = (x) => {
  const [here, next] = [x.narrow(0, 0, x.numel() - 1), x.narrow(0, 1, x.numel() - 1)];
  return next.sub(here.square()).square().mul(100).add(here.sub(1).square()).sum();
};

/** A closure for the loss at x, and the losses it has seen. */
function closureOf(optimizer: LBFGS, x: Tensor, loss: Loss): { closure: () => Tensor; losses: number[] } {
  const losses: number[] = [];
  const closure = () => {
    optimizer.zeroGrad();
    const y = loss(x);
    y.backward();
    losses.push(y.item());
    return y;
  };
  return { closure, losses };
}

describe('LBFGS', () => {
  it.each(recordsOf<Run>('LBFGS'))('goes through the losses of PyTorch: $id $function $options', (run) => {
    const x = parameterOf(run.start);
    const loss = run.function === 'quadratic' ? quadratic(tensorOf(run.A), tensorOf(run.b)) : rosenbrock;
    const optimizer = new LBFGS([x], renamed(run.options, camelCase) as Partial<LBFGSOptions>);
    const tolerance = 1e-12 + 10 * run.drift;
    for (const expected of run.steps) {
      const { closure, losses } = closureOf(optimizer, x, loss);
      const returned = optimizer.step(closure);
      expect(losses.length).toBe(expected.closureCalls);
      expectClose(losses, expected.closureLosses, tolerance, 'losses');
      expectClose([returned.item()], [expected.loss], tolerance, 'loss');
      expectClose(x.toArray(), expected.after.data.map(Number), tolerance, 'x');
    }
  });

  it("finds the bottom of Rosenbrock's valley", () => {
    const x = parameter([-1.5, 2, 0.3]);
    const optimizer = new LBFGS([x], { lineSearchFn: 'strong_wolfe', maxIter: 100, toleranceChange: 0 });
    optimizer.step(closureOf(optimizer, x, rosenbrock).closure);
    expectClose(x.toArray(), [1, 1, 1], 1e-8);
  });

  it('is the same whether its vector is one parameter or several', () => {
    const whole = parameter([1, -2, 3, 0.5]);
    const parts = [tensor([[1], [-2]], { requiresGrad: true }), parameter([3]), tensor(0.5, { requiresGrad: true })];
    const A = tensor([
      [3, 1, 0, 0],
      [1, 4, 1, 0],
      [0, 1, 5, 1],
      [0, 0, 1, 2],
    ]);
    const loss = quadratic(A, tensor([1, 2, -1, 0.5]));
    const one = new LBFGS([whole], { lr: 0.5 });
    const several = new LBFGS(parts, { lr: 0.5 });
    for (let i = 0; i < 2; i++) {
      one.step(closureOf(one, whole, loss).closure);
      several.step(() => {
        several.zeroGrad();
        const [a, b, c] = parts as [Tensor, Tensor, Tensor];
        const x = tensor([0, 0, 0, 0]);
        const y = loss(
          x
            .add(
              a.reshape([2]).matmul(
                tensor([
                  [1, 0, 0, 0],
                  [0, 1, 0, 0],
                ]),
              ),
            )
            .add(b.mul(tensor([0, 0, 1, 0])))
            .add(c.mul(tensor([0, 0, 0, 1]))),
        );
        y.backward();
        return y;
      });
    }
    expectClose(
      parts.flatMap((w) => [...w.toArray()]),
      whole.toArray(),
      1e-12,
    );
  });

  it('takes a parameter without a gradient as one with a gradient of 0', () => {
    const [x, still] = [parameter([3]), parameter([7, 8])];
    const optimizer = new LBFGS([still, x]);
    optimizer.step(closureOf(optimizer, x, (w) => w.square().sum()).closure);
    expectClose(x.toArray(), [0], 1e-8);
    expect(still.tolist()).toEqual([7, 8]);
  });

  it('stops at once where the gradient is small enough', () => {
    const x = parameter([1e-8]);
    const optimizer = new LBFGS([x]);
    const { closure, losses } = closureOf(optimizer, x, (w) => w.square().sum());
    optimizer.step(closure);
    expect([losses.length, x.item()]).toEqual([1, 1e-8]);
  });

  it('takes a closure that returns a number', () => {
    const x = parameter([3]);
    const optimizer = new LBFGS([x], { maxIter: 1, lr: 0.5 });
    const loss = optimizer.step(() => {
      x.grad = tensor([4]);
      return 8;
    });
    expect([loss, x.item()]).toEqual([8, 3 - 0.5 * 0.25 * 4]);
  });

  it('refuses to go without a closure, or with one that returns no loss', () => {
    const optimizer = new LBFGS([parameter([1])]);
    expect(() => optimizer.step()).toThrow(
      'LBFGS: step needs a closure that calls zeroGrad(), computes the loss, calls backward() and returns the loss',
    );
    expect(() => optimizer.step(() => undefined)).toThrow(
      'LBFGS: the closure must return the loss, a tensor of one element, got undefined',
    );
    expect(() => optimizer.step(() => tensor([1, 2]))).toThrow('a tensor of one element, got Tensor');
  });

  it('refuses a second group, and counts that are not whole', () => {
    const groups = [{ params: [parameter([1])] }, { params: [parameter([1])] }];
    expect(() => new LBFGS(groups)).toThrow('LBFGS: there can be only one group of parameters');
    const make = (options: object) => () => new LBFGS([parameter([1])], options);
    expect(make({ maxIter: 0 })).toThrow('LBFGS: maxIter must be a whole number of at least 1, got 0');
    expect(make({ maxEval: 1.5 })).toThrow('LBFGS: maxEval must be a whole number of at least 1, got 1.5');
    expect(make({ historySize: -1 })).toThrow('LBFGS: historySize must be a whole number of at least 1, got -1');
    expect(make({ lineSearchFn: 'wolfe' })).toThrow('LBFGS: lineSearchFn must be one of "strong_wolfe", got "wolfe".');
  });
});
