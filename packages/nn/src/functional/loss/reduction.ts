import { checkChoice, mean, sum, type Tensor } from '@ndgrad/core';

/** How the losses of single elements or samples become the result: their mean, their sum, or as they are. */
export type Reduction = 'mean' | 'sum' | 'none';

/** What most losses take. */
export interface ReductionOptions {
  /** Default `mean`. */
  reduction?: Reduction;
}

export const reductionDefaults: Required<ReductionOptions> = { reduction: 'mean' };

/** @throws ArgumentError unless it is one of the three. */
export function checkReduction(operation: string, reduction: unknown): asserts reduction is Reduction {
  checkChoice(operation, 'reduction', reduction, ['mean', 'sum', 'none']);
}

/** Single losses reduced to one number; the mean of none is NaN. */
export function reduced(operation: string, losses: Tensor, reduction: Reduction): Tensor {
  checkReduction(operation, reduction);
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? mean(losses) : sum(losses);
}
