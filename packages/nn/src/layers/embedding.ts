import {
  checkInteger,
  defaultGenerator,
  empty,
  formatShape,
  type Generator,
  noGrad,
  readOptions,
  ShapeError,
  sameShape,
  select,
  type Tensor,
  zero_,
} from '@ndgrad/core';
import { type EmbeddingOptions, embedding, embeddingDefaults, paddingRow } from '../functional/embedding.ts';
import * as init from '../init.ts';
import { Module } from '../module.ts';
import { Parameter } from '../parameter.ts';

/** What Embedding takes besides the sizes. */
export interface EmbeddingLayerOptions extends EmbeddingOptions {
  /** The table, instead of a drawn one (default none); its memory is shared. */
  _weight?: Tensor | null;
  /** Draws the initial values. */
  generator?: Generator;
}

const defaults: Required<EmbeddingLayerOptions> = {
  ...embeddingDefaults,
  _weight: null,
  generator: defaultGenerator,
};

/**
 * A table `[numEmbeddings, embeddingDim]` of learnt rows, looked up by number: takes whole numbers `[…]`, gives
 * `[…, embeddingDim]`. Rows start standard normal; the row `paddingIdx` starts at 0 and stays as it is.
 * @see PyTorch `nn.Embedding`
 */
export class Embedding extends Module {
  readonly weight: Parameter;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options?: EmbeddingLayerOptions,
  ) {
    super();
    const { paddingIdx, _weight, generator, ...rest } = readOptions('Embedding', options, defaults);
    checkInteger('Embedding', 'numEmbeddings', numEmbeddings);
    checkInteger('Embedding', 'embeddingDim', embeddingDim);
    const shape = [numEmbeddings, embeddingDim];
    if (_weight !== null && !sameShape(_weight.shape, shape)) {
      throw new ShapeError(`Embedding: the weight must be ${formatShape(shape)}, got ${formatShape(_weight.shape)}`);
    }
    this.paddingIdx = paddingIdx === null ? null : paddingRow('Embedding', paddingIdx, numEmbeddings);
    this.maxNorm = rest.maxNorm;
    this.normType = rest.normType;
    this.scaleGradByFreq = rest.scaleGradByFreq;
    this.weight = new Parameter(_weight ?? drawn(shape, this.paddingIdx, generator));
  }

  /** A layer on a table `[numEmbeddings, embeddingDim]` that is there already, by default not to be learnt further. */
  static fromPretrained(embeddings: Tensor, options?: EmbeddingOptions & { freeze?: boolean }): Embedding {
    const { freeze, ...rest } = readOptions('Embedding', options, { ...embeddingDefaults, freeze: true });
    if (embeddings.ndim !== 2) {
      throw new ShapeError(`Embedding: the table must have two dimensions, got ${formatShape(embeddings.shape)}`);
    }
    const [count, width] = embeddings.shape as [number, number];
    const layer = new Embedding(count, width, { ...rest, _weight: embeddings });
    layer.weight.requiresGrad = !freeze;
    return layer;
  }

  override forward(indices: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(indices, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
  }

  override extraRepr(): string {
    const notes = [`${this.numEmbeddings}, ${this.embeddingDim}`];
    for (const name of ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq'] as const) {
      if (this[name] !== defaults[name]) notes.push(`${name}=${this[name]}`);
    }
    return notes.join(', ');
  }

  override get label(): string {
    return `${super.label} ${this.numEmbeddings}→${this.embeddingDim}`;
  }
}

function drawn(shape: number[], paddingIdx: number | null, generator: Generator): Tensor {
  const table = init.normal_(empty(shape), { generator });
  // The padding row's numbers are drawn all the same, as in PyTorch.
  if (paddingIdx !== null) noGrad(() => zero_(select(table, 0, paddingIdx)));
  return table;
}
