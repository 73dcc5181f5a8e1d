import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Backend,
  backend,
  GradError,
  manualSeed,
  noGrad,
  randint,
  randn,
  resident,
  type Tensor,
} from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import * as F from '../src/functional/index.ts';
import {
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  Tanh,
} from '../src/index.ts';

const usesWebAssembly = (): boolean => (['wasm', 'blas'] as Backend['name'][]).includes(backend().name);

/** A convolutional network with layers of every kind that lends. */
function network(): Sequential {
  manualSeed(1);
  return new Sequential(
    new AvgPool2d(1), // no parameters: nothing is recorded yet
    new Conv2d(1, 4, 3, { padding: 1 }),
    new BatchNorm2d(4),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(4, 16, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
    new Sequential(new Flatten(), new Linear(16 * 4, 64), new Tanh()),
    new Dropout({ p: 0.2 }),
    new Linear(64, 32),
    new ReLU(),
    new Linear(32, 10),
  );
}

/** The layers of `network` called one by one, so that everything between them is the garbage collector's. */
class OneByOne extends Module {
  constructor(readonly inner: Sequential) {
    super();
  }
  override forward(x: Tensor): Tensor {
    const through = (layers: Iterable<Module>, from: Tensor): Tensor =>
      [...layers].reduce((y, layer) => (layer instanceof Sequential ? through(layer, y) : layer.call(y)), from);
    return through(this.inner, x);
  }
}

/** Gradient descent, 12 steps; the losses and the last weights. */
function trained(model: Module): { losses: number[]; weights: number[][] } {
  manualSeed(7);
  const [x, y] = [randn([20, 1, 8, 8]), randint(10, [20])];
  const losses = Array.from({ length: 12 }, () => {
    model.zeroGrad();
    const loss = F.crossEntropy(model.call(x), y);
    loss.backward();
    noGrad(() => {
      for (const w of model.parameters()) w.sub_(w.heldGrad!.mul(0.1));
    });
    return loss.item();
  });
  return { losses, weights: model.parameters().map((w) => [...w.toArray()]) };
}

describe('what passes between the layers of a Sequential', () => {
  it('has the bits that it has when the layers are called one by one', () => {
    const [lent, plain] = [trained(network()), trained(new OneByOne(network()))];
    expect(lent.losses).toEqual(plain.losses);
    expect(lent.weights).toEqual(plain.weights);
    expect(lent.losses[11]).toBeLessThan(lent.losses[0]!);
  });

  it('never shares memory with a result, however many calls follow, recorded or not', () => {
    const model = network().eval();
    const x = randn([20, 1, 8, 8]);
    const expected = new OneByOne(model).call(x).tolist();
    const recorded = model.call(x);
    const free = noGrad(() => model.call(x));
    for (let i = 0; i < 50; i++) {
      noGrad(() => model.call(randn([20, 1, 8, 8])));
      model
        .call(randn([20, 1, 8, 8]))
        .sum()
        .backward();
    }
    expect(recorded.tolist()).toEqual(expected);
    expect(free.tolist()).toEqual(expected);
  });

  it('stays with a result that shows it', () => {
    const linear = new Linear(32, 40);
    const model = new Sequential(linear, new Flatten());
    const x = randn([10, 32]);
    for (const run of [() => model.call(x), () => noGrad(() => model.call(x))]) {
      const y = run();
      for (let i = 0; i < 20; i++)
        model
          .call(randn([10, 32]))
          .sum()
          .backward();
      expect(y.tolist()).toEqual(linear.call(x).tolist());
    }
  });

  it('stays with such a result when the graph is collected as garbage, and is then given back once', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const collect = async () => {
      for (let i = 0; i < 5; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5)); // finalizers have a turn of their own
      }
    };
    const linear = new Linear(32, 40);
    const model = new Sequential(linear, new Flatten());
    const x = randn([10, 32]);
    const expected = noGrad(() => linear.call(x).tolist());
    const y = model.call(x).detach(); // which holds on to the memory, not to the graph
    await collect();
    for (let i = 0; i < 20; i++)
      model
        .call(randn([10, 32]))
        .sum()
        .backward();
    expect(y.tolist()).toEqual(expected);

    for (let i = 0; i < 20; i++) model.call(randn([10, 32]));
    await collect();
    const later = Array.from({ length: 60 }, () => resident([10, 40]));
    expect(new Set(later.map((z) => z.ndarray.data.byteOffset || z)).size).toBe(60);
  });

  it('is everybody’s as soon as a layer of the user’s own sees it', () => {
    const seen: Tensor[] = [];
    class Look extends Module {
      override forward(x: Tensor): Tensor {
        seen.push(x);
        return x.mul(1);
      }
    }
    class Mine extends ReLU {
      override forward(x: Tensor): Tensor {
        seen.push(x);
        return super.forward(x);
      }
    }
    const layers = [new Linear(16, 32), new Look(), new Linear(32, 32), new Mine(), new Linear(32, 4)];
    const model = new Sequential(...layers);
    const x = randn([30, 16]);
    for (let i = 0; i < 5; i++) model.call(x).sum().backward();
    for (let i = 0; i < seen.length; i += 2) {
      expect(seen[i]!.tolist()).toEqual(layers[0]!.call(x).tolist());
      expect(seen[i + 1]!.tolist()).toEqual(layers[2]!.call(layers[0]!.call(x)).tolist());
    }
  });

  it('is there for a second sweep where the graph is retained, and for the gradients of gradients', () => {
    const model = new Sequential(new Linear(16, 64), new Tanh(), new Linear(64, 32), new Tanh(), new Linear(32, 1));
    const x = randn([20, 16], { requiresGrad: true });
    const loss = model.call(x).sum();
    loss.backward({ retainGraph: true });
    const first = x.grad!.tolist();
    x.grad = null;
    loss.backward({ createGraph: true });
    expect(x.grad!.tolist()).toEqual(first);
    x.grad!.square().sum().backward();
    expect(Number.isFinite(model.parameters()[0]!.grad!.sum().item())).toBe(true);
  });

  it('goes without harm where no backward pass follows, or a layer throws', async () => {
    const model = network();
    const x = randn([20, 1, 8, 8]);
    const expected = noGrad(() => model.eval().call(x).tolist());
    for (let i = 0; i < 300; i++) {
      model.call(x);
      expect(() => model.call(randn([20, 2, 8, 8]))).toThrow(/2 channels/);
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(model.call(x).tolist()).toEqual(expected);
  });

  it('says so when it is read after it has served', () => {
    const model = new Sequential(new Linear(16, 64), new Tanh(), new Linear(64, 1));
    const y = model.call(randn([20, 16]));
    const between = y.node!.inputs!.find((input) => input.node?.op.name === 'tanh')!;
    expect(between.tolist()).toHaveLength(20);
    y.sum().backward();
    if (!usesWebAssembly()) return;
    expect(() => between.tolist()).toThrow(GradError);
    expect(() => between.add(1)).toThrow(/add: this value was computed on the way, .* its memory is used again/);
  });
});

describe('the memory of gradients', () => {
  it('is used again, unless somebody has looked', () => {
    const layer = new Linear(40, 40);
    const x = randn([8, 40]);
    const backward = (input: Tensor) => layer.call(input).square().sum().backward();
    backward(x);
    const seen = layer.weight.grad!;
    const values = seen.tolist();
    layer.zeroGrad();
    for (let i = 0; i < 10; i++) {
      backward(randn([8, 40]));
      layer.zeroGrad();
    }
    backward(x);
    expect(seen.tolist()).toEqual(values);
    expect(layer.weight.grad!.tolist()).toEqual(values);
    expect(layer.weight.grad).not.toBe(seen);
  });
});
