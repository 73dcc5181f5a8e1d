import {
  clone,
  copy_,
  forgetGrad,
  type Generator,
  type GeneratorState,
  livingGenerators,
  noGrad,
  Tensor,
} from '@ndgrad/core';
import type { AnyModule } from '@ndgrad/nn';
import type { Stateful } from '../checkpoint/parts.ts';

/** A gradient that belongs to somebody else, and whether they may hold on to it. */
interface Held {
  readonly gradient: Tensor | null;
  readonly isSeen: boolean;
}

/**
 * The state of a training run, to go back to any number of times: weights, buffers, optimizer, every generator of the
 * program, modes, `requiresGrad`; and the gradients, which are put aside until the end.
 */
export class Snapshot {
  private readonly tensors: ReadonlyMap<Tensor, { value: Tensor; requiresGrad: boolean }>;
  private readonly grads: ReadonlyMap<Tensor, Held>;
  private readonly modes: readonly (readonly [AnyModule, boolean])[];
  private readonly generators: readonly (readonly [Generator, GeneratorState])[];
  private readonly optimizerState: object | null;

  constructor(
    modules: readonly AnyModule[],
    others: readonly Tensor[],
    private readonly optimizer: Stateful | null,
  ) {
    const inside = modules.flatMap((module) => [...module.parameters(), ...module.buffers()]);
    const all = [...new Set([...inside, ...others])];
    this.tensors = new Map(
      all.map((x) => [x, { value: noGrad(() => clone(x.detach())), requiresGrad: x.requiresGrad }]),
    );
    this.grads = new Map(all.map((x) => [x, { gradient: x.heldGrad, isSeen: x.isGradSeen }]));
    this.modes = modules.flatMap((module) => module.modules().map((part) => [part, part.training] as const));
    this.generators = livingGenerators().map((generator) => [generator, generator.getState()]);
    this.optimizerState = optimizer === null ? null : (copied(optimizer.stateDict()) as object);
    for (const x of all) x.heldGrad = null;
  }

  /** Back to the start, without gradients. */
  reset(): void {
    this.restoreTensors();
    this.forgetGrads();
    this.redraw();
    for (const [module, training] of this.modes) module.training = training;
    if (this.optimizerState !== null) this.optimizer!.loadStateDict(copied(this.optimizerState));
  }

  /** Weights, buffers and optimizer back to the start; gradients stay as they are now. */
  restoreState(): void {
    this.restoreTensors();
    this.redraw();
    if (this.optimizerState !== null) this.optimizer!.loadStateDict(copied(this.optimizerState));
  }

  /** The generators back to the start, so that the same is drawn again. */
  redraw(): void {
    for (const [generator, state] of this.generators) generator.setState(state);
  }

  forgetGrads(): void {
    for (const x of this.tensors.keys()) forgetGrad(x);
  }

  /** Everything as it was found. */
  end(): void {
    this.reset();
    for (const [x, { gradient, isSeen }] of this.grads) {
      x.heldGrad = gradient;
      x.isGradSeen = isSeen;
    }
  }

  private restoreTensors(): void {
    noGrad(() => {
      for (const [x, { value, requiresGrad }] of this.tensors) {
        copy_(x.detach(), value);
        if (x.isLeaf) x.requiresGrad = requiresGrad;
      }
    });
  }
}

/** The same plain data with tensors of its own. */
export function copied(value: unknown): unknown {
  if (value instanceof Tensor) return noGrad(() => clone(value.detach()));
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}
