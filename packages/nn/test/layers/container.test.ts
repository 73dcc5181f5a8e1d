import { ArgumentError, Generator, ones, type Tensor, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Flatten, Identity, Linear, Module, ModuleList, Sequential } from '../../src/index.ts';

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
