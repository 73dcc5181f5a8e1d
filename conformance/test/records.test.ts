import { Tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { camelCase, decodeCall, decodeTensor, type StoredTensor } from '../src/records.ts';

const stored = (shape: number[], data: StoredTensor['data'], more: Partial<StoredTensor> = {}): StoredTensor => ({
  shape,
  data,
  dtype: 'float64',
  ...more,
});

describe('stored tensors', () => {
  it('come back with their numbers, non-finite ones too', () => {
    const x = decodeTensor(stored([2, 2], [1, 'NaN', '-Infinity', -0], { requiresGrad: true }));
    expect(x.tolist()).toEqual([
      [1, NaN],
      [-Infinity, -0],
    ]);
    expect(x.requiresGrad).toBe(true);
    expect(x.isLeaf).toBe(true);
    expect(decodeTensor(stored([2, 0], [])).shape).toEqual([2, 0]);
    expect(decodeTensor(stored([], [3])).item()).toBe(3);
  });

  it.each([
    [
      [3, 4],
      [1, 3],
    ],
    [
      [2, 3],
      [6, 2],
    ],
    [[3], [2]],
    [
      [2, 3, 2],
      [1, 4, 2],
    ],
    [
      [1, 2, 6, 6],
      [72, 1, 12, 2],
    ],
    [
      [1, 1, 2, 3],
      [6, 6, 1, 2],
    ],
  ])('of shape %j get the strides %j', (shape, strides) => {
    const data = Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i);
    const x = decodeTensor(stored(shape, data, { strides, requiresGrad: true }));
    expect([...x.toArray()]).toEqual(data);
    expect(shape.map((size, dim) => (size === 1 ? strides[dim] : x.ndarray.stride[dim]))).toEqual(strides);
    expect(x.isLeaf).toBe(true);
  });
});

describe('calls', () => {
  it('keep required arguments in place and put the others into one object', () => {
    const leaves = new Map<string, Tensor>();
    const call = {
      args: [stored([1], [1]), 2, [stored([1], [2])], 'ij->i', 'Infinity', null],
      kwargs: { padding_idx: 1, weight: stored([1], [3]), reduction: 'none' },
    };
    const args = decodeCall(call, (path, x) => leaves.set(path, x));
    expect(args.slice(3, 6)).toEqual(['ij->i', Infinity, null]);
    expect(args[6]).toEqual({ paddingIdx: 1, weight: expect.any(Tensor), reduction: 'none' });
    expect([...leaves.keys()]).toEqual(['args/0', 'args/2/0', 'kwargs/weight']);
  });

  it('without options end with the last required argument', () => {
    expect(decodeCall({ args: [1, 2], kwargs: {} }, () => {})).toEqual([1, 2]);
  });

  it('with something unknown are refused', () => {
    expect(() => decodeCall({ args: [{ what: 1 }], kwargs: {} }, () => {})).toThrow('no value for {"what":1}');
  });
});

it('names are camelCased, a last underscore stays', () => {
  expect(['log_softmax', 'kaiming_uniform_', 'max_pool2d', 'var', 'logsumexp'].map(camelCase)).toEqual([
    'logSoftmax',
    'kaimingUniform_',
    'maxPool2d',
    'var',
    'logsumexp',
  ]);
});
