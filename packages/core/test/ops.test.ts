import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as nd from '../src/index.ts';
import * as broadcast from '../src/ops/broadcast.ts';
import * as cumulative from '../src/ops/cumulative.ts';
import * as diagonal from '../src/ops/diagonal.ts';
import * as einsum from '../src/ops/einsum.ts';
import * as indexing from '../src/ops/indexing.ts';
import * as join from '../src/ops/join.ts';
import * as linear from '../src/ops/linear.ts';
import * as logic from '../src/ops/logic.ts';
import * as matmul from '../src/ops/matmul.ts';
import * as pointwise from '../src/ops/pointwise.ts';
import * as rearrange from '../src/ops/rearrange.ts';
import * as reduce from '../src/ops/reduce.ts';
import * as rounding from '../src/ops/rounding.ts';
import * as softmax from '../src/ops/softmax.ts';
import * as softmaxLoss from '../src/ops/softmaxLoss.ts';
import * as sorting from '../src/ops/sorting.ts';
import * as split from '../src/ops/split.ts';
import * as statistics from '../src/ops/statistics.ts';
import * as vectorNorm from '../src/ops/vectorNorm.ts';
import * as view from '../src/ops/view.ts';
import { type Case, draw } from './inputs.ts';
import { cases } from './opCases.ts';

/** Answers and positions: no gradient flows through them. */
const flat = (
  'eq ne lt le gt ge isnan isfinite isinf logicalNot logicalAnd logicalOr logicalXor any all argmax argmin argsort ' +
  'nonzero'
).split(' ');

const families = {
  broadcast,
  cumulative,
  diagonal,
  einsum,
  indexing,
  join,
  linear,
  logic,
  matmul,
  pointwise,
  rearrange,
  reduce,
  rounding,
  softmax,
  softmaxLoss,
  sorting,
  split,
  statistics,
  vectorNorm,
  view,
};
/** Families whose gradients are checked in tests of their own. To join the table: a line in `families`, and cases. */
const elsewhere = 'activation conv convolution interpolate norm pad pool sampling scatter step unfold'.split(' ');
/** Files without differentiable operations. */
const without = ['checks', 'compare', 'inplace', 'reduction', 'window'];
/** What a family hands to others, and not to users. */
const internal = ['sumTo'];

// Central differences are good to about 1e-9 here; a rule that is off by 0.1 % must not slip through.
const tolerance = { eps: 1e-6, atol: 1e-6, rtol: 1e-5 };

function checkOp([f, ...inputs]: Case): void {
  nd.gradcheck(f, inputs, tolerance);
  if (inputs.some((x) => x.numel() > 0)) nd.gradgradcheck(f, inputs, tolerance);
}

describe('first and second derivatives agree with central differences:', () => {
  it.each(Object.entries(cases))('%s', (_, list) => {
    for (const [f, ...inputs] of list) checkOp([f, ...inputs]);
  });
});

it('every operation of the families is in the table, or has no gradient', () => {
  const exported = Object.values(families).flatMap((family) => Object.keys(family));
  expect([...Object.keys(cases), ...flat, ...internal].sort()).toEqual(exported.sort());
});

it('every file of operations is a family of the table, or is tested elsewhere', () => {
  const files = readdirSync(new URL('../src/ops', import.meta.url)).map((file) => file.replace('.ts', ''));
  expect([...Object.keys(families), ...elsewhere, ...without].sort()).toEqual(files.sort());
});

it('what has no gradient wants none', () => {
  const x = draw([2, 3]);
  const functions = nd as unknown as Record<string, (...args: unknown[]) => nd.Tensor>;
  for (const name of flat) {
    const y = functions[name]!(x, ...(/^(eq|ne|[lg][te]|logical(And|X?[oO]r))$/.test(name) ? [x] : []));
    expect(y.requiresGrad, name).toBe(false);
  }
});

describe('a wrong rule is caught', () => {
  const cubeWith = (rule: (g: nd.Tensor, x: nd.Tensor) => nd.Tensor) =>
    nd.op({
      name: 'cube',
      inputs: ['x'],
      forward: (x) => nd.mul(x, nd.square(x)),
      backward: { x: (g, { x }) => rule(g, x) },
    });
  const x = draw([3], 0.5, 2);
  const first = (f: (x: nd.Tensor) => nd.Tensor) => nd.gradcheck(f, x, tolerance);

  it('if it is off by 0.1 %', () => {
    const wrong = cubeWith((g, x) => nd.mul(g, nd.mul(3.003, nd.square(x))));
    expect(() => checkOp([wrong, x])).toThrow(/gradcheck: input 0, index \[0\]: the gradient of output 0/);
  });

  it('if it is off by 0.1 % for the second of two inputs', () => {
    const wrong = nd.op({
      name: 'times',
      inputs: ['a', 'b'],
      broadcastBefore: 0,
      forward: (a, b) => nd.mul(a, b),
      backward: { a: (g, { b }) => nd.mul(g, b), b: (g, { a }) => nd.mul(nd.mul(g, a), 0.999) },
    });
    expect(() => checkOp([wrong, x, draw([2, 1], 0.5, 2)])).toThrow(/gradcheck: input 1/);
  });

  it('if only its own derivative is wrong', () => {
    const wrong = cubeWith((g, x) => nd.mul(g, nd.mul(3, nd.square(x.detach()))));
    expect(() => first(wrong)).not.toThrow();
    expect(() => checkOp([wrong, x])).toThrow(/gradgradcheck: input 0/);
  });
});
