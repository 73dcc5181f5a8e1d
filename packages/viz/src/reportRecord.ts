import type { EpochRecord } from '@ndgrad/train';
import type { Graph } from './graph.ts';
import type { Points } from './reportCurves.ts';
import type { History } from './reportDistribution.ts';
import type { Evaluation } from './reportEvaluation.ts';
import type { WeightPictures } from './reportPictures.ts';

/** What was seen of one training run. */
export interface RunRecord {
  /** The model in a line: `Linear 784→100, ReLU, Linear 100→10`. */
  readonly model: string;
  /** The model in full. */
  readonly modules: string;
  readonly parameters: number;
  readonly loss: string;
  readonly optimizer: string;
  /** Of the optimizer's first group. */
  readonly settings: Readonly<Record<string, string>>;
  /** That were planned. */
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  /** How much of them watching took. */
  readonly watching: number;
  /** The last epoch that was completed. */
  readonly last: EpochRecord | null;
  readonly curves: Curves;
  /** ‖Δw‖/‖w‖ of one step. */
  readonly ratios: readonly NamedCurve[];
  readonly activations: readonly History[];
  readonly gradients: readonly History[];
  readonly weights: readonly History[];
  /** Dead and saturated units. */
  readonly idle: readonly IdleUnits[];
  /** Of the first layer, before and after; `null` where they are no pictures. */
  readonly pictures: { readonly before: WeightPictures; readonly after: WeightPictures | null } | null;
  readonly evaluation: Evaluation | null;
  /** The computational graph of the loss of few rows. */
  readonly graph: Graph | null;
  /** Whether only the results were kept. */
  readonly light: boolean;
  /** What could not be seen, and why. */
  readonly notes: readonly string[];
}

/** Over the epochs, of which x are parts too. */
export interface Curves {
  /** Of the batches. */
  readonly loss: Points;
  readonly lr: Points;
  readonly trainLoss: Points;
  readonly validationLoss: Points;
  readonly trainAccuracy: Points;
  readonly validationAccuracy: Points;
}

export interface NamedCurve {
  readonly name: string;
  readonly points: Points;
}

export interface IdleUnits extends NamedCurve {
  readonly kind: 'dead' | 'saturated';
  readonly units: number;
}
