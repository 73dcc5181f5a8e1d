import { ArgumentError, Tensor, tensor } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packed, unpacked } from '../../src/checkpoint/values.ts';

/** There and back, through JSON text. */
function roundTrip(value: unknown) {
  const tensors: Record<string, Tensor> = {};
  const text = JSON.stringify(packed(value, 'it', tensors));
  return { value: unpacked(JSON.parse(text), tensors), tensors };
}

describe('a value that is packed and unpacked', () => {
  it('is what it was, whatever plain data it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(roundTrip(value).value).toEqual(value);
      }),
    );
  });

  it('keeps every number, bit for bit', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(roundTrip(value).value).toBe(value);
      }),
    );
    expect(roundTrip({ a: [Number.NaN, Infinity, -Infinity, -0, 0] }).value).toEqual({
      a: [Number.NaN, Infinity, -Infinity, -0, 0],
    });
  });

  it('keeps any key, those that stand for something here included', () => {
    const keys = fc.oneof(fc.constantFrom('$', '$$', '$$$', '$x', '', 'name', '__proto__', 'a.b'), fc.string());
    fc.assert(
      fc.property(fc.dictionary(keys, fc.integer()), (value) => {
        expect(roundTrip(value).value).toEqual({ ...value });
      }),
    );
    expect(roundTrip({ $: 'tensor', name: 'x' }).value).toEqual({ $: 'tensor', name: 'x' });
    expect(Object.keys(roundTrip(JSON.parse('{"__proto__": 1}')).value as object)).toEqual(['__proto__']);
  });

  it('has its tensors apart, under the way to them', () => {
    const made = { m: tensor([1, 2]), list: [tensor(3), { v: tensor([[4]]) }] };
    const { value, tensors } = roundTrip(made);
    expect(Object.keys(tensors)).toEqual(['it.m', 'it.list.0', 'it.list.1.v']);
    expect((value as typeof made).list[1]).toHaveProperty('v', made.list[1] instanceof Tensor ? null : made.list[1]!.v);
    expect((value as typeof made).m).toBe(made.m);
  });

  it('gives two tensors whose ways read alike two names', () => {
    const made = { a: { 'b.c': tensor(1) }, 'a.b': { c: tensor(2) } };
    const { value, tensors } = roundTrip(made);
    expect(Object.keys(tensors)).toEqual(['it.a.b.c', 'it.a.b.c#2']);
    expect((value as unknown as typeof made)['a.b'].c.item()).toBe(2);
  });

  it('leaves out what is undefined', () => {
    expect(roundTrip({ a: undefined, b: null }).value).toEqual({ b: null });
  });
});

describe('what can not be packed', () => {
  const around: { me?: unknown } = {};
  around.me = around;
  const refusals: [what: string, value: unknown, message: string][] = [
    ['a function', { a: [() => 1] }, 'checkpoint: it.a.0 is function '],
    ['a Map', { m: new Map() }, 'checkpoint: it.m is Map; only plain data and tensors can be saved'],
    ['a typed array', new Float64Array(2), 'checkpoint: it is Float64Array'],
    ['a big integer', 1n, 'checkpoint: it is 1'],
    ['what contains itself', around, 'is nested too deeply, or contains itself'],
  ];
  it.each(refusals)('%s', (_, value, message) => {
    expect(() => packed(value, 'it', {})).toThrow(ArgumentError);
    expect(() => packed(value, 'it', {})).toThrow(message);
  });
});

describe('what can not be unpacked', () => {
  it('a tensor that is not there, and a word that stands for nothing', () => {
    expect(() => unpacked({ $: 'tensor', name: 'x' }, {})).toThrow('the state names "x", which is not there');
    expect(() => unpacked({ $: 'tensor', name: 'toString' }, {})).toThrow('which is not there');
    expect(() => unpacked({ $: 'eval' }, {})).toThrow('the state names "eval", which is not there');
  });

  it('what is nested so deeply that it would overflow the stack', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(() => unpacked(deep, {})).toThrow('the state is nested too deeply');
  });
});
