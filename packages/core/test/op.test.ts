import { describe, expect, it } from 'vitest';
import { gradcheck, gradgradcheck, mul, op, randn, square, tensor } from '../src/index.ts';

const cube = op({
  name: 'cube',
  inputs: ['x'],
  forward: (x) => mul(x, square(x)),
  backward: { x: (g, { x }) => mul(g, mul(3, square(x))) },
});

/** y = a·x^p + b with a broadcast b: params, several inputs, and an undifferentiated one. */
const scaled = op({
  name: 'scaled',
  inputs: ['x', 'b'],
  broadcastBefore: 0,
  forward: (x, b, { factor }: { factor: number }) => x.mul(factor).add(b),
  backward: { x: (g, { params: { factor } }) => mul(g, factor), b: (g) => g },
});

describe("a user's own op", () => {
  it('computes, differentiates twice, and is named in print and errors', () => {
    const x = randn([2, 3], { requiresGrad: true });
    expect(gradcheck(cube, x)).toBe(true);
    expect(gradgradcheck(cube, x)).toBe(true);
    expect(String(cube(tensor(2, { requiresGrad: true })))).toBe('tensor(8., shape [], made by cube)');
  });

  it('takes params, plain numbers and broadcast inputs', () => {
    const [x, b] = [randn([2, 3], { requiresGrad: true }), randn([3], { requiresGrad: true })];
    expect(gradcheck((x, b) => scaled(x, b, { factor: 2 }), [x, b])).toBe(true);
    expect(scaled(3, tensor([1, 2]), { factor: 2 }).tolist()).toEqual([7, 8]);
  });

  it('refuses inputs that are no tensors', () => {
    expect(() => cube([1, 2] as unknown as number)).toThrow(
      /cube: expected a tensor or a number, got object; wrap lists in tensor\(\[…\]\)/,
    );
    expect(() => cube(undefined as unknown as number)).toThrow(/cube: expected a tensor or a number, got undefined/);
  });

  it('refuses shapes that do not broadcast', () => {
    expect(() => scaled(randn([2]), randn([3]), { factor: 1 })).toThrow(
      /scaled: shapes \[2\] and \[3\] do not broadcast: sizes 2 and 3 at dim -1 differ and neither is 1/,
    );
  });

  it('gives a view of its own when the forward hands back its input', () => {
    const same = op({ name: 'same', inputs: ['x'], forward: (x) => x, backward: { x: (g) => g } });
    const x = tensor([1, 2], { requiresGrad: true });
    const y = same(x);
    expect(y).not.toBe(x);
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual([1, 1]);
  });
});
