export { freeFrom, multiply, useRoom } from './matmul';
// Exported for their speed alone: see there.
export { far, farHalf, near, nearHalf, thin1, thin2, thin3, thin4 } from './tile';
export * from './elementwise';
// Exported for their speed alone: see there.
export { fourMaxima, two, twoMaxima, twoMore, twoRows, twoRowsMore } from './correlate';
export { clear } from './frame';
export * from './images';
export * from './loss';
export * from './norm';
export * from './pool';
export * from './scattered';
export * from './unfold';
export * from './updates';
