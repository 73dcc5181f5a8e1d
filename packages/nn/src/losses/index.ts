export * from './binary.ts';
export * from './crossEntropy.ts';
export * from './distribution.ts';
export * from './embedding.ts';
export * from './margin.ts';
export * from './regression.ts';
