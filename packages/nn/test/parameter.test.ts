import { randn, Tensor, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Buffer, Parameter } from '../src/index.ts';

describe('Parameter', () => {
  it('is a leaf that wants a gradient and shows the memory of what it is made of', () => {
    const data = tensor([1, 2]);
    const parameter = new Parameter(data);
    expect(parameter).toBeInstanceOf(Tensor);
    expect([parameter.requiresGrad, parameter.isLeaf, data.requiresGrad]).toEqual([true, true, false]);
    data.fill_(5);
    expect(parameter.tolist()).toEqual([5, 5]);
    parameter.mul(3).sum().backward();
    expect(parameter.grad!.tolist()).toEqual([3, 3]);
  });

  it('notices changes through the tensor that it is made of', () => {
    const data = tensor([1, 2]);
    const parameter = new Parameter(data);
    const y = parameter.square().sum();
    data.add_(1);
    expect(() => y.backward()).toThrow(/square: its input "x" was changed in place/);
  });

  it('leaves the history of what it is made of behind', () => {
    const x = randn([2]).requiresGrad_();
    const parameter = new Parameter(x.mul(2));
    parameter.sum().backward();
    expect(x.grad).toBe(null);
  });

  it('can be frozen, and refuses unknown options', () => {
    expect(new Parameter(tensor([1]), { requiresGrad: false }).requiresGrad).toBe(false);
    expect(() => new Parameter(tensor([1]), { requireGrad: false } as object)).toThrow(
      'Parameter: unknown option "requireGrad". Did you mean "requiresGrad"?',
    );
  });
});

it('a Buffer wants no gradient', () => {
  const buffer = new Buffer(tensor([1, 2]).requiresGrad_());
  expect(buffer.requiresGrad).toBe(false);
  buffer.add_(1);
  expect(buffer.tolist()).toEqual([2, 3]);
});
