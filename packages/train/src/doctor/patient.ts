import { enableGrad, grad, narrow, noGrad, sum, type Tensor } from '@ndgrad/core';
import { type AnyModule, Dropout, Dropout1d, Dropout2d, Module } from '@ndgrad/nn';
import type { Stateful } from '../checkpoint/parts.ts';
import { type Loader, type Loss, lossOf } from '../measure.ts';
import { pauses } from '../pause.ts';
import type { FitOptimizer } from '../records.ts';
import { type LossKind, lossKind } from './lossKind.ts';
import { type Sample, sampleOf } from './sample.ts';
import { Snapshot } from './snapshot.ts';

/** A parameter and its name. */
export type Named = readonly [name: string, parameter: Tensor];

/** What is to be examined. */
export interface Case {
  readonly model: Module;
  readonly loss: Loss;
  readonly optimizer: FitOptimizer;
  readonly loader: Loader;
  readonly validation: Loader | null;
  /** One step of the user's own loop. */
  readonly step: ((batch: readonly [Tensor, Tensor]) => unknown) | null;
  /** The user's own evaluation. */
  readonly evaluate: (() => unknown) | null;
  /** The user's own loss by strength of its regularisation. */
  readonly regularised: ((strength: number) => Loss) | null;
  /** For everything together. */
  readonly seconds: number;
  readonly signal: AbortSignal | null;
}

/** How many rows are looked at together: the first of these that takes no more than this share of the time. */
const PROBE = { rows: [256, 64, 16], share: 0.01 };
const TIMED_ROWS = 16;
const TIMED_CALLS = 5;

/** A training run under examination: its parts, rows to try it on, and the way back to the state in which it came. */
export class Patient {
  readonly sample: Sample;
  readonly snapshot: Snapshot;
  /** Parameters that are to be learnt. */
  readonly parameters: readonly Named[];
  /** The optimizer, if its state can be saved. */
  readonly stateful: (FitOptimizer & Stateful) | null;
  readonly pause = pauses();
  private readonly began = performance.now();
  private knownKind: LossKind | null = null;
  private knownProbe: number | null = null;

  constructor(readonly about: Case) {
    const { model, loss, optimizer, loader } = about;
    const modules: AnyModule[] = [model];
    if (loss instanceof Module) modules.push(loss as AnyModule);
    this.stateful = isStateful(optimizer) ? optimizer : null;
    this.snapshot = new Snapshot(modules, optimizerParameters(optimizer), this.stateful);
    try {
      this.parameters = model.namedParameters().filter(([, parameter]) => parameter.requiresGrad);
      this.sample = sampleOf(loader);
    } catch (error) {
      this.snapshot.end();
      throw error;
    }
  }

  get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  /** Tells when a share of all the time has been spent from now on. */
  timer(share: number): () => boolean {
    const until = Math.min(this.seconds + share * this.about.seconds, this.about.seconds);
    return () => this.seconds >= until || this.about.signal?.aborted === true;
  }

  /** The loss by what it does, tried on outputs of the shape that the model gives. */
  get kind(): LossKind {
    if (this.knownKind === null) {
      const [x, y] = this.rows(3);
      this.knownKind = lossKind(this.about.loss, this.outputs(x), y);
    }
    return this.knownKind;
  }

  /** How many rows to look at together, by the time that the model takes for them. */
  get probeRows(): number {
    if (this.knownProbe === null) {
      const [x] = this.rows(TIMED_ROWS);
      const timed = () => {
        const before = this.seconds;
        this.outputs(x);
        return this.seconds - before;
      };
      // The shortest: the first call of all is slower, and whatever else the machine does only adds.
      const perRow = Math.min(...Array.from({ length: TIMED_CALLS }, timed)) / x.shape[0]!;
      const most = (PROBE.share * this.about.seconds) / perRow;
      this.knownProbe = PROBE.rows.find((rows) => rows <= most) ?? PROBE.rows.at(-1)!;
    }
    return this.knownProbe;
  }

  /** Rows to look at together. */
  probe(): readonly [x: Tensor, y: Tensor] {
    return this.rows(this.probeRows);
  }

  /** The first rows of the sample, which are random ones. */
  rows(count: number, start = 0): readonly [x: Tensor, y: Tensor] {
    const { x, y, rows } = this.sample;
    const length = Math.min(count, rows - start);
    return noGrad(() => [narrow(x, 0, start, length), narrow(y, 0, start, length)]);
  }

  /** The sample cut into batches as large as the loader's, over and over. */
  *batches(): Generator<readonly [x: Tensor, y: Tensor]> {
    const { rows, batchSize } = this.sample;
    // Batch normalisation needs two.
    const size = Math.min(rows, this.probeRows, Math.max(batchSize, 2));
    for (;;) for (let start = 0; start + size <= rows; start += size) yield this.rows(size, start);
  }

  /** What the model gives in evaluation mode, unrecorded. */
  outputs(x: Tensor): Tensor {
    this.evaluating();
    return noGrad(() => this.about.model.call(x));
  }

  lossOf(x: Tensor, y: Tensor, loss: Loss = this.about.loss): Tensor {
    return enableGrad(() => lossOf(loss, this.about.model.call(x), y));
  }

  /** The gradients of the mean loss in the learnable parameters; `null` where there is none. */
  gradients(x: Tensor, y: Tensor): (Tensor | null)[] {
    const loss = this.lossOf(x, y);
    if (!loss.requiresGrad) return this.parameters.map(() => null);
    const tensors = this.parameters.map(([, parameter]) => parameter);
    return grad(loss.numel() === 1 ? loss : sum(loss), tensors, { allowUnused: true });
  }

  // Modes

  evaluating(): void {
    this.about.model.eval();
  }

  /** As it is trained. */
  training(): void {
    this.about.model.train();
  }

  /** As it is trained, but for dropout, which would hide what the layers themselves do. */
  steady(): void {
    this.training();
    for (const module of this.about.model.modules()) if (isDropout(module)) module.training = false;
  }

  end(): void {
    this.snapshot.end();
  }
}

export const isDropout = (module: AnyModule): boolean =>
  [Dropout, Dropout1d, Dropout2d].some((kind) => (module as unknown) instanceof kind);

/** The parameters that an optimizer has, where it tells. */
export function optimizerParameters({ paramGroups }: FitOptimizer): Tensor[] {
  return paramGroups.flatMap((group) => [...((group as { params?: Iterable<Tensor> }).params ?? [])]);
}

function isStateful(optimizer: FitOptimizer): optimizer is FitOptimizer & Stateful {
  const { stateDict, loadStateDict } = optimizer as Partial<Stateful>;
  return typeof stateDict === 'function' && typeof loadStateDict === 'function';
}
