import { fromArray, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { clipGradNorm_, clipGradValue_ } from '../src/index.ts';
import { expectClose, numberOf, parameter, recordsOf, type Stored, tensorOf } from './records.ts';

interface Run {
  id: string;
  function: 'clip_grad_norm_' | 'clip_grad_value_';
  args: [number];
  options: { norm_type?: number | string; error_if_nonfinite?: boolean };
  gradients: (Stored | null)[];
  shapes: number[][];
  result?: Stored | null;
  after: (Stored | null)[];
  error?: object;
}

function parametersOf({ shapes, gradients }: Run): Tensor[] {
  return shapes.map((shape, i) => {
    const w = zeros(shape, { requiresGrad: true });
    w.grad = gradients[i] ? tensorOf(gradients[i]) : null;
    return w;
  });
}

function expectGradients(params: Tensor[], { after }: Run): void {
  params.forEach((w, i) => {
    if (after[i]) expectClose(w.grad!.toArray(), after[i].data.map(numberOf), 1e-12, `gradient ${i}`);
    else expect(w.grad).toBeNull();
  });
}

describe('clipGradNorm_', () => {
  it.each(recordsOf<Run>('clip_grad_norm_'))('scales as PyTorch: $id, $args $options', (run) => {
    const params = parametersOf(run);
    const { norm_type = 2, error_if_nonfinite: errorIfNonfinite = false } = run.options;
    const clip = () => clipGradNorm_(params, run.args[0], { normType: numberOf(norm_type), errorIfNonfinite });
    if (run.error) {
      expect(clip).toThrow("clipGradNorm_: the norm of the gradients is NaN, so they can't be scaled");
      return;
    }
    const total = clip();
    expect(total.shape).toEqual([]);
    expectClose(total.toArray(), run.result!.data.map(numberOf), 1e-12, 'norm');
    expectGradients(params, run);
  });

  it('counts the gradients that are not 0 for p = 0, and finds the smallest element for p = −∞', () => {
    const params = [parameter([1, 1, 1], [3, 0, -4]), parameter([1], [-2]), parameter([1], [0])];
    expect(clipGradNorm_(params, Infinity, { normType: 0 }).item()).toBe(2);
    expect(clipGradNorm_(params.slice(0, 2), Infinity, { normType: -Infinity }).item()).toBe(0);
    expect(clipGradNorm_(params[1]!, Infinity, { normType: -Infinity }).item()).toBe(2);
  });

  it('takes one parameter, or a generator of them', () => {
    const w = parameter([1, 1], [3, 4]);
    expect(clipGradNorm_(w, 2.5).item()).toBe(5);
    expectClose(w.grad!.toArray(), [1.5, 2], 1e-6);
    function* each() {
      yield w;
    }
    clipGradNorm_(each(), 0);
    expect(w.grad!.tolist()).toEqual([0, 0]);
  });

  it('changes gradients in place, also those that have a history or are not contiguous', () => {
    const memory = Float64Array.of(3, 0, 4, 0);
    const w = parameter([1, 1]);
    w.grad = fromArray(memory, { shape: [2, 2] }).select(1, 0);
    clipGradNorm_(w, 1);
    expectClose(memory, [0.6, 0, 0.8, 0], 1e-6);
    const v = parameter([2]);
    v.pow(3).sum().backward({ createGraph: true });
    clipGradNorm_(v, 6);
    expectClose(v.grad!.toArray(), [6], 1e-6);
  });

  it('refuses limits below 0, NaN, and what is no tensor', () => {
    const w = parameter([1], [1]);
    expect(() => clipGradNorm_(w, -1)).toThrow('clipGradNorm_: maxNorm must be a number of at least 0, got -1');
    expect(() => clipGradNorm_(w, Number.NaN)).toThrow('maxNorm must be a number of at least 0, got NaN');
    expect(() => clipGradNorm_(w, 1, { normType: Number.NaN })).toThrow(
      'clipGradNorm_: normType must be a number, got NaN',
    );
    expect(() => clipGradNorm_(w, 1, { norm_type: 1 } as never)).toThrow('Did you mean "normType"?');
    expect(() => clipGradNorm_([1] as never, 1)).toThrow('clipGradNorm_: expected parameters (tensors), got 1');
  });
});

describe('clipGradValue_', () => {
  it.each(recordsOf<Run>('clip_grad_value_'))('clamps as PyTorch: $id, $args', (run) => {
    const params = parametersOf(run);
    expect(clipGradValue_(params, run.args[0])).toBeUndefined();
    expectGradients(params, run);
  });

  it('keeps NaN, and clamps infinities', () => {
    const w = parameter([1, 1, 1], [Number.NaN, Infinity, -Infinity]);
    clipGradValue_(w, 2);
    expect(w.grad!.tolist()).toEqual([Number.NaN, 2, -2]);
  });

  it('refuses a limit below 0', () => {
    expect(() => clipGradValue_(tensor([1]), -1)).toThrow(
      'clipGradValue_: clipValue must be a number of at least 0, got -1',
    );
  });
});
