import { Generator, ones, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Bilinear, Linear } from '../../src/index.ts';

const generator = new Generator(0);

describe('Linear', () => {
  it('is x·Wᵀ + b, with and without a bias', () => {
    const layer = new Linear(2, 1, { generator });
    layer.loadStateDict({ weight: tensor([[2, 3]]), bias: tensor([10]) });
    expect(
      layer
        .call(
          tensor([
            [1, 1],
            [0, 2],
          ]),
        )
        .tolist(),
    ).toEqual([[15], [16]]);
    const bare = new Linear(2, 1, { bias: false, generator });
    expect(bare.bias).toBe(null);
    expect(Object.keys(bare.stateDict())).toEqual(['weight']);
  });

  it('starts within ±1/√inFeatures', () => {
    const layer = new Linear(100, 50, { generator });
    const largest = Math.max(...layer.weight.toArray().map(Math.abs), ...layer.bias!.toArray().map(Math.abs));
    expect(largest).toBeLessThanOrEqual(0.1);
    expect(largest).toBeGreaterThan(0.0999);
  });

  it('may have no inputs', () => {
    expect(new Linear(0, 2, { generator }).call(ones([3, 0])).tolist()).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('says what it is', () => {
    const layer = new Linear(3, 2, { generator });
    expect(String(layer)).toBe('Linear(inFeatures=3, outFeatures=2, bias=true)');
    expect(layer.label).toBe('Linear 3→2');
  });

  it('refuses sizes and options that are none', () => {
    expect(() => new Linear(-1, 2)).toThrow('Linear: inFeatures must be a whole number of at least 0, got -1');
    expect(() => new Linear(3, 1.5)).toThrow(/outFeatures must be a whole number/);
    expect(() => new Linear(3, 2, { bais: false } as object)).toThrow(
      'Linear: unknown option "bais". Did you mean "bias"?',
    );
    expect(() => new Linear(3, 2, false as unknown as object)).toThrow(/Linear: optional arguments go in one object/);
  });
});

describe('Bilinear', () => {
  it('is Σ x1·W·x2 + b', () => {
    const layer = new Bilinear(2, 2, 1, { generator });
    layer.loadStateDict({
      weight: tensor([
        [
          [1, 2],
          [3, 4],
        ],
      ]),
      bias: tensor([1]),
    });
    expect(layer.call(tensor([1, 2]), tensor([5, 6])).tolist()).toEqual([96]); // 5 + 12 + 2·(15 + 24) + 1
  });

  it('says what it is', () => {
    const layer = new Bilinear(2, 3, 4, { bias: false, generator });
    expect(String(layer)).toBe('Bilinear(in1Features=2, in2Features=3, outFeatures=4, bias=false)');
    expect(layer.label).toBe('Bilinear 2×3→4');
    expect(() => new Bilinear(0, 3, 4)).toThrow(/in1Features must be a whole number of at least 1, got 0/);
  });
});
