import { inspect } from 'node:util';
import * as nd from '@ndgrad/core';
import { Dropout, Linear, Module, Parameter, ReLU, Sequential } from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { graph } from '../src/index.ts';
import { total } from './total.ts';

const scalar = (value: number) => nd.tensor(value, { requiresGrad: true });

/** The rows of the table: their cells, without what is only layout. */
const rowsOf = (text: string) =>
  text
    .split('\n')
    .slice(4)
    .map((line) => line.trim().split(/\s{2,}/));

describe('the graph of the lecture, f = (x + y)·z at x = −2, y = 5, z = −4', () => {
  const [x, y, z] = [scalar(-2), scalar(5), scalar(-4)];
  const q = x.add(y);
  const f = q.mul(z);
  const drawn = graph(f, { names: { x, y, z, q, f } });

  it('has every value with its gradient', () => {
    expect(drawn.text()).toBe(
      [
        '2 operations, 5 values',
        '',
        'value          shape  forward  gradient',
        '─────────────  ─────  ───────  ────────',
        'x              []          -2        -4',
        'y              []           5        -4',
        'q = add(x, y)  []           3        -4',
        'z              []          -4         3',
        'f = mul(q, z)  []         -12         1',
      ].join('\n'),
    );
    expect(String(drawn)).toBe(drawn.text());
    expect(inspect(drawn)).toBe(drawn.text());
  });

  it('is drawn without touching a grad, and leaves the graph for backward', () => {
    expect(x.grad).toBeNull();
    f.backward();
    expect([x.grad!.item(), y.grad!.item(), z.grad!.item()]).toEqual([-4, -4, 3]);
  });

  it('can not be drawn once backward has let it go', () => {
    expect(() => graph(f)).toThrow(nd.GradError);
    expect(() => graph(f)).toThrow(
      'graph: the graph behind mul was released by backward(); draw it before, or pass { retainGraph: true } to backward',
    );
  });
});

it('sums the gradients of a value that is used twice, and shows constants and values without a name', () => {
  const x = scalar(3);
  const L = x.mul(x).add(nd.mul(4, x)); // 2x + 4
  expect(rowsOf(graph(L).text())).toEqual([
    ['v1', '[]', '3', '10'],
    ['v2 = mul(v1, v1)', '[]', '9', '1'],
    ['v3', '[]', '4'],
    ['v4 = mul(v3, v1)', '[]', '12', '1'],
    ['v5 = add(v2, v4)', '[]', '21', '1'],
  ]);
});

it('shows tensors by shape and range, and what is not finite', () => {
  const x = nd.tensor([-1, 0, 4], { requiresGrad: true });
  const L = total(x.log());
  expect(rowsOf(graph(L, { names: { x } }).text())).toEqual([
    ['x', '[3]', '[-1, 4]', '[-1, 0.25], 1 infinite'],
    ['v1 = log(x)', '[3]', '[1.386, 1.386], 1 NaN, 1 infinite', '[1, 1]'],
    ['v2 = total(v1)', '[]', 'NaN', '1'],
  ]);
  expect(rowsOf(graph(nd.div(1, scalar(0))).text()).at(-1)).toEqual(['v3 = div(v1, v2)', '[]', 'Infinity', '1']);
});

it('draws a root that is no scalar without gradients', () => {
  const x = nd.tensor([1, 2], { requiresGrad: true });
  expect(rowsOf(graph(x.mul(2), { names: { x } }).text())).toEqual([
    ['x', '[2]', '[1, 2]'],
    ['v1', '[]', '2'],
    ['v2 = mul(x, v1)', '[2]', '[2, 4]'],
  ]);
});

/** Σ(y − t)² */
class Distance extends Module<[nd.Tensor, nd.Tensor]> {
  override forward(y: nd.Tensor, t: nd.Tensor): nd.Tensor {
    return total(y.sub(t.mul(1)).square());
  }
}

describe('the graph of a model', () => {
  nd.manualSeed(0);
  const model = new Sequential(new Linear(4, 5), new ReLU(), new Linear(5, 3));
  const x = nd.randn([8, 4]);
  const targets = nd.randn([8, 3]);
  const L = new Distance().call(model.call(x), targets);
  const lines = (options: object) =>
    graph(L, { names: { x, L }, ...options })
      .text()
      .split('\n')
      .filter((_, i) => i !== 1 && i !== 2 && i !== 3)
      .map((line) => line.replace(/ {2,}\[.*/, ''));

  it('is grouped by module, parameters by the names of the state', () => {
    expect(lines({ model })).toEqual([
      '6 operations, 12 values',
      'x',
      'in Sequential',
      '  in 0 (Linear 4→5)',
      '    0.weight',
      '    0.bias',
      '    v1 = linear(x, 0.weight, 0.bias)',
      '  in 1 (ReLU)',
      '    v2 = relu(v1)',
      '  in 2 (Linear 5→3)',
      '    2.weight',
      '    2.bias',
      '    v3 = linear(v2, 2.weight, 2.bias)',
      'in Distance',
      '  v4',
      '  v5 = sub(v3, v4)',
      '  v6 = square(v5)',
      '  L = total(v6)',
    ]);
  });

  it('has the gradients that backward finds', () => {
    const rows = rowsOf(graph(L, { model }).text());
    L.backward({ retainGraph: true });
    for (const [name, parameter] of model.namedParameters()) {
      const row = rows.find(([cell]) => cell === name)!;
      expect(row[3]).toBe(nd.formatRange(nd.rangeOf(parameter.grad!.ndarray)));
    }
    model.zeroGrad();
  });

  it('folds modules below a depth, with what they hold', () => {
    expect(lines({ model, depth: 1 })).toEqual([
      '6 operations, 8 values: modules below depth 1 are folded',
      'x',
      'in Sequential',
      '  v1 = 0 (Linear 4→5)(x)',
      '  v2 = 1 (ReLU)(v1)',
      '  v3 = 2 (Linear 5→3)(v2)',
      'in Distance',
      '  v4',
      '  v5 = sub(v3, v4)',
      '  v6 = square(v5)',
      '  L = total(v6)',
    ]);
    expect(lines({ depth: 0 })).toEqual([
      '6 operations, 3 values: modules below depth 0 are folded',
      'x',
      'v1 = Sequential(x)',
      'L = Distance(v1)',
    ]);
  });

  it('folds by itself above the limit', () => {
    expect(lines({ model, limit: 11 })[0]).toBe('6 operations, 8 values: modules below depth 1 are folded');
    expect(lines({ model, limit: 7 })[0]).toBe('6 operations, 3 values: modules below depth 0 are folded');
    expect(lines({ model, limit: 12 })[0]).toBe('6 operations, 12 values');
  });

  it('keeps a parameter that several calls share outside of them', () => {
    const layer = new Linear(2, 2);
    const twice = total(layer.call(layer.call(nd.ones([1, 2]))));
    const text = graph(twice, { model: layer }).text();
    expect(
      text
        .split('\n')
        .slice(4)
        .map((line) => line.replace(/ {2,}\[.*/, '')),
    ).toEqual([
      'v1',
      'weight',
      'bias',
      'in Linear 2→2',
      '  v2 = linear(v1, weight, bias)',
      'in Linear 2→2',
      '  v3 = linear(v2, weight, bias)',
      'v4 = total(v3)',
    ]);
  });

  it('shows in a module what was made there, such as the mask of a dropout', () => {
    const noisy = new Sequential(new ReLU(), new Dropout());
    const input = nd.ones([4, 2]).requiresGrad_();
    const rows = graph(total(noisy.call(input)), { names: { input } })
      .text()
      .split('\n')
      .slice(4);
    expect(rows.map((row) => row.replace(/ {2,}\[.*/, ''))).toEqual([
      'input',
      'in Sequential',
      '  in 0 (ReLU)',
      '    v1 = relu(input)',
      '  in 1 (Dropout)',
      '    v2',
      '    v3 = mul(v1, v2)',
      'v4 = total(v3)',
    ]);
  });
});

it('leaves the oldest out of a graph that no folding makes small enough', () => {
  let x: nd.Tensor = scalar(1);
  for (let i = 0; i < 20_000; i++) x = x.neg();
  const text = graph(x, { limit: 3 }).text();
  expect(text.split('\n')[0]).toBe('3 operations, 3 values: the newest 3 of 20001 values');
  expect(rowsOf(text)).toEqual([
    ['v1 = neg(…)', '[]', '1', '1'],
    ['v2 = neg(v1)', '[]', '-1', '-1'],
    ['v3 = neg(v2)', '[]', '1', '1'],
  ]);
});

describe('graph refuses', () => {
  it('a tensor without history', () => {
    const w = new Parameter(nd.ones([]));
    expect(() => graph(w)).toThrow(/^graph: nothing is recorded behind this tensor/);
    expect(() => graph(nd.noGrad(() => w.mul(2)))).toThrow(/inside noGrad$/);
  });

  it('a value that was changed since', () => {
    const x = scalar(2);
    const y = x.mul(3);
    const L = y.mul(y);
    nd.noGrad(() => x.add_(1));
    expect(graph(L).text()).toContain('v1'); // mul(x, 3) needs 3 alone
    const M = scalar(2).mul(x);
    nd.noGrad(() => x.add_(1));
    expect(() => graph(M)).toThrow(/mul: its input "b" was changed in place/);
  });

  it('arguments of the wrong kind', () => {
    const L = scalar(1).mul(2);
    expect(() => graph(3 as unknown as nd.Tensor)).toThrow('graph: expected a tensor, got 3');
    expect(() => graph(L, { name: {} } as object)).toThrow('graph: unknown option "name". Did you mean "names"?');
    expect(() => graph(L, { names: { x: 3 as unknown as nd.Tensor } })).toThrow(
      'graph: names.x must be a tensor, got 3',
    );
    expect(() => graph(L, { model: 3 as unknown as Module })).toThrow('graph: model must be a module, got 3');
    expect(() => graph(L, { limit: 0 })).toThrow('graph: limit must be a whole number of at least 1, got 0');
    expect(() => graph(L, { depth: -1 })).toThrow('graph: depth must be a whole number of at least 0, got -1');
  });
});
