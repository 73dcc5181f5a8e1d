import { allclose, eye, Generator, matmul, mT, randn, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { orthonormal } from '../src/orthonormal.ts';

const close = (a: Tensor, b: Tensor) => allclose(a, b, { rtol: 0, atol: 1e-14 });

describe('orthonormal', () => {
  it('has orthonormal columns, and Qᵀ·a is triangular with a positive diagonal', () => {
    for (const [m, n] of [
      [1, 1],
      [3, 1],
      [4, 4],
      [30, 20],
    ] as const) {
      const a = randn([m, n], { generator: new Generator(m) });
      const q = orthonormal(a);
      const r = matmul(mT(q), a);
      expect(close(matmul(mT(q), q), eye(n))).toBe(true);
      expect(allclose(matmul(q, r), a, { rtol: 0, atol: 1e-13 })).toBe(true);
      const below = (r.tolist() as number[][]).flatMap((row, i) => row.slice(0, i));
      expect(Math.max(0, ...below.map(Math.abs))).toBeLessThan(1e-13);
      expect((r.tolist() as number[][]).every((row, i) => row[i]! > 0)).toBe(true);
    }
  });

  it('is what Gram and Schmidt find by hand', () => {
    // (3, 4)/5, and (2, 1) less its part along it: (2, 1) − 2·(3, 4)/5 = (0.8, −0.6)
    const q = orthonormal(
      tensor([
        [3, 2],
        [4, 1],
      ]),
    );
    expect(
      close(
        q,
        tensor([
          [0.6, 0.8],
          [0.8, -0.6],
        ]),
      ),
    ).toBe(true);
  });

  it('does not change what it is given, and makes 0 of 0', () => {
    const a = zeros([3, 2]);
    expect(orthonormal(a).toArray()).toEqual(new Float64Array(6));
    expect(a.toArray()).toEqual(new Float64Array(6));
  });
});
