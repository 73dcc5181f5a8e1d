import { tensor } from '@ndgrad/core';
import { expect, it } from 'vitest';
import { CosineSimilarity, functional as F, PairwiseDistance } from '../../src/index.ts';

const [a, b] = [
  tensor([
    [3, 4],
    [1, 1],
  ]),
  tensor([
    [4, 3],
    [1, -2],
  ]),
];

it('CosineSimilarity and PairwiseDistance are their functions', () => {
  expect(new CosineSimilarity().call(a, b).tolist()).toEqual(F.cosineSimilarity(a, b).tolist());
  const cosine = { dim: 0, eps: 4 };
  expect(new CosineSimilarity(cosine).call(a, b).tolist()).toEqual(F.cosineSimilarity(a, b, cosine).tolist());
  expect(new PairwiseDistance().call(a, b).tolist()).toEqual(F.pairwiseDistance(a, b).tolist());
  const distance = { p: 1, eps: 0.5, keepdim: true };
  expect(new PairwiseDistance(distance).call(a, b).tolist()).toEqual(F.pairwiseDistance(a, b, distance).tolist());
});

it('they show their settings', () => {
  expect(String(new CosineSimilarity())).toBe('CosineSimilarity(dim=1, eps=1e-8)');
  expect(String(new PairwiseDistance({ p: 1 }))).toBe('PairwiseDistance(p=1, eps=0.000001, keepdim=false)');
});
