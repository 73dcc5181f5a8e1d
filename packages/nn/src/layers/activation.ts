import {
  ArgumentError,
  celu,
  checkInteger,
  checkNumber,
  elu,
  full,
  gelu,
  glu,
  hardtanh,
  leakyRelu,
  logSoftmax,
  logsigmoid,
  mish,
  prelu,
  readOptions,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  type Tensor,
  tanh,
  threshold,
} from '@ndgrad/core';
import { Module } from '../module.ts';
import { Parameter } from '../parameter.ts';
import { settingsOf } from '../settings.ts';

/** A layer that changes each element by itself. Its text shows its settings: `LeakyReLU(negativeSlope=0.01)`. */
abstract class Activation extends Module {
  override extraRepr(): string {
    return settingsOf(this);
  }
}

/** max(0, x). @see PyTorch `nn.ReLU` */
export class ReLU extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/**
 * x where x > 0, else negativeSlope · x (default 0.01).
 * @see PyTorch `nn.LeakyReLU`
 */
export class LeakyReLU extends Activation {
  static override readonly keepsNothing = true;

  readonly negativeSlope: number;

  constructor(options?: { negativeSlope?: number }) {
    super();
    const { negativeSlope } = readOptions('LeakyReLU', options, { negativeSlope: 0.01 });
    this.negativeSlope = negativeSlope;
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
}

/**
 * x where x > 0, else w · x, with w learnt: one for all, or one for each of `numParameters` channels (dim 1). It starts at
 * `init` (default 0.25).
 * @see He et al. (2015); PyTorch `nn.PReLU`
 */
export class PReLU extends Activation {
  static override readonly keepsNothing = true;

  readonly weight: Parameter;
  readonly numParameters: number;

  constructor(options?: { numParameters?: number; init?: number }) {
    super();
    const { numParameters, init } = readOptions('PReLU', options, { numParameters: 1, init: 0.25 });
    checkInteger('PReLU', 'numParameters', numParameters, 1);
    checkNumber('PReLU', 'init', init);
    this.numParameters = numParameters;
    this.weight = new Parameter(full([numParameters], init));
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}

/** min(max(0, x), 6). @see PyTorch `nn.ReLU6` */
export class ReLU6 extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/**
 * min(max(x, minVal), maxVal) (defaults −1 and 1).
 * @throws ArgumentError unless maxVal is the larger
 * @see PyTorch `nn.Hardtanh`
 */
export class Hardtanh extends Activation {
  static override readonly keepsNothing = true;

  readonly minVal: number;
  readonly maxVal: number;

  constructor(options?: { minVal?: number; maxVal?: number }) {
    super();
    const { minVal, maxVal } = readOptions('Hardtanh', options, { minVal: -1, maxVal: 1 });
    if (!(maxVal > minVal)) {
      throw new ArgumentError(`Hardtanh: maxVal (${maxVal}) must be greater than minVal (${minVal})`);
    }
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  override forward(x: Tensor): Tensor {
    return hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal });
  }
}

/** x where x > threshold, else `value`. @see PyTorch `nn.Threshold` */
export class Threshold extends Activation {
  static override readonly keepsNothing = true;

  constructor(
    readonly threshold: number,
    readonly value: number,
  ) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return threshold(x, this.threshold, this.value);
  }
}

/**
 * x where x > 0, else alpha · (eˣ − 1) (default alpha 1).
 * @see PyTorch `nn.ELU`
 */
export class ELU extends Activation {
  static override readonly keepsNothing = true;

  readonly alpha: number;

  constructor(options?: { alpha?: number }) {
    super();
    const { alpha } = readOptions('ELU', options, { alpha: 1 });
    this.alpha = alpha;
  }

  override forward(x: Tensor): Tensor {
    return elu(x, { alpha: this.alpha });
  }
}

/** ELU scaled so that layers keep mean 0 and variance 1. @see PyTorch `nn.SELU` */
export class SELU extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/**
 * x where x > 0, else alpha · (e^(x / alpha) − 1) (default alpha 1).
 * @see PyTorch `nn.CELU`
 */
export class CELU extends Activation {
  static override readonly keepsNothing = true;

  readonly alpha: number;

  constructor(options?: { alpha?: number }) {
    super();
    const { alpha } = readOptions('CELU', options, { alpha: 1 });
    this.alpha = alpha;
  }

  override forward(x: Tensor): Tensor {
    return celu(x, { alpha: this.alpha });
  }
}

/**
 * x · Φ(x), with Φ the standard normal distribution function, or with `approximate: 'tanh'` nearly so.
 * @see PyTorch `nn.GELU`
 */
export class GELU extends Activation {
  static override readonly keepsNothing = true;

  readonly approximate: 'none' | 'tanh';

  constructor(options?: { approximate?: 'none' | 'tanh' }) {
    super();
    const { approximate } = readOptions('GELU', options, { approximate: 'none' as 'none' | 'tanh' });
    this.approximate = approximate;
  }

  override forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }
}

/** x · σ(x), also called swish. @see PyTorch `nn.SiLU` */
export class SiLU extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** x · tanh(softplus(x)). @see PyTorch `nn.Mish` */
export class Mish extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** σ(x) = 1 / (1 + e⁻ˣ). @see PyTorch `nn.Sigmoid` */
export class Sigmoid extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** The hyperbolic tangent. @see PyTorch `nn.Tanh` */
export class Tanh extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** ln σ(x). @see PyTorch `nn.LogSigmoid` */
export class LogSigmoid extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return logsigmoid(x);
  }
}

/**
 * ln(1 + e^(beta · x)) / beta (default beta 1); x itself where beta · x exceeds the threshold (default 20).
 * @see PyTorch `nn.Softplus`
 */
export class Softplus extends Activation {
  static override readonly keepsNothing = true;

  readonly beta: number;
  readonly threshold: number;

  constructor(options?: { beta?: number; threshold?: number }) {
    super();
    const { beta, threshold } = readOptions('Softplus', options, { beta: 1, threshold: 20 });
    this.beta = beta;
    this.threshold = threshold;
  }

  override forward(x: Tensor): Tensor {
    return softplus(x, { beta: this.beta, threshold: this.threshold });
  }
}

/** x / (1 + |x|). @see PyTorch `nn.Softsign` */
export class Softsign extends Activation {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/**
 * The gated linear unit: a · σ(b), with a and b the halves of x along `dim` (default the last).
 * @see PyTorch `nn.GLU`
 */
export class GLU extends Activation {
  static override readonly keepsNothing = true;

  readonly dim: number;

  constructor(options?: { dim?: number }) {
    super();
    const { dim } = readOptions('GLU', options, { dim: -1 });
    this.dim = dim;
  }

  override forward(x: Tensor): Tensor {
    return glu(x, { dim: this.dim });
  }
}

/** Softmax and LogSoftmax. */
abstract class AlongDim extends Activation {
  readonly dim: number | null;

  constructor(options?: { dim?: number | null }) {
    super();
    this.dim = readOptions(this.label, options, { dim: null as number | null }).dim;
  }

  /** Without a dim, PyTorch's choice: 0 of up to one or of three dims, else 1. */
  protected dimOf(x: Tensor): number {
    return this.dim ?? ([0, 1, 3].includes(x.ndim) ? 0 : 1);
  }
}

/**
 * eˣ / Σ eˣ along `dim`; it should be given, and is otherwise 0 of one or three dims, 1 of others.
 * @see PyTorch `nn.Softmax`
 */
export class Softmax extends AlongDim {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return softmax(x, this.dimOf(x));
  }
}

/** ln softmax(x) along `dim`, which is chosen as by `Softmax`. @see PyTorch `nn.LogSoftmax` */
export class LogSoftmax extends AlongDim {
  static override readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dimOf(x));
  }
}
