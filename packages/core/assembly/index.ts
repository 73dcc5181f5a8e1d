export { freeFrom, multiply } from './matmul';
export * from './elementwise';
