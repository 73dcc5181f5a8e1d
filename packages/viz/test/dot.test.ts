import * as nd from '@ndgrad/core';
import { Linear, Sequential } from '@ndgrad/nn';
import { instance } from '@viz-js/viz';
import { describe, expect, it } from 'vitest';
import { graph } from '../src/index.ts';
import { total } from './total.ts';

const scalar = (value: number) => nd.tensor(value, { requiresGrad: true });

/** The circuit f = (x + y)·z of lecture 4. */
function circuit() {
  const [x, y, z] = [scalar(-2), scalar(5), scalar(-4)];
  const q = x.add(y);
  const f = q.mul(z);
  return graph(f, { names: { x, y, z, q, f } });
}

/** The text of a label, cell by cell. */
const cellsOf = (line: string) =>
  [...line.matchAll(/<font color="(#\w+)">(.*?)<\/font>/g)].map(([, , text]) => plain(text!));
const plain = (html: string) => html.replace(/<\/?b>|&nbsp;/g, '');

describe('the dot of a graph', () => {
  const dot = circuit().dot();
  const line = (id: string) => dot.split('\n').find((each) => each.trimStart().startsWith(`${id} [`))!;

  it('has the forward value above each wire and the gradient below, a leaf with its name in front', () => {
    expect(cellsOf(line('v0'))).toEqual(['x', '-2', '-4']);
    expect(cellsOf(line('v1'))).toEqual(['y', '5', '-4']);
    expect(cellsOf(line('v2'))).toEqual(['q', '3', '-4']);
    expect(cellsOf(line('v3'))).toEqual(['z', '-4', '3']);
    expect(cellsOf(line('v4'))).toEqual(['f', '-12', '1']);
    // Between the value and the gradient lies the wire itself.
    expect(line('v0')).toMatch(
      /-2&nbsp;<\/font><\/td><\/tr><tr><td port="w" height="1" bgcolor="#6e7781"><\/td><\/tr><tr>.*-4/,
    );
  });

  it('has the operations by their signs, and wires from and to them', () => {
    expect(line('o0')).toContain('label="+"');
    expect(line('o1')).toContain('label="×"');
    expect(dot.match(/\w+(:w:e)? -> \w+/g)).toEqual([
      'o0 -> v2',
      'o1 -> v4',
      'v0:w:e -> o0',
      'v1:w:e -> o0',
      'v2:w:e -> o1',
      'v3:w:e -> o1',
    ]);
  });

  it('shows both wires where a value is used twice by one operation', () => {
    const x = scalar(3);
    expect(
      graph(x.mul(x))
        .dot()
        .match(/v0:w:e -> o0/g),
    ).toHaveLength(2);
  });

  it('has the shape of a tensor over its range, in three digits', () => {
    const x = nd.tensor([[-1.23456, 2]], { requiresGrad: true });
    const first = graph(total(x.exp()))
      .dot()
      .split('\n')
      .find((each) => each.includes('v0 ['))!;
    expect(cellsOf(first)).toEqual(['[1, 2]', '[-1.23, 2]', '[0.291, 7.39]']);
  });

  it('has a cluster for each call of a module, one inside the other', () => {
    const model = new Sequential(new Linear(2, 2));
    const dot = graph(total(model.call(nd.ones([1, 2]))), { model }).dot();
    const order = [...dot.matchAll(/subgraph|label="([^"]*)"; labeljust|v\d \[|o\d \[|^ *\}/gm)].map(
      ([text, label]) => label ?? text.trim(),
    );
    expect(order).toEqual([
      'v0 [',
      'v4 [',
      'o1 [',
      'subgraph',
      'Sequential',
      'subgraph',
      '0 (Linear 2→2)',
      'v1 [',
      'v2 [',
      'v3 [',
      'o0 [',
      '}',
      '}',
      '}',
    ]);
  });

  it('says what is folded and left out', () => {
    const model = new Sequential(new Linear(2, 2));
    const folded = graph(total(model.call(nd.ones([1, 2]))), { model, depth: 0 }).dot();
    expect(folded).toContain('label="modules below depth 0 are folded"; labelloc=t');
    expect(folded).toContain('label="Sequential\\n1 operation"');
    const cut = graph(scalar(1).neg().neg(), { limit: 1 }).dot();
    expect(cut).toContain('label="the newest 1 of 3 values"');
    expect(cut).toMatch(/o0c \[label="…"\]\n.*\n.*o0c -> o0 \[style=dotted\]/);
  });

  it('escapes names', async () => {
    const x = scalar(1);
    const dot = graph(x.neg(), { names: { 'a<"&>': x } }).dot();
    expect(dot).toContain('<b>a&lt;&quot;&amp;&gt;</b>');
    expect((await instance()).renderString(dot, { format: 'svg' })).toContain('a&lt;&quot;&amp;&gt;');
  });
});

describe('the svg of a graph', () => {
  it('is one element that shows every number, in the colours of its page', async () => {
    const svg = await circuit().svg();
    expect(svg).toMatch(/^<svg class="ndgrad-graph" role="img" aria-label="Computational graph" width="\d+pt"/);
    expect(svg.endsWith('</svg>')).toBe(true);
    const shown = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)]
      .map(([, text]) => text!.replace(/[ \s]/g, ''))
      .filter(Boolean);
    expect(shown.sort()).toEqual(
      ['+', '-12', '-2', '-4', '-4', '-4', '-4', '1', '3', '3', '5', 'f', 'q', 'x', 'y', 'z', '×'].sort(),
    );
    expect(svg).toContain('.ndgrad-graph [fill="#1a7f37"]{fill:light-dark(#1a7f37,#3fb950)}');
    for (const [, colour] of svg.matchAll(/(?:fill|stroke)="(#\w+)"/g)) expect(svg).toContain(`light-dark(${colour},`);
  });

  it('may stand in a page beside others: no ids, no titles, no prolog', async () => {
    const svg = await circuit().svg();
    expect(svg).not.toMatch(/ id=|<title|<\?xml|<!--/);
    expect(svg.match(/<style>/g)).toHaveLength(1);
  });
});
