import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { einsum, Generator, matmul, mul, randn, sum, type Tensor, tensor, zeros } from '../src/index.ts';

const generator = new Generator(11);
const draw = (...shape: number[]) => randn(shape, { generator });
const close = (a: Tensor, b: Tensor) => expect(a.allclose(b, { atol: 1e-12 }), `${a} and ${b}`).toBe(true);

/** Every assignment of the letters in turn: the definition. */
function byDefinition(equation: string, ...operands: Tensor[]): Tensor {
  const [inputs, output] = equation.split('->') as [string, string];
  const terms = inputs.split(',');
  const sizes: Record<string, number> = {};
  terms.forEach((term, i) =>
    [...term].forEach((letter, d) => {
      const size = operands[i]!.shape[d]!;
      if (size !== 1 || sizes[letter] === undefined) sizes[letter] = size;
    }),
  );
  const y = zeros([...output].map((letter) => sizes[letter]!));
  const visit = (letters: string[], at: Record<string, number>): void => {
    const [letter, ...rest] = letters;
    if (letter !== undefined) {
      for (let i = 0; i < sizes[letter]!; i++) visit(rest, { ...at, [letter]: i });
      return;
    }
    const element = (x: Tensor, term: string) =>
      [...term].reduce((x, letter) => x.select(0, x.shape[0] === 1 ? 0 : at[letter]!), x);
    const product = terms.reduce((p, term, i) => p * element(operands[i]!, term).item(), 1);
    element(y, output).add_(product);
  };
  visit(Object.keys(sizes), {});
  return y;
}

describe('einsum', () => {
  const [a, b] = [draw(2, 3), draw(3, 4)];

  it.each([
    ['ij->ji', [[2, 3]]],
    ['ij->', [[2, 3]]],
    ['ii->i', [[3, 3]]],
    ['iji->j', [[2, 3, 2]]],
    ['iijj->ij', [[2, 2, 3, 3]]],
    ['i,j->ij', [[2], [3]]],
    ['i,i->', [[3], [3]]],
    ['ij,j->i', [[2, 3], [3]]],
    [
      'bij,bjk->bik',
      [
        [2, 3, 2],
        [2, 2, 3],
      ],
    ],
    [
      'bij,bkj->bik',
      [
        [2, 3, 2],
        [2, 1, 2],
      ],
    ],
    [
      'ij,ij->ij',
      [
        [2, 3],
        [1, 3],
      ],
    ],
    [
      'ij,ij->',
      [
        [2, 1],
        [1, 3],
      ],
    ],
    [
      'ij,jk,kl->il',
      [
        [2, 3],
        [3, 2],
        [2, 2],
      ],
    ],
    ['i,ij,j,k->ik', [[2], [2, 3], [3], [2]]],
    [
      'ab,cb,ad->cd',
      [
        [2, 3],
        [2, 3],
        [2, 2],
      ],
    ],
    ['i,i,i->', [[3], [1], [3]]],
    [
      'ij,jk->ki',
      [
        [2, 0],
        [0, 3],
      ],
    ],
  ] as [string, number[][]][])('%s is the sum of products over all letters', (equation, shapes) => {
    const operands = shapes.map((shape) => draw(...shape));
    close(einsum(equation, ...operands), byDefinition(equation, ...operands));
  });

  it('is the matrix product for any sizes', () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(size, size, size, (n, k, m) => {
        const [a, b] = [draw(n, k), draw(k, m)];
        close(einsum('ij,jk->ik', a, b), matmul(a, b));
      }),
    );
  });

  it('orders its own output: the ellipsis, then the letters that occur once', () => {
    close(einsum('ij,jk', a, b), matmul(a, b));
    close(einsum('ba', a), a.t());
    close(einsum('bA', a), a.t()); // capital letters come first
    expect(einsum('ii', draw(2, 2)).shape).toEqual([]);
    expect(einsum('...j,j', draw(4, 2, 3), draw(3)).shape).toEqual([4, 2]);
  });

  it('lets an ellipsis stand for any dims, broadcast', () => {
    const [x, y] = [draw(4, 1, 2, 3), draw(5, 3, 2)];
    close(einsum('...ij,...jk->...ik', x, y), matmul(x, y));
    close(einsum('...ij->...ji', x), x.mT);
    close(einsum('i...->...', draw(2, 3).mul(0).add(1)), tensor([2, 2, 2]));
    close(einsum('...,...->', a, a), sum(mul(a, a)));
    close(einsum('ij...->...', a), sum(a)); // standing for nothing
    close(einsum('...ik,...j->ij', draw(1, 2, 3).mul(0), draw(2)), zeros([2, 2])); // summed over
  });

  it('reads over spaces, and takes scalars', () => {
    close(einsum(' i j , j k -> i k ', a, b), matmul(a, b));
    close(einsum(',ij->ij', tensor(2), a), mul(a, 2));
    expect(einsum('->', tensor(2)).item()).toBe(2);
  });

  it('refuses equations that it can not read', () => {
    expect(() => einsum('i1->i', a)).toThrow(/einsum: dims are named by letters, .* got "1" in "i1->i"/);
    expect(() => einsum('i..j', a)).toThrow(/einsum: dims are named by letters, .* got "\."/);
    expect(() => einsum('i-j', a)).toThrow(/einsum: dims are named by letters, .* got "-"/);
    expect(() => einsum('...i...->i', a)).toThrow(/einsum: "\.\.\." may occur once in a term/);
    expect(() => einsum('ij->i->j', a)).toThrow(/einsum: "->" may occur once/);
    expect(() => einsum('ij->ii', a)).toThrow(/einsum: "i" occurs twice in the output of "ij->ii"/);
    expect(() => einsum('ij->ik', a)).toThrow(/einsum: "k" is in the output of "ij->ik", but in no term/);
  });

  it('refuses tensors that do not fit the equation', () => {
    expect(() => einsum('ij,jk', a)).toThrow(/einsum: "ij,jk" is about 2 tensors, but there are 1/);
    expect(() => einsum('ij', a, b)).toThrow(/einsum: "ij" is about 1 tensors, but there are 2/);
    expect(() => einsum('i', a)).toThrow(/einsum: term 0 of "i" names 1 dims, but its tensor is \[2, 3\]/);
    expect(() => einsum('...ijk', a)).toThrow(/einsum: term 0 of "...ijk" names 3 dims, but its tensor is \[2, 3\]/);
    expect(() => einsum('ij,jk', a, a)).toThrow(/einsum: "j" stands for 3 and for 2, in \[2, 3\]/);
    expect(() => einsum('ii', a)).toThrow(/einsum: "i" stands for 2 and for 3, in \[2, 3\]/);
    expect(() => einsum('ii', zeros([1, 3]))).toThrow(/einsum: "i" stands for 1 and for 3/);
    expect(() => einsum('ij')).toThrow(/einsum: expected an equation and at least one tensor, such as/);
  });
});
