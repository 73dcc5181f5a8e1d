import { noGrad, op, randint, randn, square, type Tensor, tensor, zeros } from '@ndgrad/core';
import { DataLoader, digits, iris, MappedDataset, Subset, spiral, TensorDataset } from '@ndgrad/data';
import {
  BatchNorm1d,
  CrossEntropyLoss,
  Dropout,
  functional as F,
  Flatten,
  init,
  Linear,
  Module,
  MSELoss,
  ReLU,
  Sequential,
  Sigmoid,
  Softmax,
  Tanh,
} from '@ndgrad/nn';
import { Adam, SGD } from '@ndgrad/optim';
import type { Code } from '../../src/index.ts';
import { healthy, loaderOf, mlp, type Program, wave } from './healthy.ts';

/** A small network on the spiral, in which nothing is wrong yet. */
function sound(): Program & { model: Sequential; optimizer: SGD; loader: DataLoader } {
  const model = mlp([2, 32, 3]);
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  return { model, loss: new CrossEntropyLoss(), optimizer, loader: loaderOf(spiral()) };
}

const irises = () => iris({ from: new URL('../../../data/package.json', import.meta.url) });

/** x², with a slope that is 5 % too large. */
const wrongSquare = op({
  name: 'wrongSquare',
  inputs: ['x'],
  forward: (x) => square(x),
  backward: { x: (g, { x }) => g.mul(x).mul(2.1) },
});

class WrongSquares extends Module {
  override forward(x: Tensor): Tensor {
    return wrongSquare(x);
  }
}

class WithSpare extends Module {
  hidden = new Linear(2, 32);
  output = new Linear(32, 3);
  spare = new Linear(3, 3);
  override forward(x: Tensor): Tensor {
    return this.output.call(this.hidden.call(x).tanh());
  }
}

/** Gives every row the same. */
class Mean extends Module {
  override forward(x: Tensor): Tensor {
    return x.mean({ dim: 0, keepdim: true }).add(x.mul(0));
  }
}

/** Programs each of which has one fault, made anew by each call. */
export const faulty: Readonly<Record<Code, () => Program>> = {
  'nan-in-inputs': () => {
    const { inputs, targets } = spiral();
    noGrad(() => inputs.select(0, 7).fill_(Number.NaN));
    return { ...sound(), loader: loaderOf(new TensorDataset(inputs, targets)) };
  },
  'labels-out-of-range': () => {
    const { inputs, targets } = spiral();
    return { ...sound(), loader: loaderOf(new TensorDataset(inputs, targets.add(1))) };
  },
  'constant-inputs': () => {
    const { inputs, targets } = spiral();
    const wide = zeros([300, 8]).add(0.5);
    noGrad(() => wide.narrow(1, 0, 2).copy_(inputs));
    const model = mlp([8, 32, 3]);
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    return { ...sound(), model, optimizer, loader: loaderOf(new TensorDataset(wide, targets)) };
  },
  'unnormalised-inputs': () => {
    const model = new Sequential(new Flatten(), ...mlp([64, 32, 10]));
    const bytes = new MappedDataset(digits(), (x) => x.mul(255));
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    return { model, loss: new CrossEntropyLoss(), optimizer, loader: loaderOf(bytes) };
  },
  'unbalanced-labels': () => {
    const { inputs } = spiral();
    const rare = tensor(Array.from({ length: 300 }, (_, i) => (i % 20 === 0 ? 1 + (i % 40) / 20 : 0)));
    return { ...sound(), loader: loaderOf(new TensorDataset(inputs, rare)) };
  },
  'shared-rows': () => {
    const data = spiral();
    const known = Array.from({ length: 200 }, (_, i) => Math.floor(1.5 * i));
    const held = Array.from({ length: 100 }, (_, i) => (i < 10 ? 30 * i : 3 * i + 2));
    return { ...sound(), loader: loaderOf(new Subset(data, known)), validation: loaderOf(new Subset(data, held)) };
  },
  'eval-mode-while-training': () => {
    const program = sound();
    const model = new Sequential(...program.model, new Dropout());
    model.eval();
    return { ...program, model };
  },
  'train-mode-while-evaluating': () => {
    const program = sound();
    const model = new Sequential(new BatchNorm1d(2), ...program.model);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    return { ...program, model, optimizer, evaluate: () => void noGrad(() => model.call(randn([10, 2]))) };
  },
  'batch-of-one': () => {
    const program = sound();
    const model = new Sequential(new BatchNorm1d(2), ...program.model);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    return { ...program, model, optimizer, loader: new DataLoader(spiral(), { batchSize: 23, shuffle: true }) };
  },
  'missing-zero-grad': () => {
    const program = sound();
    const { model, optimizer } = program;
    const step = ([x, y]: readonly [Tensor, Tensor]) => {
      F.crossEntropy(model.call(x), y).backward();
      optimizer.step();
    };
    return { ...program, step };
  },
  'parameter-without-gradient': () => {
    const model = new WithSpare();
    return { ...sound(), model, optimizer: new Adam(model.parameters(), { lr: 0.01 }) };
  },
  'parameter-not-in-optimizer': () => {
    const program = sound();
    const optimizer = new SGD(program.model.parameters().slice(2), { lr: 0.1 });
    return { ...program, optimizer };
  },
  'optimizer-parameter-not-in-model': () => {
    const program = sound();
    const optimizer = new SGD([...program.model.parameters(), ...new Linear(2, 2).parameters()], { lr: 0.1 });
    return { ...program, optimizer };
  },
  'softmax-before-cross-entropy': () => {
    const model = new Sequential(...mlp([2, 32, 3]), new Softmax({ dim: 1 }));
    return { ...sound(), model, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
  },
  'gradient-mismatch': () => {
    const model = new Sequential(new Linear(2, 32), new WrongSquares(), new Linear(32, 3));
    return { ...sound(), model, optimizer: new Adam(model.parameters(), { lr: 0.01 }) };
  },
  'dead-relus': () => {
    const program = sound();
    const bias = program.model[0]!.parameters()[1]!;
    noGrad(() => bias.narrow(0, 0, 20).fill_(-10));
    return program;
  },
  'saturated-units': () => {
    const model = mlp([2, 50, 3], () => new Tanh());
    init.normal_(model[0]!.parameters()[0]!, { std: 30 });
    return { ...sound(), model, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
  },
  'initial-loss': () => {
    const program = sound();
    init.normal_(program.model[2]!.parameters()[0]!, { std: 10 });
    return program;
  },
  'vanishing-gradients': () => {
    const model = mlp([2, ...Array.from({ length: 8 }, () => 20), 3], () => new Sigmoid());
    return { ...sound(), model, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
  },
  'exploding-gradients': () => {
    const model = new Sequential(
      new Linear(2, 20),
      ...Array.from({ length: 8 }, () => new Linear(20, 20)),
      new Linear(20, 3),
    );
    for (const w of model.parameters()) if (w.ndim === 2) init.normal_(w, { std: 0.7 });
    for (const w of model.parameters()) if (w.ndim === 1) init.zeros_(w);
    noGrad(() => model[0]!.parameters()[0]!.mul_(1e-6));
    return { ...sound(), model, optimizer: new SGD(model.parameters(), { lr: 1e-3 }) };
  },
  'learning-rate-too-high': () => {
    const program = sound();
    return { ...program, optimizer: new SGD(program.model.parameters(), { lr: 1000 }) };
  },
  'learning-rate-too-low': () => {
    const program = sound();
    return { ...program, optimizer: new SGD(program.model.parameters(), { lr: 1e-6 }) };
  },
  'update-ratio-out-of-band': () => {
    const program = sound();
    const [first, ...rest] = program.model.parameters();
    return {
      ...program,
      optimizer: new SGD([{ params: [first!], lr: 1e-6 }, { params: rest }], { lr: 0.1, momentum: 0.9 }),
    };
  },
  'regularisation-does-not-raise-loss': () => {
    const program = sound();
    const penalty = () => program.model.parameters().reduce((sum, w) => sum.add(w.square().sum()), zeros([]));
    // The strength is forgotten.
    const regularised = () => (scores: Tensor, labels: Tensor) =>
      F.crossEntropy(scores, labels).add(penalty().mul(1e-3));
    return { ...program, regularised };
  },
  'cannot-overfit-tiny-batch': () => {
    const model = new Sequential(new Mean(), ...mlp([2, 32, 3], () => new Tanh()));
    return { ...sound(), model, optimizer: new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }) };
  },
};

/** More ways to the same findings. */
export const furtherFaults: readonly (readonly [what: string, code: Code, make: () => Program])[] = [
  [
    'irises in centimetres',
    'unnormalised-inputs',
    () => ({ ...healthy['a linear softmax classifier of irises']!(), loader: loaderOf(irises()) }),
  ],
  [
    'a penalty that is subtracted',
    'regularisation-does-not-raise-loss',
    () => {
      const program = sound();
      const regularised = (strength: number) => (scores: Tensor, labels: Tensor) =>
        F.crossEntropy(scores, labels).sub(program.model.parameters()[0]!.square().sum().mul(strength));
      return { ...program, regularised };
    },
  ],
  [
    'outputs that can’t be negative',
    'cannot-overfit-tiny-batch',
    () => {
      const { inputs, targets } = wave();
      const model = new Sequential(...mlp([2, 32, 1]), new ReLU());
      const data = new TensorDataset(inputs, targets.sub(5));
      return { model, loss: new MSELoss(), optimizer: new Adam(model.parameters()), loader: loaderOf(data) };
    },
  ],
  [
    'labels that are no whole numbers',
    'labels-out-of-range',
    () => {
      const { inputs, targets } = spiral();
      return { ...sound(), loader: loaderOf(new TensorDataset(inputs, targets.div(2))) };
    },
  ],
  [
    'a step in evaluation mode',
    'eval-mode-while-training',
    () => {
      const program = sound();
      const model = new Sequential(...program.model, new Dropout());
      const step = ([x, y]: readonly [Tensor, Tensor]) => {
        model.eval();
        program.optimizer.zeroGrad();
        F.crossEntropy(model.call(x), y).backward();
        program.optimizer.step();
      };
      return { ...program, model, step };
    },
  ],
  [
    'one batch of random labels of which one class is missing',
    'unbalanced-labels',
    () => ({
      ...sound(),
      loader: [[randn([100, 2]), randint(2, [100])]],
    }),
  ],
];
