import { Module } from '@ndgrad/nn';
import type { Mapping, Mappings } from '../mapping.ts';
import type { Step } from '../trace.ts';
import { activation } from './activation.ts';
import { layerMapping } from './layers.ts';
import { losses } from './loss.ts';
import { norms } from './norm.ts';
import { pointwise } from './pointwise.ts';
import { pools } from './pool.ts';
import { products } from './product.ts';
import { reductions } from './reduce.ts';
import { views } from './view.ts';
import { windows } from './windows.ts';

const operations: Mappings = {
  ...pointwise,
  ...activation,
  ...reductions,
  ...products,
  ...views,
  ...windows,
  ...pools,
  ...norms,
  ...losses,
};

/** Whether an operation is written as it is, by its name. */
export const isOp = (name: string): boolean => Object.hasOwn(operations, name);

/** How a step is written as ONNX. */
export function mappingOf({ name, params }: Step): Mapping | undefined {
  if (params instanceof Module) return layerMapping(params);
  return isOp(name) ? (operations[name] as Mapping) : undefined;
}

export { operandsOf } from './layers.ts';
