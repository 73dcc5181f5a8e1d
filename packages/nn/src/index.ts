export * as functional from './functional/index.ts';
export * as init from './init.ts';
export * from './layers/index.ts';
export * from './losses/index.ts';
export {
  type AnyModule,
  type CallObserver,
  type KeyMismatch,
  Module,
  observeCalls,
  type StateDict,
} from './module.ts';
export { Buffer, Parameter } from './parameter.ts';
