import { expect, it } from 'vitest';
import { buildModel } from '../src/model.ts';

it('a model is built of its description', () => {
  const { model, shape } = buildModel(
    'Sequential(Linear(64, 3, {bias: false}), Dropout({p: 0.25})) on x of shape (n, 64)',
  );
  expect(shape).toEqual([0, 64]);
  expect(model.toString()).toMatch(/Linear[\s\S]*Dropout/);
  expect(Object.keys(model.stateDict())).toEqual(['0.weight']);
});

it('a description may nest, and say no shape', () => {
  const { model, shape } = buildModel('Sequential(Sequential(Linear(2, 3)), Linear(3, 1))');
  expect(shape).toEqual([]);
  expect(Object.keys(model.stateDict())).toEqual(['0.0.weight', '0.0.bias', '1.weight', '1.bias']);
});

it('a description that breaks off is refused', () => {
  expect(() => buildModel('Sequential(Linear(2, 3)')).toThrow('ends too soon');
  expect(() => buildModel('Linear 2')).toThrow('expected (');
});
