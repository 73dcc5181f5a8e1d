import * as kernels from '../kernels/pointwise.ts';
import { binary, unary } from '../op.ts';

// Questions, answered by 1 for true and 0 for false. Whatever is not 0 counts as true, NaN included.

/** 1 where x is NaN, else 0. */
export const isnan = unary('isnan', kernels.isnan, null);
/** 1 where x is neither NaN nor infinite, else 0. */
export const isfinite = unary('isfinite', kernels.isfinite, null);
/** 1 where x is ∞ or −∞, else 0. */
export const isinf = unary('isinf', kernels.isinf, null);

const noGradient = { a: null, b: null };
/** 1 where x is 0, else 0. */
export const logicalNot = unary('logicalNot', kernels.logicalNot, null);
/** 1 where neither a nor b is 0, else 0; broadcast. */
export const logicalAnd = binary('logicalAnd', kernels.logicalAnd, noGradient);
/** 1 where a or b is not 0, else 0; broadcast. */
export const logicalOr = binary('logicalOr', kernels.logicalOr, noGradient);
/** 1 where exactly one of a and b is not 0, else 0; broadcast. */
export const logicalXor = binary('logicalXor', kernels.logicalXor, noGradient);
