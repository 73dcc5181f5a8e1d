import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, arange, cat, flip, matmul, movedim, repeat, roll, sum, tensor, tile, zeros } from '../src/index.ts';

const sized = (shape: readonly number[]) => arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);
const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 });

describe('flip', () => {
  const x = sized([2, 3]);

  it('reverses the order along dims, as a view', () => {
    expect(flip(x, [1]).tolist()).toEqual([
      [2, 1, 0],
      [5, 4, 3],
    ]);
    expect(flip(x, [0, -1]).tolist()).toEqual([
      [5, 4, 3],
      [2, 1, 0],
    ]);
    expect(flip(x, 0).select(0, 0).tolist()).toEqual([3, 4, 5]);
    const y = zeros([3]);
    flip(y, 0).copy_(tensor([1, 2, 3]));
    expect(y.tolist()).toEqual([3, 2, 1]);
  });

  it('can be used like any other tensor', () => {
    const y = flip(x, [0, 1]);
    expect(y.reshape([3, 2]).tolist()).toEqual([
      [5, 4],
      [3, 2],
      [1, 0],
    ]);
    expect(y.reshape([-1]).tolist()).toEqual([5, 4, 3, 2, 1, 0]);
    expect(matmul(y, flip(x, 1).t()).tolist()).toEqual(matmul(y.clone(), flip(x, 1).clone().t()).tolist());
    expect(add(y, x).tolist()).toEqual([
      [5, 5, 5],
      [5, 5, 5],
    ]);
    expect(
      cat([y, flip(y, 0)])
        .narrow(0, 1, 2)
        .tolist(),
    ).toEqual([
      [2, 1, 0],
      [2, 1, 0],
    ]);
    expect(sum(y, { dim: 1 }).tolist()).toEqual([12, 3]);
  });

  it('twice is nothing', () => {
    fc.assert(
      fc.property(shapes, fc.nat(2), (shape, at) => {
        const x = sized(shape);
        const dim = at % shape.length;
        expect(flip(flip(x, dim), dim).equal(x)).toBe(true);
        expect(flip(x, []).equal(x)).toBe(true);
      }),
    );
  });

  it('takes scalars, and refuses dims that are not there or come twice', () => {
    expect(flip(tensor(1), [0]).item()).toBe(1);
    expect(() => flip(x, [0, 0])).toThrow(/flip: a dim appears twice in \[0, 0\]/);
    expect(() => flip(x, [2])).toThrow(/flip: dim 2 is out of range for 2 dimensions/);
  });
});

describe('roll', () => {
  it('moves on along dims, or as if flat', () => {
    const x = sized([2, 3]);
    expect(roll(x, 2).tolist()).toEqual([
      [4, 5, 0],
      [1, 2, 3],
    ]);
    expect(roll(x, -1, { dims: 1 }).tolist()).toEqual([
      [1, 2, 0],
      [4, 5, 3],
    ]);
    expect(roll(x, [1, 1], { dims: [0, 1] }).tolist()).toEqual([
      [5, 3, 4],
      [2, 0, 1],
    ]);
    expect(roll(tensor(3), 5).item()).toBe(3);
  });

  it('is undone by rolling back, and by its size', () => {
    fc.assert(
      fc.property(shapes, fc.nat(2), fc.integer({ min: -9, max: 9 }), (shape, at, shift) => {
        const x = sized(shape);
        const dims = at % shape.length;
        expect(roll(roll(x, shift, { dims }), -shift, { dims }).equal(x)).toBe(true);
        expect(roll(x, shape[dims]! * shift, { dims }).equal(x)).toBe(true);
      }),
    );
  });

  it('never shares memory', () => {
    const x = zeros([3]);
    roll(x, 3).fill_(1);
    roll(x, 0, { dims: 0 }).fill_(1);
    expect(x.tolist()).toEqual([0, 0, 0]);
  });

  it('refuses dims without shifts, shifts without dims, and dims that are not there', () => {
    expect(() => roll(zeros([4]), [])).toThrow(/roll: \[\] shifts along null: give one shift for each dim/);
    expect(() => roll(zeros([4]), [1, 2])).toThrow(/roll: \[1, 2\] shifts along null/);
    expect(() => roll(zeros([4]), 1, { dims: [0, 0] })).toThrow(/roll: 1 shifts along \[0, 0\]/);
    expect(() => roll(zeros([4]), 0, { dims: 2 })).toThrow(/roll: dim 2 is out of range for 1 dimensions/);
    expect(() => roll(zeros([4]), 0.5)).toThrow(/roll: a shift must be a whole number/);
  });
});

describe('repeat and tile', () => {
  it('lay a tensor out several times', () => {
    expect(repeat(tensor([1, 2]), [2]).tolist()).toEqual([1, 2, 1, 2]);
    expect(repeat(tensor([[1, 2]]), [2, 1, 2]).tolist()).toEqual([[[1, 2, 1, 2]], [[1, 2, 1, 2]]]);
    expect(repeat(tensor(5), [2]).tolist()).toEqual([5, 5]);
    expect(repeat(tensor([1, 2]), [0, 2]).shape).toEqual([0, 4]);
    expect(tile(tensor([[1], [2]]), [2]).tolist()).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(tile(tensor([1]), [2, 2]).shape).toEqual([2, 2]);
    expect(tile(tensor(1), []).item()).toBe(1);
  });

  it('never share memory', () => {
    const x = zeros([2]);
    repeat(x, [1]).fill_(1);
    repeat(x, [3, 1]).fill_(1);
    tile(x, []).fill_(1);
    expect(x.tolist()).toEqual([0, 0]);
  });

  it('are what cat makes of copies', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 2 }),
        fc.integer({ min: 1, max: 3 }),
        (shape, n) => {
          const x = sized(shape);
          expect(tile(x, [n]).equal(cat(new Array(n).fill(x), { dim: 1 }))).toBe(true);
          expect(repeat(x, [n, 1]).equal(cat(new Array(n).fill(x)))).toBe(true);
        },
      ),
    );
  });

  it('refuse too few repeats, and negative ones', () => {
    expect(() => repeat(zeros([2, 3]), [2])).toThrow(
      'repeat: [2, 3] has 2 dims, and there are 1 repeats; give one for each dim',
    );
    expect(() => tile(zeros([2, 3]), [-1, 2])).toThrow(
      /tile: a shape is a list of whole numbers of at least 0.* got \[-1, 2\]/,
    );
    expect(() => repeat(zeros([2]), 2 as never)).toThrow(/repeat: a shape is a list/);
  });
});

describe('movedim', () => {
  it('moves dims, and keeps the order of the rest', () => {
    const x = zeros([2, 3, 4]);
    expect(movedim(x, 0, -1).shape).toEqual([3, 4, 2]);
    expect(movedim(x, [0, 2], [2, 0]).shape).toEqual([4, 3, 2]);
    expect(movedim(x, [2, 0], [0, 1]).shape).toEqual([4, 2, 3]);
    expect(movedim(tensor(1), 0, 0).shape).toEqual([]);
    expect(movedim(sized([2, 2]), 0, 1).tolist()).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it('refuses dims twice, and lists of different lengths', () => {
    expect(() => movedim(zeros([2, 3]), [0, 0], [0, 1])).toThrow(/movedim: a dim appears twice in \[0, 0\]/);
    expect(() => movedim(zeros([2, 3]), [0, 1], [1, -1])).toThrow(/movedim: a dim appears twice in \[1, -1\]/);
    expect(() => movedim(zeros([2, 3]), [0, 1], 0)).toThrow(/movedim: \[0, 1\] can't go to 0: give as many of each/);
    expect(() => movedim(zeros([2, 3]), 2, 0)).toThrow(/movedim: dim 2 is out of range/);
  });
});
