import { readOptions, Tensor } from '@ndgrad/core';

/**
 * A tensor that a module learns: it wants a gradient, optimizers find it, and it is part of the module's state. It
 * shows the memory of the tensor that it is made of.
 * @see PyTorch `nn.Parameter`
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, options?: { requiresGrad?: boolean }) {
    const { requiresGrad } = readOptions('Parameter', options, { requiresGrad: true });
    super(data.ndarray, data.storage);
    this.requiresGrad = requiresGrad;
  }
}

/**
 * A tensor that belongs to a module's state without being learnt: running statistics, say. It wants no gradient. It
 * shows the memory of the tensor that it is made of.
 * @see PyTorch `nn.parameter.Buffer`
 */
export class Buffer extends Tensor {
  constructor(data: Tensor) {
    super(data.ndarray, data.storage);
  }
}
