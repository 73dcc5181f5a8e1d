import { ArgumentError, Generator, noGrad, observeOps, ones, randn, type Tensor, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import {
  Conv2d,
  Flatten,
  Identity,
  Linear,
  MaxPool2d,
  Module,
  ModuleList,
  observeCalls,
  ReLU,
  Sequential,
} from '../../src/index.ts';

const generator = new Generator(0);

describe('Sequential', () => {
  it('calls one layer after the other', () => {
    const model = new Sequential(new Linear(2, 2, { generator, bias: false }), new Flatten({ startDim: 0 }));
    model.loadStateDict({
      '0.weight': tensor([
        [1, 2],
        [3, 4],
      ]),
    });
    expect(
      model
        .call(
          tensor([
            [1, 1],
            [0, 1],
          ]),
        )
        .tolist(),
    ).toEqual([3, 7, 2, 4]);
  });

  it('is a list: it has indices, a length, an end and an order', () => {
    const [first, second, third] = [new Identity(), new Flatten(), new Linear(1, 1, { generator })];
    const model = new Sequential(first, second);
    expect(model.append(third)).toBe(model);
    expect(model.length).toBe(3);
    expect(model[0]).toBe(first);
    expect(model.at(-1)).toBe(third);
    expect(model.at(3)).toBe(undefined);
    expect([...model]).toEqual([first, second, third]);
    expect(Object.keys(model.stateDict())).toEqual(['2.weight', '2.bias']);
  });

  describe('with a convolution, ReLU and a max pool in a row', () => {
    const trio = () => [new Conv2d(1, 4, 3, { generator, padding: 1 }), new ReLU(), new MaxPool2d(2)] as const;
    const x = randn([2, 1, 6, 6], { generator });
    const oneByOne = (layers: Iterable<Module>, from: Tensor) => [...layers].reduce((y, layer) => layer.call(y), from);
    const opOf = (y: Tensor) => y.node!.op.name;

    it('computes the three as one operation, to the bit, recorded or not', () => {
      const model = new Sequential(new Identity(), ...trio(), new Flatten());
      const y = model.call(x);
      expect(opOf(y.node!.inputs![0]!)).toBe('convReluPool');
      expect(y.node!.inputs![0]!.node!.scope!.path).toBe('1');
      const expected = oneByOne(model, x).tolist();
      expect(y.tolist()).toEqual(expected);
      expect(noGrad(() => model.call(x)).tolist()).toEqual(expected);
      expect(opOf(new Sequential(...trio()).call(x))).toBe('convReluPool');
    });

    it('runs them one by one where somebody looks, or one of them is another', () => {
      class Other extends ReLU {}
      const [conv, relu, pool] = trio();
      const changed = new ReLU();
      changed.forward = (x) => x.mul(2);
      const others = [
        [conv, new Other(), pool],
        [conv, changed, pool],
        [conv, relu, new Flatten(), new Flatten()],
        [conv, relu],
        [new Conv2d(1, 65, 8, { padding: 4, generator }), relu, pool],
        [new Conv2d(1, 4, 3, { padding: 1, paddingMode: 'reflect', generator }), relu, pool],
      ];
      for (const layers of others) {
        const y = new Sequential(...layers).call(x);
        expect(opOf(y)).not.toBe('convReluPool');
        expect(y.tolist()).toEqual(oneByOne(layers, x).tolist());
      }
      const model = new Sequential(...trio());
      const ops: string[] = [];
      const before = observeOps(({ op }, run) => {
        ops.push(op.name);
        return run();
      });
      model.call(x);
      observeOps(before);
      expect(ops.filter((name) => name !== 'reshape')).toEqual(['conv', 'relu', 'maxPool']);
      const labels: string[] = [];
      const seen = observeCalls(
        (module, _, run) => {
          labels.push(module.label);
          return run();
        },
        () => model.call(x),
      );
      expect(labels).toEqual(['Sequential', 'Conv2d 1→4, 3×3', 'ReLU', 'MaxPool2d']);
      expect(opOf(seen as Tensor)).toBe('maxPool');
      const pooled = new Sequential(conv, relu, new MaxPool2d(2, { returnIndices: true }) as never).call(x) as unknown;
      expect((pooled as { indices: Tensor }).indices.shape).toEqual([2, 4, 3, 3]);
    });

    it('says in which of them something does not fit', () => {
      const model = new Sequential(...trio());
      expect(() => model.call(ones([2, 3, 6, 6]))).toThrow(/^in 0 \(Conv2d 1→4, 3×3\): conv2d: .*3 channels/);
      expect(() => model.call(ones([2, 1, 1, 1]))).toThrow(/^in 2 \(MaxPool2d\): maxPool2d: no window of 2 × 2/);
    });
  });

  it('without layers gives back what it gets', () => {
    const x = ones([2]);
    expect(new Sequential().call(x)).toBe(x);
    expect(String(new Sequential())).toBe('Sequential()');
  });

  it('names nested layers by their indices, beyond nine in order', () => {
    const model = new Sequential(new Sequential(new Linear(1, 1, { generator })));
    expect(Object.keys(model.stateDict())).toEqual(['0.0.weight', '0.0.bias']);
    const long = new Sequential(...Array.from({ length: 12 }, () => new Linear(1, 1, { generator, bias: false })));
    expect(Object.keys(long.stateDict())).toEqual(Array.from({ length: 12 }, (_, i) => `${i}.weight`));
  });

  it('refuses what is no module', () => {
    expect(() => new Sequential(new Flatten(), Math.tanh as unknown as Module)).toThrow(
      'Sequential: element 1 must be a module, got function tanh',
    );
  });
});

describe('ModuleList', () => {
  class Chain extends Module {
    layers = new ModuleList([new Linear(2, 2, { generator }), new Linear(2, 1, { generator })]);
    override forward(x: Tensor): Tensor {
      for (const layer of this.layers) x = layer.call(x);
      return x;
    }
  }

  it('holds modules that are found and named by index', () => {
    const chain = new Chain();
    expect(chain.call(ones([3, 2])).shape).toEqual([3, 1]);
    expect(chain.layers[1]!.outFeatures).toBe(1);
    expect(Object.keys(chain.stateDict())).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
    ]);
    expect(() => chain.call(ones([3, 3]))).toThrow(/^in layers\.0 \(Linear 2→2\): linear/);
  });

  it('is not called', () => {
    expect(() => new ModuleList().call()).toThrow(ArgumentError);
    expect(() => new Chain().layers.call()).toThrow(/ModuleList: a list is not called; call the modules in it$/);
  });
});
