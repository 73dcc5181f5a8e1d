import type { Optimizer, ParamGroup } from '../optimizer.ts';

/** What plays the part of the momentum: `momentum`, or the first of `betas`. */
type Momentum = { momentum?: number; betas?: readonly [number, number] };

/** Under which name an optimizer has its momentum; `null` where it has none. */
export function momentumOption({ defaults }: Optimizer): 'momentum' | 'betas' | null {
  if ('betas' in defaults) return 'betas';
  return 'momentum' in defaults ? 'momentum' : null;
}

/** Sets the momentum of a group, or its β₁. */
export function setMomentum(group: ParamGroup, value: number): void {
  const own = group as Momentum;
  if (own.betas) own.betas = [value, own.betas[1]];
  else own.momentum = value;
}
