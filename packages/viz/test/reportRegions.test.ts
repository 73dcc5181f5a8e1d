import { tensor } from '@ndgrad/core';
import { Linear } from '@ndgrad/nn';
import { expect, it } from 'vitest';
import { regionsOfLabels, regionsOfModel, withoutRegions } from '../src/reportRegions.ts';

const points = [
  { x: 0, y: -1, label: 0 },
  { x: 1, y: 1, label: 1 },
];

it('a model leads where its score is above the others', () => {
  const model = new Linear(2, 3);
  model.weight.detach().copy_(
    tensor([
      [1, 0],
      [0, 1],
      [0, 0],
    ]),
  );
  model.bias!.detach().copy_(tensor([0, 0, -100]));
  const { x, y, size, leads } = regionsOfModel(model, points);
  expect([x, y, size]).toEqual([[-0.08, 1.08], [-1.16, 1.16], 120]);
  // class 0 leads by x − y, row by row from the lowest y
  expect(leads[0]![0]).toBeCloseTo(-0.08 + 1.16, 12);
  expect(leads[0]![119]).toBeCloseTo(1.08 + 1.16, 12);
  expect(leads[1]![119 * 120]).toBeCloseTo(1.16 + 0.08, 12);
  expect(leads[2]![0]).toBeCloseTo(-100 + 0.08, 12);
});

it('a function gives each place its class', () => {
  const { leads } = regionsOfLabels(points, (x, y) => (x > 0.5 ? 2 : y > 0 ? 1 : 0));
  expect(leads).toHaveLength(3);
  expect([leads[0]![0], leads[2]![0], leads[2]![119], leads[1]![119 * 120]]).toEqual([1, -1, 1, 1]);
});

it('of very many points some are shown, and no point or one still has a plane', () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ x: i, y: 0, label: 'a' }));
  const plane = withoutRegions(many);
  expect([plane.points.length, plane.points.at(-1)!.x, plane.y]).toEqual([600, 4999, [-1, 1]]);
  expect(withoutRegions([]).x).toEqual([-1, 1]);
});
