import { ArgumentError, defaultGenerator, Generator, manualSeed, rand, tensor } from '@ndgrad/core';
import { DataLoader, TensorDataset } from '@ndgrad/data';
import { Dropout, Linear, Sequential } from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { Generators } from '../../src/checkpoint/generators.ts';

describe('the generators of a run', () => {
  it('are the default one and those in the fields of its parts, by the way to them', () => {
    const [masks, order, hidden] = [new Generator(1), new Generator(2), new Generator(3)];
    const model = new Sequential(new Linear(2, 2), new Dropout({ generator: masks }), new Dropout());
    const dataset = new TensorDataset(tensor([[1], [2]]), tensor([0, 1]));
    const train = new DataLoader(dataset, { shuffle: true, generator: order });
    const transform = Object.assign(() => 1, { generator: hidden });
    const extra = { list: [transform], map: new Map([['a', new Generator(4)]]), set: new Set([new Generator(5)]) };
    const { names } = new Generators({ model, train, validation: null, extra });
    expect(names.sort()).toEqual([
      'default',
      'extra.list.0.generator',
      'extra.map.0',
      'extra.set.0',
      'model.1.generator',
      'train.generator',
    ]);
  });

  it('have one name each, and are looked for once even where fields lead in circles', () => {
    const generator = new Generator(1);
    const around: Record<string, unknown> = { a: { generator }, b: { generator }, c: { defaultGenerator } };
    around.around = around;
    expect(new Generators({ around }).names).toEqual(['default', 'around.a.generator']);
  });

  it('go on from their states', () => {
    const generator = new Generator(1);
    const generators = new Generators({ generator });
    manualSeed(0);
    const states = JSON.parse(JSON.stringify(generators.states()));
    const drawn = () => [rand([2]).tolist(), rand([2], { generator }).tolist()];
    const first = drawn();
    expect(drawn()).not.toEqual(first);
    generators.restore(states);
    expect(drawn()).toEqual(first);
  });
});

describe('a generator that can not be found', () => {
  it('is missed once it is drawn from', () => {
    const hidden = new Generator(77);
    const transform = () => rand([1], { generator: hidden });
    const generators = new Generators({ transform });
    expect(Object.keys(generators.states())).toEqual(['default']);
    transform();
    expect(() => generators.states()).toThrow(ArgumentError);
    expect(() => generators.states()).toThrow(
      'checkpoint: a generator (seed 77) was drawn from that a function keeps to itself; ' +
        'give it to the checkpoint by name: extra: { name: generator }',
    );
  });

  it('does not matter where it belongs to those who watch', () => {
    const observer = { generator: new Generator(78) };
    const generators = new Generators({}, [observer]);
    rand([1], { generator: observer.generator });
    expect(Object.keys(generators.states())).toEqual(['default']);
  });
});
