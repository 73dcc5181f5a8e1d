import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { digits } from '../src/index.ts';

const pytorch = JSON.parse(
  readFileSync(new URL('../../../conformance/data/pytorch/data/digits.json', import.meta.url), 'utf8'),
);

describe('digits', () => {
  const { inputs, targets, classNames, length } = digits();

  it('are the 1,797 images of 8 × 8 pixels that PyTorch was trained on, divided by 16', () => {
    expect([length, inputs.shape, targets.shape]).toEqual([1797, [1797, 1, 8, 8], [1797]]);
    expect(Array.from(inputs.toArray(), (pixel) => pixel * 16)).toEqual(pytorch.images.flat());
    expect(targets.tolist()).toEqual(pytorch.labels);
  });

  it('number as many of each class as scikit-learn says', () => {
    const counts = new Array(10).fill(0);
    for (const label of targets.toArray()) counts[label]++;
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    expect(classNames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('have their source and licence beside them', () => {
    const readme = readFileSync(new URL('../data/README.md', import.meta.url), 'utf8');
    for (const words of ['Alpaydin', 'UCI Machine Learning Repository', 'CC BY 4.0']) expect(readme).toContain(words);
  });
});
