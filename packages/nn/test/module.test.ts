import { inspect } from 'node:util';
import {
  ArgumentError,
  add,
  currentScope,
  formatScope,
  Generator,
  ones,
  relu,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import {
  type AnyModule,
  BatchNorm1d,
  Buffer,
  Dropout,
  Linear,
  Module,
  observeCalls,
  Parameter,
  Sequential,
} from '../src/index.ts';

const generator = new Generator(0);

class Block extends Module {
  readonly inner: Linear;
  constructor(size: number) {
    super();
    this.inner = new Linear(size, size, { generator });
  }
  override forward(x: Tensor): Tensor {
    return this.inner.call(x);
  }
}

/** Something of everything: an array of modules, a plain object, a parameter and a buffer of its own, camelCase names. */
class Net extends Module {
  hiddenLayer = new Linear(3, 2, { generator });
  blocks = [new Block(2), new Block(2)];
  heads = { left: new Linear(2, 1, { generator, bias: false }) };
  scaleFactor = new Parameter(tensor([2]));
  callCount = new Buffer(zeros([]));
  notes = { text: 'no state', numbers: [1, 2, 3], plain: ones([2]) };
  override forward(x: Tensor): Tensor {
    let h = relu(this.hiddenLayer.call(x));
    for (const block of this.blocks) h = block.call(h);
    return this.heads.left.call(h).mul(this.scaleFactor);
  }
}

const names = [
  'scale_factor',
  'hidden_layer.weight',
  'hidden_layer.bias',
  'blocks.0.inner.weight',
  'blocks.0.inner.bias',
  'blocks.1.inner.weight',
  'blocks.1.inner.bias',
  'heads.left.weight',
];

describe('what is inside a module', () => {
  it('is named by the way to it, in snake case, own tensors before those of children', () => {
    const net = new Net();
    expect(net.namedParameters().map(([name]) => name)).toEqual(names);
    expect(net.namedBuffers()).toEqual([['call_count', net.callCount]]);
    expect(net.namedModules().map(([path]) => path)).toEqual([
      '',
      'hidden_layer',
      'blocks.0',
      'blocks.0.inner',
      'blocks.1',
      'blocks.1.inner',
      'heads.left',
    ]);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['hidden_layer', 'blocks.0', 'blocks.1', 'heads.left']);
    expect(net.children()[0]).toBe(net.hiddenLayer);
    expect(net.modules()).toHaveLength(7);
    expect(net.buffers()).toEqual([net.callCount]);
    expect(net.parameters()[0]).toBe(net.scaleFactor);
  });

  it('keeps capitals that do not follow a small letter', () => {
    class Named extends Module {
      W1 = new Parameter(zeros([1]));
      fc2Bias = new Parameter(zeros([1]));
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(new Named().namedParameters().map(([name]) => name)).toEqual(['W1', 'fc2_bias']);
  });

  it('yields a shared parameter once, under its first name, but has it under each name in the state', () => {
    class Tied extends Module {
      encoder = new Linear(2, 2, { generator, bias: false });
      decoder = new Linear(2, 2, { generator, bias: false });
      constructor() {
        super();
        Object.assign(this.decoder, { weight: this.encoder.weight });
      }
      override forward(x: Tensor): Tensor {
        return this.decoder.call(this.encoder.call(x));
      }
    }
    const tied = new Tied();
    expect(tied.namedParameters().map(([name]) => name)).toEqual(['encoder.weight']);
    expect(Object.keys(tied.stateDict())).toEqual(['encoder.weight', 'decoder.weight']);
    expect(tied.loadStateDict(tied.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
  });

  it('yields a shared module once', () => {
    const layer = new Linear(2, 2, { generator });
    const model = new Sequential(layer, layer);
    expect(model.modules()).toEqual([model, layer]);
    expect(model.parameters()).toHaveLength(2);
    expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
  });

  it('may refer back to what it is inside of', () => {
    class Child extends Module {
      weight = new Parameter(zeros([1]));
      parent: AnyModule | null = null;
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    class Parent extends Module {
      child = new Child();
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const parent = new Parent();
    parent.child.parent = parent;
    expect(parent.namedParameters().map(([name]) => name)).toEqual(['child.weight']);
    expect(Object.keys(parent.stateDict())).toEqual(['child.weight']);
    expect(String(parent)).toBe('Parent(\n  (child): Child(\n    (parent): Parent(…)\n  )\n)');
  });
});

describe('state', () => {
  it('shares the memory of the module, without history', () => {
    const layer = new Linear(2, 1, { generator });
    const state = layer.stateDict();
    expect(state.weight!.requiresGrad).toBe(false);
    state.weight!.fill_(7);
    expect(layer.weight.tolist()).toEqual([[7, 7]]);
  });

  it('is copied into another module of the same form', () => {
    const [from, to] = [new Net(), new Net()];
    from.callCount.fill_(3);
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const x = tensor([[1, 2, 3]]);
    expect(to.call(x).tolist()).toEqual(from.call(x).tolist());
    expect(to.callCount.item()).toBe(3);
    from.scaleFactor.detach().fill_(0);
    expect(to.scaleFactor.tolist()).toEqual([2]);
  });

  it('is refused in one error that lists all that does not fit, and then nothing has changed', () => {
    const model = new Sequential(new Linear(2, 2, { generator }), new Linear(2, 1, { generator }));
    const before = model[0]!.stateDict().weight!.tolist();
    const state = { '0.weight': ones([2, 2]), '0.bias': ones([3]), '1.bias': [1], fc: ones([1]) };
    const load = () => model.loadStateDict(state as unknown as Record<string, Tensor>);
    expect(load).toThrow(ArgumentError);
    expect(load).toThrow(
      'loadStateDict: the state does not fit Sequential:\n' +
        '  missing: "1.weight"\n' +
        '  unexpected: "fc"\n' +
        '  "0.bias": the module has [2], the state [3]\n' +
        '  "1.bias": expected a tensor, got [1]',
    );
    expect(model[0]!.stateDict().weight!.tolist()).toEqual(before);
  });

  it('may be partial when not strict, but never misshapen', () => {
    const layer = new Linear(2, 1, { generator });
    expect(layer.loadStateDict({ weight: ones([1, 2]), extra: ones([1]) }, { strict: false })).toEqual({
      missingKeys: ['bias'],
      unexpectedKeys: ['extra'],
    });
    expect(layer.weight.tolist()).toEqual([[1, 1]]);
    expect(() => layer.loadStateDict({ weight: ones([2, 2]) }, { strict: false })).toThrow(
      'loadStateDict: the state does not fit Linear 2→1:\n  "weight": the module has [1, 2], the state [2, 2]',
    );
  });

  it('has no two tensors of one name', () => {
    class Twice extends Module {
      fooBar = new Parameter(zeros([1]));
      foo_bar = new Parameter(zeros([1]));
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Twice().stateDict()).toThrow('stateDict: two tensors are named "foo_bar"');
  });
});

describe('modes', () => {
  it('are set for all modules below', () => {
    const model = new Sequential(new Dropout(), new Sequential(new BatchNorm1d(2)));
    expect(model.eval()).toBe(model);
    expect(model.modules().map((module) => module.training)).toEqual([false, false, false, false]);
    model.train();
    expect(model.modules().every((module) => module.training)).toBe(true);
    expect(() => model.train('eval' as unknown as boolean)).toThrow('train: the mode is true or false, got "eval"');
  });

  it('freeze and unfreeze all parameters', () => {
    const net = new Net().requiresGrad_(false);
    expect(net.parameters().some((parameter) => parameter.requiresGrad)).toBe(false);
    expect(net.call(ones([1, 3])).requiresGrad).toBe(false);
    expect(net.requiresGrad_().call(ones([1, 3])).requiresGrad).toBe(true);
  });
});

it('zeroGrad forgets the gradients', () => {
  const net = new Net();
  net
    .call(ones([4, 3]))
    .sum()
    .backward();
  expect(net.scaleFactor.grad!.shape).toEqual([1]);
  net.zeroGrad();
  expect(net.parameters().map((parameter) => parameter.grad)).toEqual(names.map(() => null));
});

it('apply visits children before their parent', () => {
  const model = new Sequential(new Linear(1, 1, { generator }), new Sequential(new Dropout()));
  const seen: string[] = [];
  expect(model.apply((module) => seen.push(module.label))).toBe(model);
  expect(seen).toEqual(['Linear 1→1', 'Dropout', 'Sequential', 'Sequential']);
});

it('call hands on any number of inputs and any output', () => {
  class Pair extends Module<[a: Tensor, b: Tensor, names?: string[]], { total: Tensor; names: string[] }> {
    override forward(a: Tensor, b: Tensor, names: string[] = []) {
      return { total: add(a, b), names };
    }
  }
  const { total, names } = new Pair().call(tensor(1), tensor(2), ['x']);
  expect(total.item()).toBe(3);
  expect(names).toEqual(['x']);
});

describe('an error inside a module', () => {
  it('says where, once, and stays of its class', () => {
    const net = new Net();
    net.blocks[1]!.inner.forward = () => tensor([1, 2, 3]).add(tensor([1, 2]));
    const failing = () => net.call(ones([1, 3]));
    expect(failing).toThrow(ShapeError);
    expect(failing).toThrow(/^in blocks\.1\.inner \(Linear 2→2\): add: shapes \[3\] and \[2\] do not broadcast/);
  });

  it('names the module alone where it is the root', () => {
    expect(() => new Linear(3, 2, { generator }).call(ones([4, 5]))).toThrow(
      /^in Linear 3→2: linear: expected an input \[…, 3\] for the weight \[2, 3\], got \[4, 5\]$/,
    );
  });

  it('says so in its trace too', () => {
    try {
      new Linear(3, 2, { generator }).call(ones([4, 5]));
    } catch (error) {
      expect((error as Error).stack).toMatch(/^ShapeError: in Linear 3→2: linear: expected.*\n\s+at linear/);
    }
  });

  it('does not spoil the path of the next', () => {
    const model = new Sequential(new Linear(3, 2, { generator }), new Linear(9, 2, { generator }));
    for (let i = 0; i < 2; i++) expect(() => model.call(ones([4, 3]))).toThrow(/^in 1 \(Linear 9→2\): linear/);
  });

  it('that is not ours is left alone', () => {
    class Broken extends Module {
      override forward(): Tensor {
        throw new TypeError('a bug');
      }
    }
    expect(() => new Broken().call(ones([1]))).toThrow(/^a bug$/);
  });
});

describe('an observer of calls', () => {
  it('sees every call with its path from the outermost module, its inputs and its output', () => {
    const net = new Net();
    const seen: unknown[] = [];
    const x = ones([1, 3]);
    const y = observeCalls(
      (module, inputs, run, path) => {
        seen.push(`${path} in`);
        const output = run() as Tensor;
        seen.push([path, module.label, (inputs[0] as Tensor).shape, output.shape]);
        return output;
      },
      () => net.call(x),
    );
    expect(y.shape).toEqual([1, 1]);
    expect(seen).toEqual([
      ' in',
      'hidden_layer in',
      ['hidden_layer', 'Linear 3→2', [1, 3], [1, 2]],
      'blocks.0 in',
      'blocks.0.inner in',
      ['blocks.0.inner', 'Linear 2→2', [1, 2], [1, 2]],
      ['blocks.0', 'Block', [1, 2], [1, 2]],
      'blocks.1 in',
      'blocks.1.inner in',
      ['blocks.1.inner', 'Linear 2→2', [1, 2], [1, 2]],
      ['blocks.1', 'Block', [1, 2], [1, 2]],
      'heads.left in',
      ['heads.left', 'Linear 2→1', [1, 2], [1, 1]],
      ['', 'Net', [1, 3], [1, 1]],
    ]);
  });

  it('sees what an inner one sees, around it, and nothing once its body is done, even by an error', () => {
    const layer = new Linear(3, 2, { generator });
    const seen: string[] = [];
    const log = (name: string) => (_: AnyModule, __: readonly unknown[], run: () => unknown) => {
      seen.push(`${name} before`);
      const y = run();
      seen.push(`${name} after`);
      return y;
    };
    observeCalls(log('outer'), () => {
      observeCalls(log('inner'), () => layer.call(ones([1, 3])));
      seen.push('-');
      expect(() => observeCalls(log('inner'), () => layer.call(ones([1, 4])))).toThrow(ShapeError);
      seen.push('-');
      layer.call(ones([1, 3]));
    });
    layer.call(ones([1, 3]));
    const pair = (name: string, inside: string[] = []) => [`${name} before`, ...inside, `${name} after`];
    expect(seen).toEqual([...pair('outer', pair('inner')), '-', 'outer before', 'inner before', '-', ...pair('outer')]);
  });

  it('stays until an async body is done', async () => {
    const layer = new Linear(1, 1, { generator });
    let calls = 0;
    const counting = (_: AnyModule, __: readonly unknown[], run: () => unknown) => {
      calls++;
      return run();
    };
    await observeCalls(counting, async () => {
      layer.call(ones([1, 1]));
      await Promise.resolve();
      layer.call(ones([1, 1]));
    });
    layer.call(ones([1, 1]));
    expect(calls).toBe(2);
  });
});

it('writes into a node in which call it was recorded', () => {
  const net = new Net();
  const scopes: (string | undefined)[] = [];
  let y: Tensor | undefined = net.call(ones([1, 3]));
  expect(currentScope()).toBeNull();
  while (y?.node) {
    scopes.push(y.node.scope === null ? undefined : formatScope(y.node.scope));
    y = y.node.inputs?.[0];
  }
  expect(scopes[0]).toBe('Net');
  expect(new Set(scopes)).toEqual(
    new Set([
      'Net',
      'heads.left (Linear 2→1)',
      'blocks.1.inner (Linear 2→2)',
      'blocks.0.inner (Linear 2→2)',
      'hidden_layer (Linear 3→2)',
    ]),
  );
  expect(scopes.indexOf('hidden_layer (Linear 3→2)')).toBeGreaterThan(scopes.indexOf('blocks.0.inner (Linear 2→2)'));
});

it('prints itself as a tree', () => {
  const text = [
    'Net(',
    '  (hidden_layer): Linear(inFeatures=3, outFeatures=2, bias=true)',
    '  (blocks.0): Block(',
    '    (inner): Linear(inFeatures=2, outFeatures=2, bias=true)',
    '  )',
    '  (blocks.1): Block(',
    '    (inner): Linear(inFeatures=2, outFeatures=2, bias=true)',
    '  )',
    '  (heads.left): Linear(inFeatures=2, outFeatures=1, bias=false)',
    ')',
  ].join('\n');
  expect(String(new Net())).toBe(text);
  expect(inspect(new Net())).toBe(text);
});
