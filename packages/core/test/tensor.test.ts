import { inspect } from 'node:util';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import {
  arange,
  eye,
  fromArray,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  randLike,
  randn,
  tensor,
  zeros,
  zerosLike,
} from '../src/index.ts';

describe('tensor', () => {
  it('copies nested lists, typed arrays, ndarrays, tensors and booleans', () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]).shape,
    ).toEqual([2, 2]);
    expect(tensor(Float32Array.of(1, 2)).tolist()).toEqual([1, 2]);
    expect(tensor([true, false]).tolist()).toEqual([1, 0]);
    expect(tensor(5).tolist()).toBe(5);
    expect(tensor([]).shape).toEqual([0]);
    const data = Float64Array.of(1, 2, 3, 4);
    const view = ndarray(data, [2, 2]).transpose(1, 0);
    const copy = tensor(view);
    expect(copy.tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    data[0] = 9;
    expect(copy.tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(tensor([1, 2, 3, 4], { shape: [2, -1] }).tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('refuses ragged lists, what is no number, and a shape that does not fit', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/tensor: ragged lists: expected 2 elements at depth 1, got 1/);
    expect(() => tensor([1, [2]])).toThrow(/ragged/);
    expect(() => tensor([[1], 2])).toThrow(/ragged lists: expected 1 elements at depth 1, got a number/);
    expect(() => tensor(['a'] as unknown as number[])).toThrow(/tensor: expected numbers, got "a"/);
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(
      /tensor: \[3\] \(3 elements\) → \[2, 2\]: that would hold 4/,
    );
    expect(() => tensor([1], { requireGrad: true } as object)).toThrow(
      /tensor: unknown option "requireGrad". Did you mean "requiresGrad"\?/,
    );
  });
});

describe('fromArray', () => {
  it('shares the memory', () => {
    const data = Float64Array.of(1, 2, 3, 4);
    const x = fromArray(data, { shape: [2, 2] });
    data[3] = 7;
    expect(x.tolist()).toEqual([
      [1, 2],
      [3, 7],
    ]);
    expect(fromArray(ndarray(data, [2, 2]).transpose(1, 0)).tolist()).toEqual([
      [1, 3],
      [2, 7],
    ]);
  });

  it('refuses other memory', () => {
    expect(() => fromArray([1, 2] as unknown as Float64Array)).toThrow(/fromArray: expected a Float64Array/);
    expect(() => fromArray(ndarray(new Float64Array(4), [2, 2]), { shape: [4] })).toThrow(/use reshape/);
  });
});

describe('constants', () => {
  it('have the values that their names say', () => {
    expect(zeros([2, 1]).tolist()).toEqual([[0], [0]]);
    expect(ones([2]).tolist()).toEqual([1, 1]);
    expect(full([], -2).item()).toBe(-2);
    expect(eye(2, { m: 3 }).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(arange(5).tolist()).toEqual([0, 1, 2, 3, 4]);
    expect(arange(1, { start: 0, step: 0.3 }).tolist()).toEqual([0, 0.3, 0.6, 0.3 * 3]);
    expect(arange(-2, { step: -1 }).tolist()).toEqual([0, -1]);
    expect(linspace(0, 1, 5).tolist()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(linspace(3, 9, 1).tolist()).toEqual([3]);
    const x = ones([2, 2], { requiresGrad: true });
    expect([zerosLike(x), onesLike(x), fullLike(x, 3), randLike(x)].map((y) => y.shape)).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    expect(zerosLike(x).requiresGrad).toBe(false);
  });

  it('refuse sizes that are none, and steps that lead nowhere', () => {
    expect(() => zeros([-1])).toThrow(/zeros: a shape is a list of whole numbers of at least 0.*got \[-1\]/);
    expect(() => zeros(3 as unknown as number[])).toThrow(/zeros: a shape is a list.*got 3/);
    expect(() => full([2], 'a' as unknown as number)).toThrow(/full: the value must be a number, got "a"/);
    expect(() => arange(5, { step: -1 })).toThrow(/arange: steps of -1 do not lead from 0 to 5/);
    expect(() => arange(Number.NaN)).toThrow(/arange: end must be a finite number, got NaN/);
    expect(() => linspace(0, 1, -2)).toThrow(/linspace: steps must be a whole number of at least 0, got -2/);
    expect(() => eye(1.5)).toThrow(/eye: n must be a whole number/);
  });
});

describe('a tensor', () => {
  it('tells its shape, size and elements', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([x.ndim, x.numel(), x.isLeaf, x.isContiguous()]).toEqual([2, 6, true, true]);
    expect([...x.t().toArray()]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(x.t().isContiguous()).toBe(false);
    expect(() => x.item()).toThrow(/item: expected one element, got a tensor of shape \[2, 3\]/);
  });

  it('prints values, shape and what made it', () => {
    const x = tensor(
      [
        [1, -2.5],
        [0.1, 3],
      ],
      { requiresGrad: true },
    );
    expect(String(x)).toBe('tensor([[ 1.0000, -2.5000],\n        [ 0.1000,  3.0000]], shape [2, 2], requiresGrad)');
    expect(inspect(x.mul(2).sum().mul(1))).toBe('tensor(3.2000, shape [], made by mul)');
    expect(String(tensor([1, 20, Number.NaN]))).toBe('tensor([ 1., 20., NaN], shape [3])');
    expect(String(tensor([1e-10, 1]))).toBe('tensor([1.0000e-10,  1.0000e+0], shape [2])');
    expect(String(zeros([0, 2]))).toBe('tensor([], shape [0, 2])');
    expect(String(arange(2000))).toBe('tensor([   0.,    1.,    2., …, 1997., 1998., 1999.], shape [2000])');
    expect(String(zeros([2, 1, 2]))).toBe('tensor([[[0., 0.]],\n\n        [[0., 0.]]], shape [2, 1, 2])');
  });

  it('shares memory with its detached self', () => {
    const x = randn([2], { requiresGrad: true });
    const y = x.mul(2);
    const d = y.detach();
    expect(d.ndarray.data).toBe(y.ndarray.data);
    expect([d.requiresGrad, d.isLeaf, y.isLeaf]).toEqual([false, true, false]);
  });
});
