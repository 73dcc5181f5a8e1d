import type { StateDict } from '@ndgrad/nn';
import type { Sums } from '../measure.ts';
import type { EpochRecord } from '../records.ts';
import type { GeneratorStates } from './generators.ts';

/** The weights where the validation loss was the smallest yet. */
export interface Best {
  readonly epoch: number;
  readonly loss: number;
  readonly state: StateDict;
}

/** An epoch that has begun. */
export interface Underway {
  readonly sums: Sums;
  /** The learning rate at its start. */
  readonly lr: number;
  /** How long it has taken so far. */
  readonly seconds: number;
  /** As they were before its order was drawn: they draw it again. */
  readonly generators: GeneratorStates;
}

/** How far a run of `fit` has come. */
export interface Course {
  readonly history: readonly EpochRecord[];
  /** Steps of the optimizer since the run began. */
  readonly step: number;
  readonly best: Best | null;
  /** `null` between two epochs. */
  readonly underway: Underway | null;
}
