import { arange, Generator, ones, randn, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Conv1d, Conv2d, ConvTranspose2d, functional as F, type PaddingMode } from '../../src/index.ts';

const generator = new Generator(0);
const drawn = (...shape: number[]) => randn(shape, { generator });

describe('convolution layers', () => {
  it('have weights [out, in/groups, …kernel] and a bias [out]', () => {
    expect(new Conv1d(4, 6, 3, { groups: 2, generator }).weight.shape).toEqual([6, 2, 3]);
    expect(new Conv2d(4, 6, [3, 5], { generator }).weight.shape).toEqual([6, 4, 3, 5]);
    expect(new Conv2d(4, 6, 3, { bias: false, generator }).bias).toBe(null);
    expect(new ConvTranspose2d(4, 6, 2, { groups: 2, generator }).weight.shape).toEqual([4, 3, 2, 2]);
    expect(new ConvTranspose2d(4, 6, 2, { groups: 2, generator }).bias!.shape).toEqual([6]);
  });

  it('hand their weights and options to the operation', () => {
    const options = { stride: 2, padding: 1, dilation: 2, groups: 2 };
    const one = new Conv1d(2, 4, 3, { ...options, generator });
    const x = drawn(2, 2, 9);
    expect(one.call(x).tolist()).toEqual(F.conv1d(x, one.weight, { bias: one.bias, ...options }).tolist());
    const two = new Conv2d(2, 4, 3, { ...options, generator });
    const image = drawn(2, 2, 7, 8);
    expect(two.call(image).tolist()).toEqual(F.conv2d(image, two.weight, { bias: two.bias, ...options }).tolist());
    const back = new ConvTranspose2d(2, 4, 3, { ...options, outputPadding: 1, generator });
    expect(back.call(image).tolist()).toEqual(
      F.convTranspose2d(image, back.weight, { bias: back.bias, ...options, outputPadding: 1 }).tolist(),
    );
  });

  it('sum by hand: 1·1 + 2·2 + 3·3 and so on', () => {
    const layer = new Conv1d(1, 1, 3, { bias: false, generator });
    layer.loadStateDict({ weight: tensor([[[1, 2, 3]]]) });
    expect(layer.call(tensor([[1, 2, 3, 4]])).tolist()).toEqual([[14, 20]]);
  });

  it('pad with what the mode says', () => {
    // [1, 2, 3, 4] with 2 on each side, kernel [1, 0, 0, 0, 0]: the padded sequence itself, from its start on
    const first = (paddingMode: PaddingMode) => {
      const layer = new Conv1d(1, 1, 5, { padding: 2, paddingMode, bias: false, generator });
      layer.loadStateDict({ weight: tensor([[[1, 0, 0, 0, 0]]]) });
      return layer.call(tensor([[[1, 2, 3, 4]]])).toArray();
    };
    expect(first('zeros')).toEqual(Float64Array.of(0, 0, 1, 2));
    expect(first('reflect')).toEqual(Float64Array.of(3, 2, 1, 2));
    expect(first('replicate')).toEqual(Float64Array.of(1, 1, 1, 2));
    expect(first('circular')).toEqual(Float64Array.of(3, 4, 1, 2));
  });

  it('pad rows and columns of images as they should', () => {
    const layer = new Conv2d(1, 1, 1, { padding: [1, 2], paddingMode: 'replicate', bias: false, generator });
    layer.loadStateDict({ weight: ones([1, 1, 1, 1]) });
    const y = layer.call(arange(4).reshape([1, 2, 2]));
    expect(y.tolist()).toEqual([
      [
        [0, 0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1, 1],
        [2, 2, 2, 3, 3, 3],
        [2, 2, 2, 3, 3, 3],
      ],
    ]);
  });

  it('keep the size with padding "same", in every mode', () => {
    for (const paddingMode of ['zeros', 'reflect', 'replicate', 'circular'] as const) {
      const layer = new Conv2d(1, 2, [2, 3], { padding: 'same', dilation: [1, 2], paddingMode, generator });
      expect(layer.call(drawn(2, 1, 5, 6)).shape).toEqual([2, 2, 5, 6]);
    }
    // An even kernel: the odd pixel of padding goes after.
    const layer = new Conv1d(1, 1, 2, { padding: 'same', paddingMode: 'circular', bias: false, generator });
    layer.loadStateDict({ weight: tensor([[[1, 10]]]) });
    expect(layer.call(tensor([[[1, 2, 3]]])).tolist()).toEqual([[[21, 32, 13]]]);
    const valid = new Conv1d(1, 1, 2, { padding: 'valid', paddingMode: 'reflect', generator });
    expect(valid.call(drawn(1, 5)).shape).toEqual([1, 4]);
  });

  it('say what they are, with what is not usual', () => {
    expect(String(new Conv2d(3, 8, 3, { generator }))).toBe('Conv2d(3, 8, kernelSize=[3, 3], stride=[1, 1])');
    expect(String(new Conv2d(4, 8, [1, 3], { stride: 2, padding: [0, 1], groups: 2, bias: false, generator }))).toBe(
      'Conv2d(4, 8, kernelSize=[1, 3], stride=[2, 2], padding=[0, 1], groups=2, bias=false)',
    );
    expect(String(new Conv1d(1, 1, 3, { padding: 'same', dilation: 2, paddingMode: 'circular', generator }))).toBe(
      'Conv1d(1, 1, kernelSize=[3], stride=[1], padding=same, dilation=[2], paddingMode=circular)',
    );
    expect(String(new ConvTranspose2d(2, 1, 3, { stride: 2, outputPadding: 1, generator }))).toBe(
      'ConvTranspose2d(2, 1, kernelSize=[3, 3], stride=[2, 2], outputPadding=[1, 1])',
    );
    expect(new Conv2d(3, 8, [3, 5], { generator }).label).toBe('Conv2d 3→8, 3×5');
  });

  it('refuse what makes no convolution', () => {
    expect(() => new Conv2d(3, 4, 3, { groups: 2 })).toThrow(
      'Conv2d: inChannels must be divisible by groups: 3 by 2 is not whole',
    );
    expect(() => new Conv1d(4, 3, 3, { groups: 2 })).toThrow(/outChannels must be divisible by groups: 3 by 2/);
    expect(() => new Conv2d(3, 4, [3, 3, 3])).toThrow(
      'Conv2d: kernelSize must be a number or a list of 2, got [3, 3, 3]',
    );
    expect(() => new Conv2d(3, 4, 0)).toThrow(/kernelSize must be a whole number of at least 1, got 0/);
    expect(() => new Conv2d(3, 4, 3, { padding: -1 })).toThrow(/padding must be a whole number of at least 0, got -1/);
    expect(() => new Conv2d(3, 4, 3, { stride: 2, padding: 'same' })).toThrow(
      'Conv2d: padding "same" needs a stride of 1, got [2, 2]',
    );
    expect(() => new Conv2d(3, 4, 3, { padding: 'full' as 'same' })).toThrow(/padding must be one of "same", "valid"/);
    expect(() => new Conv2d(3, 4, 3, { paddingMode: 'reflection' as 'reflect' })).toThrow(/Did you mean "reflect"\?/);
    expect(() => new ConvTranspose2d(3, 4, 3, { paddingMode: 'reflect' as 'zeros' })).toThrow(
      /ConvTranspose2d: paddingMode must be one of "zeros"/,
    );
    expect(() => new Conv2d(3, 4, 3, { generator }).call(ones([1, 2, 5, 5]))).toThrow(/^in Conv2d 3→4, 3×3: conv2d: /);
  });
});

describe('ConvTranspose2d', () => {
  it('makes the size that is asked for, of those that its stride allows', () => {
    const layer = new ConvTranspose2d(1, 1, 3, { stride: 2, padding: 1, generator });
    const x = drawn(2, 1, 4, 5);
    expect(layer.call(x).shape).toEqual([2, 1, 7, 9]);
    const y = layer.call(x, { outputSize: [8, 9] });
    expect(y.tolist()).toEqual(
      F.convTranspose2d(x, layer.weight, { bias: layer.bias, stride: 2, padding: 1, outputPadding: [1, 0] }).tolist(),
    );
    expect(layer.call(x, { outputSize: [2, 1, 8, 10] }).shape).toEqual([2, 1, 8, 10]);
  });

  it('refuses sizes out of reach', () => {
    const layer = new ConvTranspose2d(1, 1, 3, { stride: 2, padding: 1, generator });
    for (const outputSize of [[9, 9], [6, 9], [8], [8, 9, 1]]) {
      expect(() => layer.call(drawn(2, 1, 4, 5), { outputSize })).toThrow(
        /outputSize \[.*\] can't be made of \[2, 1, 4, 5\]: it must lie from \[7, 9\] to \[8, 10\]/,
      );
    }
  });
});
