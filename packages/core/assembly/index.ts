export { freeFrom, multiply } from './matmul';
export { relu, step } from './elementwise';
