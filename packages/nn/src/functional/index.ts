// Operations of layers without state: PyTorch's `torch.nn.functional`. What needs a kernel lives in core.

export {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  batchNorm,
  celu,
  conv1d,
  conv2d,
  convTranspose2d,
  elu,
  fold,
  gelu,
  glu,
  groupNorm,
  hardtanh,
  instanceNorm,
  interpolate,
  layerNorm,
  leakyRelu,
  localResponseNorm,
  logSoftmax,
  logsigmoid,
  maxPool1d,
  maxPool2d,
  mish,
  pad,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
  threshold,
  unfold,
} from '@ndgrad/core';
export * from './distance.ts';
export * from './dropout.ts';
export * from './embedding.ts';
export * from './linear.ts';
export * from './loss/index.ts';
