import { describe, expect, it } from 'vitest';
import {
  add,
  backward,
  GradError,
  grad,
  mul,
  noGrad,
  op,
  randn,
  ShapeError,
  square,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';

const leaf = (data: number | number[]) => tensor(data, { requiresGrad: true });

describe('backward', () => {
  it('finds the gradients of the worked example (ax + by)·cz with the loss |15 − f|', () => {
    const [a, b, c] = [leaf(2), leaf(5), leaf(1)];
    const f = a.mul(1).add(b.mul(2)).mul(c.mul(1));
    const loss = f.sub(15).abs();
    loss.backward();
    expect(f.item()).toBe(12);
    expect(loss.item()).toBe(3);
    expect([a, b, c].map((x) => x.grad!.item())).toEqual([-1, -2, -12]);
  });

  it('visits each node of a diamond once and sums what arrives', () => {
    const x = leaf(3);
    const y = x.mul(x); // 9, dy/dx = 6
    const z = y.add(y.mul(2)).mul(y); // 3y² = 243, dz/dy = 6y = 54
    z.backward();
    expect(z.item()).toBe(243);
    expect(x.grad!.item()).toBe(324);
  });

  it('sweeps a chain of 100,000 operations without recursion', () => {
    const x = leaf(1);
    let y: Tensor = x;
    for (let i = 0; i < 100_000; i++) y = y.add(1);
    y.mul(2).backward();
    expect(x.grad!.item()).toBe(2);
  });

  it('doubles 2^50 times over 50 diamonds in one pass', () => {
    const x = leaf(1);
    let y: Tensor = x;
    for (let i = 0; i < 50; i++) y = y.add(y);
    y.backward();
    expect(x.grad!.item()).toBe(2 ** 50);
  });

  it('accumulates over calls, into the same tensor', () => {
    const x = leaf([1, 2]);
    x.mul(3).sum().backward();
    const first = x.grad!;
    x.mul(4).sum().backward();
    expect(x.grad).toBe(first);
    expect(x.grad!.tolist()).toEqual([7, 7]);
  });

  it('never lets two leaves share the memory of a gradient', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    add(a, b).backward({ gradient: tensor([1, 1]) });
    expect(a.grad!.ndarray.data).not.toBe(b.grad!.ndarray.data);
    a.grad!.mul_(5);
    expect(b.grad!.tolist()).toEqual([1, 1]);
  });

  it("does not touch the caller's gradient", () => {
    const x = leaf([1, 2]);
    const gradient = tensor([1, 10]);
    const y = x.add(0);
    y.backward({ gradient });
    x.add(0).backward({ gradient });
    expect(gradient.tolist()).toEqual([1, 10]);
    expect(x.grad!.tolist()).toEqual([2, 20]);
  });

  it('keeps the gradient of an intermediate value when asked', () => {
    const x = leaf(2);
    const y = x.mul(3).retainGrad();
    y.mul(y).backward();
    expect(y.grad!.item()).toBe(12);
    expect(x.grad!.item()).toBe(36);
  });

  it('adds a leaf that is the root itself', () => {
    const x = leaf(2);
    x.backward();
    expect(x.grad!.item()).toBe(1);
  });

  it('releases the graph, and says so on a second call', () => {
    const y = leaf(2).mul(3);
    y.backward();
    expect(() => y.backward()).toThrow(
      /backward: the graph behind mul was released by an earlier backward\(\).*retainGraph/,
    );
  });

  it('keeps the graph with retainGraph', () => {
    const x = leaf(2);
    const y = x.mul(3);
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad!.item()).toBe(6);
  });

  it('refuses a tensor of several elements without a gradient to start from', () => {
    expect(() => leaf([1, 2]).mul(2).backward()).toThrow(ShapeError);
    expect(() => leaf([1, 2]).mul(2).backward()).toThrow(
      /backward: the gradient of a tensor of shape \[2\] needs a gradient/,
    );
    expect(() =>
      leaf([1, 2])
        .mul(2)
        .backward({ gradient: tensor([1]) }),
    ).toThrow(/has shape \[1\], the tensor \[2\]/);
  });

  it('refuses a tensor that nothing differentiable made', () => {
    expect(() => tensor(1).backward()).toThrow(GradError);
    expect(() => noGrad(() => leaf(1).mul(2)).backward()).toThrow(/nothing to differentiate/);
  });

  it('refuses a saved value that was changed in place', () => {
    const [x, w] = [leaf([1, 2]), tensor([3, 4])];
    const y = x.mul(w).sum();
    w.mul_(2);
    expect(() => y.backward()).toThrow(/mul: its input "b" was changed in place .*\(version 1, expected 0\)/);
  });

  it('allows a change of a value that no rule needs', () => {
    const [x, w] = [leaf([1, 2]), tensor([3, 4])];
    const y = x.add(w).sum();
    w.mul_(2);
    y.backward();
    expect(x.grad!.tolist()).toEqual([1, 1]);
  });

  it('sums the gradient of a broadcast input back, whatever was broadcast', () => {
    const [row, column, scalar] = [
      tensor([[1, 2, 3]], { requiresGrad: true }),
      tensor([[1], [2]], { requiresGrad: true }),
      leaf(2),
    ];
    row.mul(column).mul(scalar).sum().backward();
    expect(row.grad!.tolist()).toEqual([[6, 6, 6]]);
    expect(column.grad!.tolist()).toEqual([[12], [12]]);
    expect(scalar.grad!.item()).toBe(18);
  });

  it('flows through views of one leaf into the right places', () => {
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    x.select(0, 1).mul(10).sum().add(x.transpose(0, 1).select(0, 0).sum()).backward();
    expect(x.grad!.tolist()).toEqual([
      [1, 0],
      [11, 10],
    ]);
  });

  it('works on empty tensors and scalars', () => {
    const empty = zeros([0, 3], { requiresGrad: true });
    empty.mul(2).sum().backward();
    expect(empty.grad!.shape).toEqual([0, 3]);
  });
});

describe('grad', () => {
  it('gives second and third derivatives with createGraph', () => {
    const x = leaf(2);
    const y = x.pow(4); // 4x³ = 32, 12x² = 48, 24x = 48
    const [first] = grad(y, x, { createGraph: true });
    const [second] = grad(first!, x, { createGraph: true });
    const [third] = grad(second!, x);
    expect([first!.item(), second!.item(), third!.item()]).toEqual([32, 48, 48]);
    expect(x.grad).toBeNull();
  });

  it('lets a gradient penalty flow back by backward with createGraph', () => {
    const x = leaf(3);
    square(x).backward({ createGraph: true }); // x.grad = 2x = 6, with history
    const penalty = x.grad!.mul(x.grad!);
    x.grad = null;
    penalty.backward(); // d(4x²)/dx = 8x
    expect(x.grad!.item()).toBe(24);
  });

  it('gives the gradients of intermediate values', () => {
    const x = leaf(2);
    const y = x.mul(3);
    expect(grad(y.mul(y), [y, x]).map((g) => g.item())).toEqual([12, 36]);
  });

  it('sums over several outputs', () => {
    const x = leaf(2);
    expect(grad([x.mul(3), x.mul(x)], x)[0]!.item()).toBe(7);
  });

  it('refuses an input that the outputs do not depend on, unless told otherwise', () => {
    const [x, other] = [leaf(1), leaf(1)];
    expect(() => grad(x.mul(2), [x, other])).toThrow(
      /grad: input 1 has no gradient: the outputs do not depend on it; allowUnused/,
    );
    expect(() => grad(x.mul(2), tensor(1))).toThrow(/input 0 has no gradient: it does not want a gradient/);
    expect(grad(x.mul(2), [x, other], { allowUnused: true })[1]).toBeNull();
  });

  it('does not run rules that lead nowhere', () => {
    let runs = 0;
    const counted = op({
      name: 'counted',
      inputs: ['x'],
      forward: (x) => mul(x, 1),
      backward: {
        x: (g) => {
          runs++;
          return g;
        },
      },
    });
    const [x, w] = [leaf(1), leaf(2)];
    const y = mul(counted(x), w);
    grad(y, w, { retainGraph: true });
    expect(runs).toBe(0);
    grad(y, x);
    expect(runs).toBe(1);
  });

  it('refuses a wrong number of gradOutputs', () => {
    const x = leaf(1);
    expect(() => grad([x.mul(2), x.mul(3)], x, { gradOutputs: [tensor(1)] })).toThrow(
      /one gradOutputs per output \(2\), got 1/,
    );
  });
});

describe('noGrad', () => {
  it('records nothing, and puts things back even after an error', () => {
    const x = leaf(1);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('refuses an async function', () => {
    expect(() => noGrad(async () => 1)).toThrow(/noGrad: the function must not be async/);
  });
});

describe('requiresGrad', () => {
  it('can only be switched off on leaves', () => {
    const y = leaf(1).mul(2);
    expect(() => {
      y.requiresGrad = false;
    }).toThrow(/use detach\(\)/);
    expect(y.detach().requiresGrad).toBe(false);
    expect(() => tensor(1).retainGrad()).toThrow(/retainGrad/);
  });
});

describe('a rule of the wrong shape', () => {
  it('is named with its operation and input', () => {
    const bad = op({ name: 'bad', inputs: ['x'], forward: (x) => mul(x, 1), backward: { x: (g) => g.sum() } });
    expect(() =>
      bad(randn([3], { requiresGrad: true }))
        .sum()
        .backward(),
    ).toThrow(/bad: the rule for "x" gave a gradient of shape \[\] for an input of shape \[3\]/);
  });
});

it('backward is also a function', () => {
  const x = leaf(1);
  backward(x.mul(2));
  expect(x.grad!.item()).toBe(2);
});
