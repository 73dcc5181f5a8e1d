import { ones, type Sizes, type Tensor, zeros } from '@ndgrad/core';
import {
  AdaptiveAvgPool2d,
  type AnyModule,
  AvgPool1d,
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv1d,
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  LayerNorm,
  MaxPool1d,
} from '@ndgrad/nn';
import { isExact, type Target } from '../graph.ts';
import type { Mapping } from '../mapping.ts';

// Layers that are made of many operations here, and for which ONNX has an operator.

/** How a layer is written as a whole. */
interface LayerMapping<Layer> {
  /** The operator's operands, for an input; `null` where the operator does not do what the layer does. */
  operands: (layer: Layer, x: Tensor, target: Target) => readonly Tensor[] | null;
  write: Mapping<Layer>;
}

type BatchNorm = BatchNorm1d | BatchNorm2d;
const batchNorm: LayerMapping<BatchNorm> = {
  operands: ({ weight, bias, runningMean, runningVar, numFeatures, eps }, x, target) => {
    if (runningMean === null || runningVar === null || !isExact(eps, target)) return null;
    return [x, weight ?? ones([numFeatures]), bias ?? zeros([numFeatures]), runningMean, runningVar];
  },
  write: ({ graph, inputs, read }) => {
    const names = inputs.map((operand) => operand.name);
    return graph.node('BatchNormalization', names, { epsilon: read(({ eps }) => eps) });
  },
};

const layerNorm: LayerMapping<LayerNorm> = {
  operands: ({ weight, bias, normalizedShape, eps }, x, target) => {
    if (!isExact(eps, target)) return null;
    return [x, weight ?? ones(normalizedShape), ...(bias === null ? [] : [bias])];
  },
  write: ({ graph, inputs, read }) => {
    const names = inputs.map((operand) => operand.name);
    const attributes = {
      axis: -read(({ normalizedShape }) => normalizedShape).length,
      epsilon: read(({ eps }) => eps),
    };
    return graph.node('LayerNormalization', names, attributes);
  },
};

/** The operator takes one number for each channel since opset 21; before, one for each group. */
const groupNorm: LayerMapping<GroupNorm> = {
  operands: ({ weight, bias, numChannels, eps }, x, target) => {
    if (target.opset < 21 || !isExact(eps, target)) return null;
    return [x, weight ?? ones([numChannels]), bias ?? zeros([numChannels])];
  },
  write: ({ graph, inputs, read }) => {
    const names = inputs.map((operand) => operand.name);
    const attributes = { num_groups: read(({ numGroups }) => numGroups), epsilon: read(({ eps }) => eps) };
    return graph.node('GroupNormalization', names, attributes);
  },
};

type InstanceNorm = InstanceNorm1d | InstanceNorm2d;
const instanceNorm = (dims: number): LayerMapping<InstanceNorm> => ({
  operands: ({ weight, bias, numFeatures, trackRunningStats }, x, { dtype }) => {
    // ONNX Runtime knows it for single precision only; an input without a batch dim is none for it.
    if (dtype === 'float64' || trackRunningStats || x.ndim !== dims + 2) return null;
    return [x, weight ?? ones([numFeatures]), bias ?? zeros([numFeatures])];
  },
  write: ({ graph, inputs, read }) => {
    const names = inputs.map((operand) => operand.name);
    return graph.node('InstanceNormalization', names, { epsilon: read(({ eps }) => eps) });
  },
});

/** Sizes as a list, one for each dim of a window. */
const listOf = (sizes: Sizes, dims: number): readonly number[] =>
  typeof sizes === 'number' ? new Array<number>(dims).fill(sizes) : sizes;

/** A stride for each dim; the kernel's size where none is given. */
const strideOf = (stride: Sizes | null, kernel: readonly number[]): readonly number[] =>
  stride === null || (typeof stride !== 'number' && stride.length === 0) ? kernel : listOf(stride, kernel.length);

const twice = (padding: readonly number[]): number[] => [...padding, ...padding];

/** ONNX Runtime knows it for single precision only, and counts otherwise where the last window reaches beyond the end. */
const avgPool = (dims: number): LayerMapping<AvgPool1d | AvgPool2d> => ({
  operands: ({ options }, x, { dtype }) => {
    const usual = !options.ceilMode && !('divisorOverride' in options && options.divisorOverride !== null);
    return dtype === 'float32' && usual && x.ndim === dims + 2 ? [x] : null;
  },
  write: ({ graph, inputs: [x], read }) => {
    const kernel = listOf(
      read(({ kernelSize }) => kernelSize),
      dims,
    );
    const { stride, padding, countIncludePad } = read(({ options }) => options);
    return graph.node('AveragePool', [x!.name], {
      kernel_shape: kernel,
      strides: strideOf(stride, kernel),
      pads: twice(listOf(padding, dims)),
      count_include_pad: countIncludePad ? 1 : 0,
    });
  },
});

const averageOfAll: LayerMapping<AdaptiveAvgPool2d> = {
  operands: ({ outputSize }, x, { dtype }) => {
    const one = [outputSize].flat().every((size) => size === 1);
    return dtype === 'float32' && one && x.ndim === 4 ? [x] : null;
  },
  write: ({ graph, inputs: [x] }) => graph.node('GlobalAveragePool', [x!.name]),
};

// What is one-dimensional is two-dimensional on images of height 1 here, but not in ONNX.

const maxPool1d: LayerMapping<MaxPool1d> = {
  operands: ({ options }, x) => (x.ndim === 3 && !options.ceilMode && !options.returnIndices ? [x] : null),
  write: ({ graph, inputs: [x], read }) => {
    const kernel = listOf(
      read(({ kernelSize }) => kernelSize),
      1,
    );
    const { stride, padding, dilation } = read(({ options }) => options);
    return graph.node('MaxPool', [x!.name], {
      kernel_shape: kernel,
      strides: strideOf(stride, kernel),
      dilations: listOf(dilation, 1),
      pads: twice(listOf(padding, 1)),
    });
  },
};

const conv1d: LayerMapping<Conv1d> = {
  operands: ({ weight, bias, paddingMode }, x, { dtype }) => {
    if (dtype === 'float64' || x.ndim !== 3 || paddingMode !== 'zeros') return null;
    return [x, weight, ...(bias === null ? [] : [bias])];
  },
  write: ({ graph, inputs, read }) => {
    const { padding, kernelSize, stride, dilation, groups } = read(
      ({ padding, kernelSize, stride, dilation, groups }) => ({ padding, kernelSize, stride, dilation, groups }),
    );
    const span = dilation[0]! * (kernelSize[0]! - 1);
    const same = [Math.floor(span / 2), Math.ceil(span / 2)];
    const names = inputs.map((operand) => operand.name);
    return graph.node('Conv', names, {
      kernel_shape: kernelSize,
      strides: stride,
      dilations: dilation,
      group: groups,
      pads: padding === 'same' ? same : padding === 'valid' ? [0, 0] : twice(padding),
    });
  },
};

/** By the layers' classes; not by those derived from them, which may do something else. */
const layers: ReadonlyMap<unknown, LayerMapping<never>> = new Map<unknown, LayerMapping<never>>([
  [AdaptiveAvgPool2d, averageOfAll],
  [AvgPool1d, avgPool(1)],
  [AvgPool2d, avgPool(2)],
  [MaxPool1d, maxPool1d],
  [Conv1d, conv1d],
  [BatchNorm1d, batchNorm],
  [BatchNorm2d, batchNorm],
  [LayerNorm, layerNorm],
  [GroupNorm, groupNorm],
  [InstanceNorm1d, instanceNorm(1)],
  [InstanceNorm2d, instanceNorm(2)],
]);

const mappingFor = (layer: object): LayerMapping<AnyModule> | undefined =>
  layers.get(layer.constructor) as LayerMapping<AnyModule> | undefined;

/** The operands of the operator that a layer is written as; `null` for one that is written by the operations inside. */
export function operandsOf(layer: AnyModule, inputs: readonly unknown[], target: Target): readonly Tensor[] | null {
  const mapping = inputs.length === 1 ? mappingFor(layer) : undefined;
  return mapping?.operands(layer, inputs[0] as Tensor, target) ?? null;
}

/** How a layer is written as a whole. */
export const layerMapping = (layer: object): Mapping | undefined => mappingFor(layer)?.write as Mapping | undefined;
