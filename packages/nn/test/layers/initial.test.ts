import { readFileSync } from 'node:fs';
import { Generator, manualSeed, randn } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../../src/index.ts';

interface Program {
  id: string;
  seed: number;
  draws: { call: string; args: unknown[]; options: Record<string, unknown>; result: [string, { data: number[] }][] }[];
}
const layers = { ...nn } as unknown as Record<string, new (...args: unknown[]) => nn.AnyModule>;

function recorded(seed: string): Program[] {
  const file = new URL(`../../../../conformance/data/pytorch/random/seed_${seed}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Program[] };
  return cases.filter(({ draws }) => draws.length === 1 && draws[0]!.call in layers);
}

const padding = ({ padding_idx }: Record<string, unknown>) =>
  padding_idx === undefined ? {} : { paddingIdx: padding_idx };

describe.each(['0', '42', '2147483653'])("PyTorch's initial weights from seed %s", (seed) => {
  it.each(recorded(seed).map((program) => [program.id, program] as const))('%s', (_, program) => {
    const { call, args, options, result } = program.draws[0]!;
    const { padding_idx: _name, ...rest } = options;
    manualSeed(program.seed);
    const layer = new layers[call]!(...args, { ...rest, ...padding(options) });
    const state = layer.stateDict();
    expect(Object.keys(state)).toEqual(result.map(([name]) => name));
    for (const [name, { data }] of result) {
      const values = Array.from(state[name]!.toArray());
      if (call !== 'Embedding') expect(values).toEqual(data);
      else {
        values.forEach((value, i) => {
          expect(Math.abs(value - data[i]!)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(data[i]!));
        });
      }
    }
  });
});

it('layers draw from the generator that they are given, and from no other', () => {
  manualSeed(1);
  const before = randn([1]).item();
  manualSeed(1);
  const make = () => {
    const generator = new Generator(5);
    return [
      new nn.Linear(3, 2, { generator }),
      new nn.Bilinear(2, 2, 2, { generator }),
      new nn.Conv1d(2, 2, 3, { generator }),
      new nn.Conv2d(2, 2, 3, { generator }),
      new nn.ConvTranspose2d(2, 2, 3, { generator }),
      new nn.Embedding(3, 2, { generator }),
    ].flatMap((layer) => layer.parameters().map((parameter) => parameter.tolist()));
  };
  expect(make()).toEqual(make());
  expect(randn([1]).item()).toBe(before);
});
