import { relu, sigmoid, type Tensor, tensor } from '@ndgrad/core';
import { Conv2d, Dropout, Flatten, Linear, Module, ReLU, Sequential, Sigmoid, SiLU, Tanh } from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { inEvaluation, layerOutputs } from '../src/reportLayers.ts';

const namesOf = (model: Module, x: Tensor) => layerOutputs(model, x).map(({ name }) => name);

/** Gives back what it is told to. */
class Gives extends Module {
  constructor(private readonly values: number[][]) {
    super();
  }
  override forward(_: Tensor): Tensor {
    return tensor(this.values);
  }
}

class Functional extends Module {
  readonly hidden = new Linear(2, 3);
  readonly output = new Linear(3, 1);
  override forward(x: Tensor): Tensor {
    return sigmoid(this.output.call(relu(this.hidden.call(relu(x)))));
  }
}

describe('layerOutputs', () => {
  it('sees what each layer gives, in the order of the calls', () => {
    const model = new Sequential(new Flatten(), new Linear(4, 3), new Dropout(), new ReLU(), new Linear(3, 2));
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(namesOf(model, x)).toEqual(['1 (Linear 4→3)', '3 (ReLU)', '4 (Linear 3→2)']);
    const expected = model.eval().call(x).toArray();
    const { mean, count } = layerOutputs(model, x)[2]!.outputs;
    expect([count, mean]).toEqual([2, (expected[0]! + expected[1]!) / 2]);
  });

  it('sees functions inside a module, and several calls of one layer', () => {
    expect(namesOf(new Functional(), tensor([[1, 2]]))).toEqual([
      'relu',
      'hidden (Linear 2→3)',
      'relu, call 2',
      'output (Linear 3→1)',
      'sigmoid',
    ]);
    const layer = new Linear(2, 2);
    expect(namesOf(new Sequential(layer, new Tanh(), layer), tensor([[1, 2]]))).toEqual([
      '0 (Linear 2→2)',
      '1 (Tanh)',
      '0 (Linear 2→2), call 2',
    ]);
  });

  it('takes a model that is one layer', () => {
    expect(namesOf(new Linear(2, 3), tensor([[1, 2]]))).toEqual(['Linear 2→3']);
  });

  it('counts units as dead that give 0 to every row', () => {
    const model = new Sequential(
      new Gives([
        [1, -1, 0, -2],
        [-1, -1, 0, 3],
      ]),
      new ReLU(),
    );
    expect(layerOutputs(model, tensor([[0]]))[1]!.idle).toEqual({ kind: 'dead', share: 0.5, units: 4 });
  });

  it('counts channels as dead that give 0 at every place', () => {
    const conv = new Conv2d(1, 3, 2);
    conv.weight.detach().fill_(0);
    conv.bias!.detach().copy_(tensor([1, -1, 0]));
    const [, seen] = layerOutputs(
      new Sequential(conv, new ReLU()),
      tensor([
        [
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ],
      ]),
    );
    expect(seen!.idle).toEqual({ kind: 'dead', share: 1 - 1 / 3, units: 3 });
  });

  it('counts outputs as saturated where sigmoid and tanh are nearly flat', () => {
    const logit = (p: number) => Math.log(p / (1 - p));
    const values = [[logit(0.011), logit(0.009), logit(0.5), logit(0.995)]]; // slope y(1 − y) < 0.01
    expect(layerOutputs(new Sequential(new Gives(values), new Sigmoid()), tensor([[0]]))[1]!.idle).toMatchObject({
      kind: 'saturated',
      share: 0.5,
    });
    const steep = [[0, Math.atanh(0.97), Math.atanh(-0.99), Math.atanh(0.985)]]; // slope 1 − y² < 0.04
    expect(layerOutputs(new Sequential(new Gives(steep), new Tanh()), tensor([[0]]))[1]!.idle).toMatchObject({
      share: 0.5,
    });
  });

  it('does not count what a layer computes on the way', () => {
    expect(
      layerOutputs(new Sequential(new Linear(2, 2), new SiLU()), tensor([[1, 2]])).map(({ idle }) => idle),
    ).toEqual([null, null]);
  });

  it('leaves modes and gradients as they were, and what it sees has no history', () => {
    const model = new Sequential(new Linear(2, 2), new Dropout());
    model.modules()[1]!.training = false;
    const modes = () => model.modules().map(({ training }) => training);
    const before = modes();
    layerOutputs(model, tensor([[1, 2]]));
    expect(modes()).toEqual(before);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });
});

it('modes are put back also after an error', () => {
  const model = new Dropout();
  expect(() =>
    inEvaluation(model, () => {
      expect(model.training).toBe(false);
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(model.training).toBe(true);
});
