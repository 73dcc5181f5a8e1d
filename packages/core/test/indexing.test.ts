import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arange,
  gather,
  grad,
  indexSelect,
  maskedFill,
  nonzero,
  scatterAdd,
  sum,
  type Tensor,
  takeAlongDim,
  tensor,
  zeros,
} from '../src/index.ts';

const x = tensor([
  [10, 11, 12],
  [20, 21, 22],
]);
const gradient = (f: (x: Tensor) => Tensor) => {
  const y = x.clone().requiresGrad_();
  return grad(sum(f(y)), y)[0]!.tolist();
};

describe('gather and scatterAdd', () => {
  it('pick along a dim, and add where was picked', () => {
    expect(
      gather(
        x,
        1,
        tensor([
          [2, 2],
          [0, 1],
        ]),
      ).tolist(),
    ).toEqual([
      [12, 12],
      [20, 21],
    ]);
    expect(gather(x, 0, tensor([[1]])).tolist()).toEqual([[20]]);
    expect(
      scatterAdd(
        zeros([2, 3]),
        1,
        tensor([
          [2, 2],
          [0, 1],
        ]),
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).tolist(),
    ).toEqual([
      [0, 0, 3],
      [3, 4, 0],
    ]);
    expect(gather(tensor(5), 0, tensor(0)).item()).toBe(5);
    expect(gather(x, 0, zeros([0, 3])).shape).toEqual([0, 3]);
  });

  it('add up the gradients of what was picked twice', () => {
    expect(
      gradient((y) =>
        gather(
          y,
          1,
          tensor([
            [2, 2],
            [0, 1],
          ]),
        ),
      ),
    ).toEqual([
      [0, 0, 2],
      [1, 1, 0],
    ]);
  });

  it('are adjoint: ⟨gather(x), y⟩ = ⟨x, scatterAdd(0, y)⟩', () => {
    const index = fc
      .array(fc.nat(2), { minLength: 2, maxLength: 6 })
      .map((list) => tensor(list.slice(0, list.length - (list.length % 2)), { shape: [2, -1] }));
    fc.assert(
      fc.property(index, (index) => {
        const y = arange(index.numel()).reshape(index.shape);
        const left = sum(gather(x, 1, index).mul(y)).item();
        expect(sum(x.mul(scatterAdd(zeros([2, 3]), 1, index, y))).item()).toBe(left);
      }),
    );
  });

  it('refuse indices that are out of range or not whole, and shapes that do not fit', () => {
    expect(() => gather(x, 1, tensor([[0, 3]]))).toThrow(
      'gather: index 3 (element 1) is not in [0, 3) of dim 1 of [2, 3]',
    );
    expect(() => gather(x, 1, tensor([[-1]]))).toThrow(/gather: index -1 \(element 0\) is not in \[0, 3\)/);
    expect(() => gather(x, 1, tensor([[0.5]]))).toThrow(/gather: index 0.5/);
    expect(() => gather(x, 1, tensor([0]))).toThrow('gather: index [1] does not fit [2, 3]');
    expect(() => scatterAdd(x, 0, zeros([1, 4]), zeros([1, 4]))).toThrow(
      'scatterAdd: index [1, 4] does not fit [2, 3]',
    );
    expect(() => scatterAdd(zeros([3]), 0, zeros([2]), zeros([1]))).toThrow('scatterAdd: index [2] does not fit [1]');
  });
});

describe('indexSelect', () => {
  it('picks whole slices, any of them several times', () => {
    expect(indexSelect(x, 0, tensor([1, 1])).tolist()).toEqual([
      [20, 21, 22],
      [20, 21, 22],
    ]);
    expect(indexSelect(x, -1, tensor(2)).tolist()).toEqual([[12], [22]]);
    expect(indexSelect(tensor(7), 0, tensor([0])).tolist()).toBe(7);
    expect(gradient((y) => indexSelect(y, 1, tensor([0, 0, 2])))).toEqual([
      [2, 0, 1],
      [2, 0, 1],
    ]);
  });

  it('refuses indices of several dims or out of range', () => {
    expect(() => indexSelect(x, 0, zeros([1, 1]))).toThrow('indexSelect: index must have one dimension, got [1, 1]');
    expect(() => indexSelect(x, 0, tensor([2]))).toThrow(/indexSelect: index 2 \(element 0\) is not in \[0, 2\)/);
    expect(() => indexSelect(x, 2, tensor([0]))).toThrow(/indexSelect: dim 2 is out of range/);
  });
});

describe('takeAlongDim', () => {
  it('picks along a dim, the others being broadcast, or from everything', () => {
    expect(takeAlongDim(x, tensor([[0, 2]]), { dim: 1 }).tolist()).toEqual([
      [10, 12],
      [20, 22],
    ]);
    expect(takeAlongDim(tensor([[1], [2]]), tensor([[1, 0, 1]]), { dim: 0 }).tolist()).toEqual([[2, 1, 2]]);
    expect(takeAlongDim(x, tensor([[5, 0]])).tolist()).toEqual([22, 10]);
    expect(takeAlongDim(x, x.argsort({ dim: 1, descending: true }), { dim: 1 }).tolist()).toEqual([
      [12, 11, 10],
      [22, 21, 20],
    ]);
  });

  it('refuses another number of dims, and indices out of range', () => {
    expect(() => takeAlongDim(x, tensor([0]), { dim: 1 })).toThrow(
      'takeAlongDim: indices [1] must have as many dims as [2, 3]',
    );
    expect(() => takeAlongDim(x, tensor([[3]]), { dim: 1 })).toThrow(/index 3 \(element 0\) is not in \[0, 3\)/);
    expect(() => takeAlongDim(x, zeros([3, 1]), { dim: 1 })).toThrow(/takeAlongDim: shapes .* do not broadcast/);
    expect(() => takeAlongDim(x, zeros([2, 3]), { dim: 2 })).toThrow(/takeAlongDim: dim 2 is out of range/);
  });
});

describe('maskedFill', () => {
  it('puts a value wherever the mask is not 0', () => {
    expect(maskedFill(x, tensor([1, 0, 1]), -1).tolist()).toEqual([
      [-1, 11, -1],
      [-1, 21, -1],
    ]);
    expect(maskedFill(tensor([1, 2]), tensor([[0], [1]]), tensor(-Infinity)).tolist()).toEqual([
      [1, 2],
      [-Infinity, -Infinity],
    ]);
  });

  it('splits the gradient between the tensor and the value', () => {
    const value = tensor(0, { requiresGrad: true });
    expect(gradient((y) => maskedFill(y, tensor([1, 0, 0]), 5))).toEqual([
      [0, 1, 1],
      [0, 1, 1],
    ]);
    expect(grad(sum(maskedFill(x, tensor([1, 0, 1]), value)), value)[0]!.item()).toBe(4);
  });

  it('refuses values of several numbers, and masks that do not fit', () => {
    expect(() => maskedFill(x, tensor(0), tensor([1]))).toThrow(
      'maskedFill: the value must be a number or a scalar, got shape [1]',
    );
    expect(() => maskedFill(x, zeros([3, 2]), 0)).toThrow(/maskedFill: shapes \[2, 3\] and \[3, 2\] do not broadcast/);
  });
});

describe('nonzero', () => {
  it('lists the indices of what is not 0', () => {
    expect(
      nonzero(
        tensor([
          [0, 1, 0],
          [Number.NaN, 0, -2],
        ]),
      ).tolist(),
    ).toEqual([
      [0, 1],
      [1, 0],
      [1, 2],
    ]);
    expect(nonzero(zeros([2, 3])).shape).toEqual([0, 2]);
    expect(nonzero(tensor(3)).shape).toEqual([1, 0]);
    expect(nonzero(x.t().sub(12)).shape).toEqual([5, 2]);
  });
});
