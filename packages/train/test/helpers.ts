import { Writable } from 'node:stream';
import { manualSeed, randn, type Tensor } from '@ndgrad/core';
import { DataLoader, TensorDataset } from '@ndgrad/data';
import { Linear } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';

/** A stream that keeps what is written. */
export class Paper extends Writable {
  text = '';
  constructor(
    readonly isTTY = false,
    readonly columns = 100,
  ) {
    super();
  }
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** 40 points of two classes: label 1 where x₀ + x₁ > 0. */
export function twoClasses(seed = 0, rows = 40): TensorDataset {
  manualSeed(seed);
  const x = randn([rows, 2]);
  return new TensorDataset(x, x.sum({ dim: 1 }).gt(0));
}

/** A linear model of two classes with its optimizer, and loaders for 40 rows in batches of 10. */
export function linearProblem({ lr = 0.5, seed = 0 }: { lr?: number; seed?: number } = {}) {
  const train = new DataLoader(twoClasses(seed), { batchSize: 10 });
  const validation = new DataLoader(twoClasses(seed + 1), { batchSize: 16 });
  const model = new Linear(2, 2);
  return { model, train, validation, optimizer: new SGD(model.parameters(), { lr }) };
}

/** The weights of a model, as plain lists. */
export function weightsOf(model: { parameters(): Tensor[] }): unknown[] {
  return model.parameters().map((parameter) => parameter.tolist());
}
