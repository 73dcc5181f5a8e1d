import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as nd from '@ndgrad/core';
import { ArgumentError, manualSeed, op, randint, randn, ShapeError, type Tensor, tensor } from '@ndgrad/core';
import * as nn from '@ndgrad/nn';
import { beforeEach, describe, expect, it } from 'vitest';
import { exportOnnx, saveOnnx, UnsupportedOpError } from '../src/index.ts';
import { distance, evaluated, expectSame, readModel, runOnnx } from './runtime.ts';

beforeEach(() => void manualSeed(3));

const mlp = () => new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout(), new nn.Linear(8, 3));

/** A module that computes a function of its inputs, with a parameter to use. */
class Computes extends nn.Module<Tensor[], unknown> {
  readonly scale = new nn.Parameter(tensor([2, 3, 4, 5]));

  constructor(readonly f: (module: Computes, ...inputs: Tensor[]) => unknown) {
    super();
  }

  override forward(...inputs: Tensor[]): unknown {
    return this.f(this, ...inputs);
  }
}
const computing = (f: (module: Computes, ...inputs: Tensor[]) => unknown) => new Computes(f);

describe('whole models', () => {
  it.each(['float32', 'float64'] as const)('a perceptron is computed in %s for batches of any size', async (dtype) => {
    const bytes = await expectSame(mlp(), randn([2, 4]), { dtype, others: [[randn([1, 4])], [randn([7, 4])]] });
    const { operators, initializers, nodes } = readModel(bytes);
    expect(operators).toEqual(['Gemm', 'Relu', 'Gemm']);
    expect(initializers).toEqual(['0.weight', '0.bias', '3.weight', '3.bias']);
    expect(nodes.map(({ name }) => name)).toEqual(['0/Gemm', '1/Relu', '3/Gemm']);
  });

  it.each(['float32', 'float64'] as const)('LeNet is computed in %s', async (dtype) => {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 6, 5, { padding: 2 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(6, 16, 5),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(400, 120),
      new nn.ReLU(),
      new nn.Linear(120, 84),
      new nn.ReLU(),
      new nn.Linear(84, 10),
      new nn.LogSoftmax({ dim: 1 }),
    );
    const bytes = await expectSame(model, randn([1, 1, 28, 28]), { dtype, others: [[randn([4, 1, 28, 28])]] });
    if (dtype === 'float64') return;
    const block = ['Conv', 'Relu', 'MaxPool'];
    const head = ['Reshape', 'Gemm', 'Relu', 'Gemm', 'Relu', 'Gemm', 'LogSoftmax'];
    expect(readModel(bytes).operators).toEqual([...block, ...block, ...head]);
  });

  class Residual extends nn.Module {
    readonly first = new nn.Conv2d(3, 3, 3, { padding: 1, bias: false });
    readonly norm = new nn.BatchNorm2d(3);
    readonly shortcut = new nn.Conv2d(3, 3, 1);

    override forward(x: Tensor): Tensor {
      return nd.relu(nd.add(this.norm.call(this.first.call(x)), this.shortcut.call(x)));
    }
  }
  class Net extends nn.Module {
    readonly blocks = [new Residual(), new Residual()];
    readonly head = new nn.Linear(3, 2);

    override forward(x: Tensor): Tensor {
      const features = this.blocks.reduce((y, block) => block.call(y), x);
      return this.head.call(nd.mean(features, { dim: [2, 3] }));
    }
  }

  it.each(['float32', 'float64'] as const)('a residual network of custom modules is computed in %s', async (dtype) => {
    const model = new Net();
    nd.noGrad(() => nd.uniform_(model.blocks[0]!.norm.runningVar!, { from: 0.5, to: 2 }));
    const bytes = await expectSame(model, randn([2, 3, 6, 5]), { dtype, others: [[randn([5, 3, 6, 5])]] });
    expect(readModel(bytes).initializers).toContain('blocks.1.first.weight');
    if (dtype === 'float64') return;
    expect(readModel(bytes).nodes[0]!.name).toBe('blocks.0.first/Conv');
    expect(readModel(bytes).initializers).toContain('blocks.0.norm.running_var');
  });

  it('a recurrent network whose state begins with a row of zeros for each example is computed', async () => {
    class Recurrent extends nn.Module {
      readonly cell = new nn.Linear(3 + 5, 5);

      override forward(x: Tensor): Tensor {
        let state = nd.zeros([x.shape[0]!, 5]);
        for (const now of nd.unbind(x, { dim: 1 })) state = nd.tanh(this.cell.call(nd.cat([now, state], { dim: 1 })));
        return state;
      }
    }
    const bytes = await expectSame(new Recurrent(), randn([2, 4, 3]), { others: [[randn([6, 4, 3])]] });
    expect(readModel(bytes).operators).toContain('Expand');
  });

  it('a transformer block of its parts is computed', async () => {
    class Attention extends nn.Module {
      readonly embed = new nn.Embedding(11, 8);
      readonly norm = new nn.LayerNorm(8);
      readonly qkv = new nn.Linear(8, 24);

      override forward(tokens: Tensor): Tensor {
        const x = this.norm.call(this.embed.call(tokens)); // [n, t, 8]
        const [n, t] = tokens.shape as [number, number];
        const heads = (y: Tensor) => nd.transpose(nd.reshape(y, [n, t, 2, 4]), 1, 2); // [n, 2, t, 4]
        const [q, k, v] = nd.chunk(this.qkv.call(x), 3, { dim: -1 }).map(heads) as [Tensor, Tensor, Tensor];
        const scores = nd.div(nd.matmul(q, nd.mT(k)), 3);
        const masked = nd.maskedFill(scores, nd.triu(nd.ones([t, t]), { diagonal: 1 }), -Infinity);
        return nd.reshape(nd.transpose(nd.matmul(nd.softmax(masked, -1), v), 1, 2), [n, t, 8]);
      }
    }
    const model = new Attention();
    for (const dtype of ['float32', 'float64'] as const) {
      await expectSame(model, randint(11, [2, 5]), { dtype, others: [[randint(11, [3, 5])]] });
    }
  });

  it('a loss with its predictions and labels is computed', async () => {
    const model = computing((_, x, labels) => new nn.CrossEntropyLoss().call(x!, labels!));
    await expectSame(model, [randn([4, 5]), randint(5, [4])], { others: [[randn([6, 5]), randint(5, [6])]] });
  });
});

describe('inputs and outputs', () => {
  it('have the usual names and a batch dim of any size', () => {
    const { inputs, outputs } = readModel(exportOnnx(mlp(), randn([1, 4])));
    const [x, y] = [inputs[0]!, outputs[0]!];
    expect([x.name, y.name]).toEqual(['input', 'output']);
    expect(x.type!.tensorType!.shape!.dim!.map((dim) => dim.dimParam ?? Number(dim.dimValue))).toEqual(['batch', 4]);
    expect(y.type!.tensorType!.shape!.dim!.map((dim) => dim.dimParam ?? Number(dim.dimValue))).toEqual(['batch', 3]);
  });

  it('have fixed sizes without dynamicBatch', async () => {
    const bytes = await expectSame(mlp(), randn([2, 4]), { dynamicBatch: false });
    const dims = readModel(bytes).inputs[0]!.type!.tensorType!.shape!.dim!;
    expect(dims.map(({ dimValue }) => Number(dimValue))).toEqual([2, 4]);
    await expectSame(mlp(), randn([4]), { dynamicBatch: false });
  });

  it('may be several, by number or by name', async () => {
    const listed = computing((_, a, b) => [nd.add(a!, b!), nd.matmul(a!, nd.t(b!))]);
    const bytes = await expectSame(listed, [randn([2, 4]), randn([2, 4])], {
      others: [[randn([3, 4]), randn([3, 4])]],
    });
    expect(readModel(bytes).inputs.map(({ name }) => name)).toEqual(['input_0', 'input_1']);
    expect(readModel(bytes).outputs.map(({ name }) => name)).toEqual(['output_0', 'output_1']);
    const named = computing((_, x) => ({ scores: nd.mul(x!, 2), same: x!, constant: tensor([1, 2]) }));
    await expectSame(named, randn([2, 4]));
  });

  it('without a batch dim of the same size keep theirs', async () => {
    const model = computing((_, x, table) => nd.matmul(x!, table!));
    const bytes = await expectSame(model, [randn([2, 4]), randn([4, 3])], { others: [[randn([5, 4]), randn([4, 3])]] });
    const dims = readModel(bytes).inputs[1]!.type!.tensorType!.shape!.dim!;
    expect(dims.map(({ dimValue }) => Number(dimValue))).toEqual([4, 3]);
  });

  it('are named as is wanted', async () => {
    const bytes = exportOnnx(mlp(), randn([1, 4]), { inputNames: ['x'], outputNames: ['scores'] });
    const [outputs] = await runOnnx(bytes, [randn([1, 4])]);
    expect(Object.keys(outputs!)).toEqual(['scores']);
    expect(readModel(bytes).inputs[0]!.name).toBe('x');
  });

  it('do not take the names of parameters', () => {
    class Confusing extends nn.Module {
      readonly input = new nn.Parameter(tensor([1, 2]));

      override forward(x: Tensor): Tensor {
        return nd.add(x, this.input);
      }
    }
    expect(readModel(exportOnnx(new Confusing(), randn([1, 2]))).inputs[0]!.name).toBe('input_1');
    expect(() => exportOnnx(new Confusing(), randn([1, 2]), { inputNames: ['input'] })).toThrow(ArgumentError);
  });

  it('are int64 where they are used for nothing but indices', async () => {
    const both = computing((module, index, x) => nd.add(nd.indexSelect(module.scale, 0, index!), x!));
    const bytes = await expectSame(both, [randint(4, [3]), randn([3])], { others: [[randint(4, [5]), randn([5])]] });
    expect(readModel(bytes).inputs.map(({ type }) => type!.tensorType!.elemType)).toEqual([7, 1]);
    const mixed = computing((module, index) => nd.mul(nd.indexSelect(module.scale, 0, index!), index!));
    expect(readModel(await expectSame(mixed, randint(4, [3]))).inputs[0]!.type!.tensorType!.elemType).toBe(1);
  });
});

describe('the trace', () => {
  it('is in evaluation mode, and leaves modes, weights and gradients as they were', () => {
    const model = mlp();
    (model[2] as nn.Dropout).eval();
    const before = model.parameters().map((x) => x.toArray());
    exportOnnx(model, randn([2, 4]));
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, true, false, true]);
    expect(model.parameters().map((x) => x.toArray())).toEqual(before);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it('puts the modes back after an error as well', () => {
    const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Linear(4, 3));
    expect(() => exportOnnx(model, randn([2, 4]))).toThrow(ShapeError);
    expect(model.training).toBe(true);
    expect(nd.relu(tensor([-1])).item()).toBe(0);
  });

  it('keeps the names of parameters that are seen through another shape, and of shared ones', async () => {
    const model = computing(({ scale }, x) => nd.matmul(nd.mul(x!, scale), nd.reshape(scale, [4, 1])));
    expect(readModel(await expectSame(model, randn([2, 4]))).initializers).toContain('scale');
    expect(readModel(exportOnnx(model, randn([2, 4]))).operators).toEqual(['Mul', 'Reshape', 'MatMul']);
  });

  it('works out once what does not depend on the inputs', async () => {
    const model = computing(({ scale }, x) => nd.mul(x!, nd.softmax(scale, 0)));
    const bytes = await expectSame(model, randn([2, 4]), { dtype: 'float64' });
    expect(readModel(bytes).operators).toEqual(['Mul']);
  });

  it('leaves out what the outputs do not depend on', () => {
    const model = computing((_, x) => {
      nd.exp(x!);
      return nd.relu(x!);
    });
    expect(readModel(exportOnnx(model, randn([2, 4]))).operators).toEqual(['Relu']);
  });

  it('looks through detach and noGrad', async () => {
    const model = computing((_, x) => nd.noGrad(() => nd.add(nd.relu(x!.detach()), nd.gt(x!, 1))));
    await expectSame(model, randn([2, 4]), { others: [[randn([3, 4])]] });
  });

  it("writes an operation of one's own by those that its forward is made of", async () => {
    const cube = op({ name: 'cube', inputs: ['x'], forward: (x) => nd.mul(x, nd.square(x)), backward: { x: null } });
    const bell = op({
      name: 'bell',
      inputs: ['x', 'width'],
      broadcastBefore: 0,
      forward: (x, width) => nd.exp(nd.neg(nd.square(nd.div(x, width)))),
      backward: { x: null, width: null },
    });
    const model = computing(({ scale }, x) => bell(cube(x!), scale));
    await expectSame(model, randn([2, 4]), { others: [[randn([3, 4])]] });
  });

  it('works numbers out from the batch size', async () => {
    const model = computing((_, x) => {
      const n = x!.shape[0]!;
      return [nd.div(nd.sum(x!, { dim: 0 }), n), nd.mul(x!, 1 / n), nd.mul(x!, tensor([2 * n])), nd.full([n, 2], 7)];
    });
    const others = [[randn([1, 4])], [randn([5, 4])]];
    await expectSame(model, randn([2, 4]), { others });
    await expectSame(model, randn([2, 4]), { others, dtype: 'float64' });
  });

  it('normalises by the batch where a layer does', async () => {
    const layer = new nn.BatchNorm1d(4, { trackRunningStats: false });
    await expectSame(layer, randn([3, 4]), { others: [[randn([8, 4])]] });
  });
});

describe('options', () => {
  it('metadata is kept', () => {
    const { metadataProps, producerName } = readModel(
      exportOnnx(mlp(), randn([1, 4]), { metadata: { classes: 'a,b' } }),
    );
    expect(metadataProps.map(({ key, value }) => [key, value])).toEqual([['classes', 'a,b']]);
    expect(producerName).toBe('ndgrad');
  });

  it.each([17, 18, 19, 20, 21, 22, 23])('opset %i is understood', async (opset) => {
    const model = computing((_, x) => [nd.mean(x!, { dim: 1 }), nd.amax(x!, { dim: 1 }), nd.logsumexp(x!, 1)]);
    const bytes = await expectSame(model, randn([2, 4]), { opset });
    expect(Number(readModel(bytes).opsetImport[0]!.version)).toBe(opset);
  });

  it('that make no sense are refused', () => {
    const attempt = (options: object) => () => exportOnnx(mlp(), randn([1, 4]), options);
    expect(attempt({ opset: 16 })).toThrow('exportOnnx: opset must be a whole number of at least 17, got 16');
    expect(attempt({ opset: 24 })).toThrow('exportOnnx: opset must be at most 23, got 24');
    expect(attempt({ dtype: 'float16' })).toThrow('exportOnnx: dtype must be one of "float32", "float64"');
    expect(attempt({ dynamicBatch: 3 })).toThrow('exportOnnx: dynamicBatch must be true or false, got 3');
    expect(attempt({ metadata: { classes: 3 } })).toThrow('exportOnnx: metadata must be texts, got 3 for "classes"');
    expect(attempt({ inputNames: ['a', 'b'] })).toThrow('exportOnnx: inputNames must be a list of 1, got ["a", "b"]');
    expect(attempt({ inputNames: ['a'], outputNames: ['a'] })).toThrow(
      /outputNames must be texts that no other .* "a"/,
    );
    expect(attempt({ outputNames: ['0.weight'] })).toThrow(/parameter or buffer is named, got "0.weight"/);
    expect(attempt({ input_names: ['a'] })).toThrow('unknown option "input_names". Did you mean "inputNames"?');
  });

  it('saveOnnx writes the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ndgrad-onnx-'));
    try {
      const [model, x, path] = [mlp(), randn([2, 4]), join(folder, 'model.onnx')];
      await saveOnnx(model, x, path, { dtype: 'float64' });
      const [outputs] = await runOnnx(await readFile(path), [x]);
      expect(distance(outputs!.output!, evaluated(model, [x]).output!)).toBeLessThan(1e-12);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('what can not be exported', () => {
  const exported = (model: nn.AnyModule, x: Tensor | Tensor[] = randn([2, 4])) => exportOnnx(model, x);

  it('an operation without a mapping is named, and the module that it is in', () => {
    class Deep extends nn.Module {
      readonly inner = new nn.Sequential(new nn.ReLU(), computing((_, x) => nd.cumprod(x!, 1)) as unknown as nn.Module);

      override forward(x: Tensor): Tensor {
        return this.inner.call(x);
      }
    }
    expect(() => exported(new Deep())).toThrow(UnsupportedOpError);
    expect(() => exported(new Deep())).toThrow(
      "exportOnnx: cumprod in inner.1: this operation can't be written as ONNX; compute the same by other operations",
    );
  });

  it('a kernel of its own is named by its operation', () => {
    const kernel: nd.Kernel = {
      name: 'twice',
      run: ([y], [x]) => void x!.data.forEach((v, i) => (y!.data[i] = 2 * v)),
    };
    const twice = op({
      name: 'twice',
      inputs: ['x'],
      forward: (x) => {
        const y = nd.zeros(x.shape);
        nd.launch(kernel, [y], [x], undefined);
        return y;
      },
      backward: { x: null },
    });
    expect(() => exported(computing((_, x) => twice(x!)))).toThrow(
      "exportOnnx: twice: this operation can't be written",
    );
  });

  it('numbers that are read from tensors, and random ones', () => {
    const read = computing((_, x) => nd.mul(x!, nd.sum(x!).item()));
    expect(() => exported(read)).toThrow(/exportOnnx: mul: a constant changes with the inputs/);
    const copied = computing((_, x) => nd.add(x!, tensor(x!.toArray(), { shape: x!.shape })));
    expect(() => exported(copied, randn([1, 4]))).toThrow(/exportOnnx: add: a constant changes with the inputs/);
    const random = computing((_, x) => nd.add(x!, randn([4])));
    expect(() => exported(random)).toThrow(/random numbers, toArray\(\), item\(\)/);
  });

  it('a computation that depends on values or on the batch size', () => {
    const branching = computing((_, x) => (x!.toArray()[0]! > 0 ? nd.exp(x!) : nd.relu(x!)));
    const x = tensor([[1, 2, 3, -4]]);
    expect(() => exported(branching, x)).toThrow(
      /depends on its inputs' values or on the batch size: exp in one run, relu/,
    );
    const looping = computing((_, x) => {
      let y = x!;
      for (let i = 0; i < x!.shape[0]!; i++) y = nd.relu(y);
      return y;
    });
    expect(() => exported(looping)).toThrow(/nothing more in one run, relu in another/);
  });

  it('a size that is no multiple of the batch', () => {
    const model = computing((_, x) => nd.narrow(x!, 0, 0, x!.shape[0]! - 1));
    expect(() => exported(model)).toThrow(
      "exportOnnx: narrow: one of its sizes depends on the batch in a way that ONNX can't follow; set dynamicBatch: false",
    );
  });

  it('a value that is changed in place', () => {
    const model = computing((_, x) => {
      const y = nd.relu(x!);
      nd.add_(y, 1);
      return nd.exp(y);
    });
    expect(() => exported(model)).toThrow('exportOnnx: an operand of exp was changed in place during the forward pass');
    const last = computing((_, x) => nd.add_(nd.relu(x!), 1));
    expect(() => exported(last)).toThrow('exportOnnx: an output of the model was changed in place');
  });

  it('a model that does not take batches, or gives no tensor', () => {
    const one = computing((_, x) => nd.reshape(x!, [4]));
    expect(() => exported(one, randn([1, 4]))).toThrow(
      /exportOnnx: the model takes the example, but not a batch of 2 of its rows: .* unless dynamicBatch is false/,
    );
    expect(() => exported(mlp(), randn([2, 5]))).toThrow(/in 0 \(Linear 4→8\): linear: expected an input/);
    expect(() => exported(computing(() => 3))).toThrow(
      'exportOnnx: the model must give a tensor, or a list or an object of tensors, got 3',
    );
  });

  it('an example that is none', () => {
    expect(() => exported(mlp(), 3 as unknown as Tensor)).toThrow(
      'exportOnnx: expected an example input, a tensor or a list of them, got 3',
    );
    expect(() => exported(mlp(), [])).toThrow('exportOnnx: expected an example input');
    expect(() => exported(mlp(), randn([0, 4]))).toThrow('exportOnnx: an example must not be empty, got [0, 4]');
  });
});
