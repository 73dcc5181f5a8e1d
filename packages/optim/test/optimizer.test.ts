import { fromArray, isGradEnabled, noGrad, randn, ShapeError, Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  LBFGS,
  NAdam,
  type Optimizer,
  RAdam,
  RMSprop,
  Rprop,
  SGD,
  StepLR,
} from '../src/index.ts';
import { parameter, recordsOf } from './records.ts';

/** One of each, with options that fill its whole state. */
const makers: Record<string, (params: Iterable<Tensor>) => Optimizer> = {
  SGD: (params) => new SGD(params, { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (params) => new Adam(params, { lr: 0.05, amsgrad: true }),
  AdamW: (params) => new AdamW(params, { lr: 0.05, amsgrad: true }),
  Adamax: (params) => new Adamax(params),
  NAdam: (params) => new NAdam(params),
  RAdam: (params) => new RAdam(params, { betas: [0.9, 0.8] }),
  Adagrad: (params) => new Adagrad(params, { lrDecay: 0.1, initialAccumulatorValue: 0.2 }),
  Adadelta: (params) => new Adadelta(params),
  RMSprop: (params) => new RMSprop(params, { momentum: 0.9, centered: true }),
  Rprop: (params) => new Rprop(params),
  LBFGS: (params) => new LBFGS(params, { lr: 0.3, maxIter: 2, historySize: 3 }),
};

/** A step on ½‖w − target‖² + Σ w⁴/4. */
function descend(optimizer: Optimizer, params: readonly Tensor[], target: number): number {
  const loss = optimizer.step(() => {
    optimizer.zeroGrad();
    const total = params
      .map((w) => w.sub(target).square().mul(0.5).add(w.pow(4).mul(0.25)).sum())
      .reduce((a, b) => a.add(b));
    total.backward();
    return total;
  });
  return loss.item();
}

function start(): Tensor[] {
  return [
    parameter([0.5, -1, 2]),
    tensor(
      [
        [1, 0.2],
        [-0.3, 0.9],
      ],
      { requiresGrad: true },
    ),
    tensor(0.7, { requiresGrad: true }),
  ];
}

/** The state with tensors as lists. */
const text = (optimizer: Optimizer) =>
  JSON.stringify(optimizer.stateDict(), (_, value) => (value instanceof Tensor ? value.tolist() : value));

const values = (params: readonly Tensor[]) => params.map((w) => w.tolist());

describe.each(Object.entries(makers))('%s', (name, make) => {
  it('comes down', () => {
    const params = start();
    const optimizer = make(params);
    const first = descend(optimizer, params, 0.4);
    for (let i = 0; i < 200; i++) descend(optimizer, params, 0.4);
    expect(descend(optimizer, params, 0.4)).toBeLessThan(first * 0.95);
  });

  it('goes on from a saved state bit for bit', () => {
    const params = start();
    const optimizer = make(params);
    for (let i = 0; i < 5; i++) descend(optimizer, params, 0.4);
    const copies = params.map((w) => tensor(w, { requiresGrad: true }));
    const resumed = make(copies);
    resumed.loadStateDict(optimizer.stateDict());
    for (let i = 0; i < 5; i++) {
      descend(optimizer, params, 0.4);
      descend(resumed, copies, 0.4);
    }
    expect(values(copies)).toEqual(values(params));
    expect(text(resumed)).toBe(text(optimizer));
  });

  it('treats parameters and gradients of any stride alike', () => {
    const [plain, strided] = [
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      tensor([
        [1, 4],
        [2, 5],
        [3, 6],
      ]).transpose(0, 1),
    ];
    for (const w of [plain, strided]) {
      w.requiresGrad_();
      const optimizer = make([w]);
      for (let i = 0; i < 3; i++) {
        optimizer.step(() => {
          w.grad = tensor([
            [1, 3, -5],
            [2, -4, 6 + i],
          ]);
          if (w === strided)
            w.grad = tensor([
              [1, 2],
              [3, -4],
              [-5, 6 + i],
            ]).transpose(0, 1);
          return 30 - i;
        });
      }
    }
    expect(strided.isContiguous()).toBe(false);
    expect(strided.tolist()).toEqual(plain.tolist());
    expect(plain.tolist()).not.toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('updates part of a larger memory, and nothing beside it', () => {
    const memory = Float64Array.of(9, 1, 2, 9);
    const w = fromArray(memory).narrow(0, 1, 2).detach().requiresGrad_();
    const alone = parameter([1, 2]);
    for (const x of [w, alone]) {
      make([x]).step(() => {
        x.grad = tensor([1, -1]);
        return 1;
      });
    }
    expect([...memory]).toEqual([9, ...alone.toArray(), 9]);
  });

  it('bumps the version of what it changes', () => {
    const w = parameter([1, 2]);
    const y = w.square().sum();
    make([w]).step(() => {
      w.grad = tensor([1, 1]);
      return 1;
    });
    expect(() => y.backward()).toThrow(/changed in place/);
  });

  it('takes scalars and empty parameters', () => {
    const [scalar, empty] = [tensor(2, { requiresGrad: true }), zeros([0, 3], { requiresGrad: true })];
    make([scalar, empty]).step(() => {
      scalar.grad = tensor(1);
      empty.grad = zeros([0, 3]);
      return 1;
    });
    expect(scalar.item()).toBeLessThan(2);
    expect(empty.shape).toEqual([0, 3]);
  });

  it('hands NaN on to its own element only', () => {
    if (name === 'LBFGS') return;
    const w = parameter([1, 2], [Number.NaN, 1]);
    make([w]).step();
    expect(Number.isNaN(w.tolist()[0 as never])).toBe(true);
    expect(Number.isFinite(w.tolist()[1 as never])).toBe(true);
  });
});

describe('step', () => {
  it('leaves a parameter without a gradient alone, and remembers nothing of it', () => {
    const [moved, still] = [parameter([1], [1]), parameter([1])];
    const optimizer = new Adam([moved, still], { lr: 0.5, weightDecay: 0.1 });
    optimizer.step();
    expect(still.tolist()).toEqual([1]);
    expect(moved.tolist()).not.toEqual([1]);
    expect([...optimizer.state.keys()]).toEqual([moved]);
    expect(Object.keys(optimizer.stateDict().state)).toEqual(['0']);
  });

  it('leaves a frozen parameter alone', () => {
    const [frozen, w] = [tensor([1]), parameter([1])];
    const optimizer = new SGD([frozen, w], { lr: 0.5, weightDecay: 0.1 });
    w.mul(frozen).sum().backward();
    optimizer.step();
    expect(frozen.tolist()).toEqual([1]);
    expect(w.item()).toBe(1 - 0.5 * 1.1);
  });

  it('calls the closure once, with recording on, and returns its loss', () => {
    const w = parameter([3]);
    const optimizer = new SGD([w], { lr: 0.1 });
    let calls = 0;
    const loss = noGrad(() =>
      optimizer.step(() => {
        calls++;
        expect(isGradEnabled()).toBe(true);
        optimizer.zeroGrad();
        const y = w.square().sum();
        y.backward();
        return y;
      }),
    );
    expect([calls, loss.item(), w.item()]).toEqual([1, 9, 3 - 0.1 * 6]);
    expect(optimizer.step()).toBeUndefined();
  });

  it('refuses an async closure', () => {
    const optimizer = new SGD([parameter([3])], { lr: 0.1 });
    expect(() => optimizer.step(async () => 1)).toThrow(/must not be async/);
  });

  it('records nothing, and keeps parameters leaves', () => {
    const w = parameter([1], [1]);
    new SGD([w], { lr: 0.1 }).step();
    expect([w.isLeaf, w.requiresGrad]).toEqual([true, true]);
  });

  it('takes a gradient that has a history of its own', () => {
    const w = parameter([2]);
    w.pow(3).sum().backward({ createGraph: true });
    new SGD([w], { lr: 0.25 }).step();
    expect(w.item()).toBe(2 - 0.25 * 12);
  });

  it('refuses a gradient of another shape', () => {
    const w = parameter([1, 2]);
    w.grad = tensor([[1, 2]]);
    expect(() => new SGD([w], { lr: 0.1 }).step()).toThrow(
      new ShapeError('SGD: a parameter of shape [2] has a gradient of shape [1, 2]'),
    );
  });
});

describe('zeroGrad', () => {
  it('forgets the gradients', () => {
    const w = parameter([1], [2]);
    new SGD([w], { lr: 0.1 }).zeroGrad();
    expect(w.grad).toBeNull();
  });

  it('sets them to 0 in place instead, if asked, and cuts their history', () => {
    const [w, none] = [parameter([1]), parameter([1])];
    w.square().sum().backward({ createGraph: true });
    const memory = w.grad!.storage;
    new SGD([w, none], { lr: 0.1 }).zeroGrad({ setToNone: false });
    expect(w.grad!.tolist()).toEqual([0]);
    expect(w.grad!.storage).toBe(memory);
    expect(w.grad!.requiresGrad).toBe(false);
    expect(none.grad).toBeNull();
  });
});

describe('groups', () => {
  it('have options of their own, and share the others', () => {
    const [a, b] = [parameter([1], [1]), parameter([1], [1])];
    const optimizer = new SGD([{ params: a }, { params: [b], lr: 0.01 }], { lr: 0.1, weightDecay: 1 });
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([1 - 0.1 * 2, 1 - 0.01 * 2]);
    expect(optimizer.paramGroups).toEqual([
      { ...optimizer.defaults, params: [a] },
      { ...optimizer.defaults, params: [b], lr: 0.01 },
    ]);
  });

  it('may each state what the optimizer leaves open', () => {
    const optimizer = new SGD([{ params: [parameter([1])], lr: 0.5 }]);
    expect(optimizer.paramGroups[0]!.lr).toBe(0.5);
    expect(() => optimizer.addParamGroup({ params: [parameter([1])] })).toThrow(
      'SGD: lr must be a number of at least 0, got undefined',
    );
  });

  it('can be added later', () => {
    const optimizer = new SGD([parameter([1])], { lr: 0.1, momentum: 0.5 });
    const late = parameter([1], [1]);
    optimizer.addParamGroup({ params: [late], lr: 0.2 });
    optimizer.step();
    expect(late.item()).toBe(1 - 0.2);
    expect(optimizer.paramGroups[1]).toMatchObject({ lr: 0.2, momentum: 0.5 });
  });

  it('are read anew at every step', () => {
    const w = parameter([1], [1]);
    const optimizer = new SGD([w], { lr: 0.1 });
    optimizer.paramGroups[0]!.lr = 0.25;
    optimizer.step();
    expect(w.item()).toBe(0.75);
    optimizer.paramGroups[0]!.momentum = 0.5;
    optimizer.step();
    optimizer.step();
    expect(w.item()).toBe(0.75 - 0.25 - 0.25 * 1.5);
  });

  it('are taken from any iterable', () => {
    const params = [parameter([1], [1]), parameter([2], [1])];
    function* each() {
      yield* params;
    }
    expect(new SGD(each(), { lr: 0.1 }).paramGroups[0]!.params).toEqual(params);
    expect(new SGD(new Set(params), { lr: 0.1 }).paramGroups[0]!.params).toEqual(params);
  });
});

describe('what is refused', () => {
  const w = () => parameter([1, 2]);
  const same = w();
  const wrongParams: [string, () => unknown, string][] = [
    ['no parameters', () => new SGD([], { lr: 0.1 }), 'SGD: there are no parameters to optimize'],
    [
      'a bare tensor',
      () => new SGD(same as never, { lr: 0.1 }),
      'SGD: expected parameters, such as model.parameters(), got Tensor; put a single one in a list: [w]',
    ],
    ['a number', () => new Adam(3 as never), 'Adam: expected parameters, such as model.parameters(), got 3'],
    ['a list of numbers', () => new Adam([3] as never), 'Adam: expected tensors, or groups { params, … }, got 3'],
    [
      'a group without params',
      () => new Adam([{ lr: 1 }] as never),
      'Adam: expected tensors, or groups { params, … }, got Object',
    ],
    ['a number among tensors', () => new Adam([same, 3] as never), 'Adam: expected parameters (tensors), got 3'],
    ['the same one twice', () => new Adam([same, same]), 'Adam: the same parameter of shape [2] is given twice'],
    [
      'the same one in two groups',
      () => new Adam([{ params: [same] }, { params: [w(), same] }]),
      'Adam: the same parameter of shape [2] is given twice',
    ],
    [
      'a computed tensor',
      () => new Adam([w().mul(2)]),
      "Adam: a tensor computed by mul can't be optimized; give the leaf that it is computed from",
    ],
    [
      'an expanded view',
      () => new Adam([tensor([1]).expand([3]).detach().requiresGrad_()]),
      "Adam: an expanded view, whose elements share memory, can't be optimized; clone() it first",
    ],
  ];
  it.each(wrongParams)('parameters: %s', (_, make, message) => {
    expect(make).toThrow(message);
  });

  it('a computed tensor is taken if it retains its gradient, as in PyTorch', () => {
    const y = w().mul(2).retainGrad();
    expect(new SGD([y], { lr: 0.1 }).paramGroups[0]!.params).toEqual([y]);
  });

  it('an unknown option, with the nearest known one', () => {
    expect(() => new SGD([w()], { lr: 0.1, momentun: 0.9 } as never)).toThrow(
      'SGD: unknown option "momentun". Did you mean "momentum"?',
    );
    expect(() => new Adam([{ params: [w()], weight_decay: 0.1 } as never])).toThrow(
      'Adam: unknown option "weight_decay". Did you mean "weightDecay"?',
    );
  });

  it('a positional rate', () => {
    expect(() => new SGD([w()], 0.1 as never)).toThrow(
      'SGD: optional arguments go in one object, such as { lr: 0.1 }; got 0.1',
    );
  });

  const Classes = { SGD, Adam, AdamW, Adamax, NAdam, RAdam, Adagrad, Adadelta, RMSprop, Rprop, LBFGS };
  type Any = new (params: Tensor[], options: object) => Optimizer;
  const negative: [string, string[]][] = [
    ['SGD', ['lr', 'momentum', 'weightDecay']],
    ['Adam', ['lr', 'eps', 'weightDecay']],
    ['AdamW', ['lr', 'eps', 'weightDecay']],
    ['Adamax', ['lr', 'eps', 'weightDecay']],
    ['NAdam', ['lr', 'eps', 'weightDecay', 'momentumDecay']],
    ['RAdam', ['lr', 'eps', 'weightDecay']],
    ['Adagrad', ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps']],
    ['Adadelta', ['lr', 'eps', 'weightDecay']],
    ['RMSprop', ['lr', 'alpha', 'eps', 'weightDecay', 'momentum']],
    ['Rprop', ['lr']],
    ['LBFGS', ['lr', 'toleranceGrad', 'toleranceChange']],
  ];
  it.each(negative)('%s: negative numbers, NaN, infinity and strings for %s', (name, options) => {
    const Class = Classes[name as keyof typeof Classes] as unknown as Any;
    for (const option of options) {
      for (const value of [-1, Number.NaN, Infinity, '0.1', null]) {
        expect(() => new Class([w()], { lr: 0.1, [option]: value })).toThrow(
          `${name}: ${option} must be a number of at least 0, got ${typeof value === 'string' ? '"0.1"' : value}`,
        );
      }
    }
  });

  it.each(['Adam', 'AdamW', 'Adamax', 'NAdam', 'RAdam'] as const)('%s: betas outside [0, 1)', (name) => {
    const Class = Classes[name] as unknown as Any;
    expect(() => new Class([w()], { betas: [1, 0.9] })).toThrow(`${name}: betas[0] must lie in [0, 1), got 1`);
    expect(() => new Class([w()], { betas: [0.9, -0.1] })).toThrow(`${name}: betas[1] must lie in [0, 1), got -0.1`);
    expect(() => new Class([w()], { betas: 0.9 })).toThrow(`${name}: betas must be a list of two numbers, got 0.9`);
    expect(() => new Class([w()], { betas: [0.9, Number.NaN] })).toThrow(
      `${name}: betas must be a list of two numbers`,
    );
    expect(new Class([w()], { betas: [0, 0] }).paramGroups).toHaveLength(1);
  });

  it('what PyTorch refuses', () => {
    const snake = (name: string) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    for (const { optimizer, options } of recordsOf<{ optimizer: keyof typeof Classes; options: object }>('errors')) {
      const ours = Object.fromEntries(Object.entries(options).map(([key, value]) => [snake(key), value]));
      const Class = Classes[optimizer] as unknown as Any;
      expect(() => new Class([w()], ours), JSON.stringify(options)).toThrow(new RegExp(`^${optimizer}: `));
    }
  });

  it('a wrong option of a group', () => {
    expect(() => new Adam([{ params: [w()], lr: -1 }])).toThrow('Adam: lr must be a number of at least 0, got -1');
  });

  it('switches that are not true or false', () => {
    expect(() => new Adam([w()], { amsgrad: 1 as never })).toThrow('Adam: amsgrad must be true or false, got 1');
    expect(() => new SGD([w()], { lr: 0.1, maximize: 'no' as never })).toThrow(
      'SGD: maximize must be true or false, got "no"',
    );
  });
});

describe('stateDict', () => {
  it('has the layout and the names of PyTorch', () => {
    const [a, b] = [parameter([1, 2], [1, 1]), parameter([3])];
    const optimizer = new Adam([{ params: [a] }, { params: [b], lr: 0.1, weightDecay: 0.5 }]);
    optimizer.step();
    const saved = optimizer.stateDict();
    const shared = { betas: [0.9, 0.999], eps: 1e-8, amsgrad: false, maximize: false };
    expect(saved.param_groups).toEqual([
      { lr: 1e-3, weight_decay: 0, ...shared, params: [0] },
      { lr: 0.1, weight_decay: 0.5, ...shared, params: [1] },
    ]);
    expect(Object.keys(saved.state[0]!)).toEqual(['step', 'exp_avg', 'exp_avg_sq']);
    expect(saved.state[0]!.step).toMatchObject({ shape: [] });
    expect((saved.state[0]!.exp_avg as Tensor).toArray()[0]).toBeCloseTo(0.1, 15);
  });

  it('holds the numbers of its moment, and lists of its own', () => {
    const w = parameter([1], [1]);
    const optimizer = new RMSprop([w], { lr: 0.1 });
    optimizer.step();
    const saved = optimizer.stateDict();
    optimizer.step();
    optimizer.paramGroups[0]!.lr = 5;
    expect(saved.state[0]!.step).toBe(1);
    expect(saved.param_groups[0]!.lr).toBe(0.1);
  });

  it('carries the rate before any schedule', () => {
    const one = new SGD([parameter([1])], { lr: 0.4 });
    const schedule = new StepLR(one, { stepSize: 1, gamma: 0.5 });
    schedule.step();
    expect(one.stateDict().param_groups[0]).toMatchObject({ lr: 0.2, initial_lr: 0.4 });
    const other = new SGD([parameter([1])], { lr: 1 });
    other.loadStateDict(one.stateDict());
    expect(other.paramGroups[0]).toMatchObject({ lr: 0.2, initialLr: 0.4 });
  });
});

describe('loadStateDict', () => {
  const saved = () => {
    const optimizer = new Adam([parameter([1, 2], [1, 1]), parameter([3], [1])], { lr: 0.3 });
    optimizer.step();
    return optimizer.stateDict();
  };

  it('copies the tensors', () => {
    const state = saved();
    const optimizer = new Adam([parameter([1, 2]), parameter([3])]);
    optimizer.loadStateDict(state);
    const [first] = [...optimizer.state.values()] as { expAvg: Tensor }[];
    expect(first!.expAvg.tolist()).toEqual((state.state[0]!.exp_avg as Tensor).tolist());
    expect(first!.expAvg.storage).not.toBe((state.state[0]!.exp_avg as Tensor).storage);
    expect(optimizer.paramGroups[0]!.lr).toBe(0.3);
  });

  it('takes a state that PyTorch saved: counts as numbers, further options, numbers of its own for the parameters', () => {
    const [a, b] = [parameter([1], [1]), parameter([1], [1])];
    const optimizer = new Adam([a, b]);
    const { 0: first } = saved().state;
    const state = { ...first, step: 7, exp_avg: tensor([0.5]), exp_avg_sq: tensor([0.25]) };
    const group = { lr: 0.1, betas: [0.9, 0.99], foreach: null, capturable: false, params: [4, 5] };
    optimizer.loadStateDict({ state: { 5: state }, param_groups: [group] });
    expect(optimizer.state.has(a)).toBe(false);
    optimizer.step();
    const t = 8;
    const [m, v] = [0.9 * 0.5 + 0.1, 0.99 * 0.25 + 0.01];
    const expected = 1 - (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.99 ** t)) + 1e-8);
    expect(b.item()).toBeCloseTo(expected, 14);
  });

  const fresh = () => new Adam([parameter([1, 2]), parameter([3])]);
  const misfits: [string, () => unknown, string][] = [
    [
      'another number of groups',
      () => new Adam([{ params: [parameter([1])] }, { params: [parameter([1])] }]).loadStateDict(saved()),
      'Adam: the saved state has 1 groups, this optimizer 2',
    ],
    [
      'a group of another size',
      () => new Adam([parameter([1])]).loadStateDict(saved()),
      "Adam: group 0 of the saved state has 2 parameters, this optimizer's 1",
    ],
    [
      'another shape',
      () => new Adam([parameter([1, 2, 3]), parameter([3])]).loadStateDict(saved()),
      'Adam: the saved state of parameter 0: expAvg has shape [2], expected [3]',
    ],
    [
      "another optimizer's state",
      () => new RMSprop([parameter([1, 2]), parameter([3])]).loadStateDict(saved()),
      'RMSprop: the saved state of parameter 0 has no squareAvg',
    ],
    [
      'a number where a tensor belongs',
      () => {
        const state = saved();
        fresh().loadStateDict({ ...state, state: { 0: { ...state.state[0], exp_avg: 3 } } });
      },
      'Adam: the saved state of parameter 0: expAvg must be a tensor of shape [2]',
    ],
    [
      'a tensor where a number belongs',
      () => {
        const state = { step: tensor([1, 2]), square_avg: tensor([1, 2]) };
        new RMSprop([parameter([1, 2])]).loadStateDict({ state: { 0: state }, param_groups: [{ params: [0] }] });
      },
      'RMSprop: the saved state of parameter 0: step has shape [2], expected []',
    ],
    [
      'a velocity of another shape',
      () => {
        const groups = [{ lr: 0.1, params: [0] }];
        const state = { 0: { momentum_buffer: randn([3]) } };
        new SGD([parameter([1, 2])], { lr: 0.1 }).loadStateDict({ state, param_groups: groups });
      },
      'SGD: the saved state of parameter 0: momentumBuffer has shape [3], expected [2]',
    ],
    [
      'an option out of range',
      () => {
        const state = saved();
        fresh().loadStateDict({ ...state, param_groups: [{ ...state.param_groups[0], lr: -1 }] });
      },
      'Adam: lr must be a number of at least 0, got -1',
    ],
  ];
  it.each(misfits)('refuses %s', (_, load, message) => {
    expect(load).toThrow(message);
  });

  it('changes nothing when it refuses', () => {
    const optimizer = fresh();
    const state = saved();
    const broken = { ...state, state: { ...state.state, 1: { step: 1 } } };
    expect(() => optimizer.loadStateDict(broken)).toThrow(/parameter 1 has no expAvg/);
    expect(optimizer.state.size).toBe(0);
    expect(optimizer.paramGroups[0]!.lr).toBe(1e-3);
  });
});
