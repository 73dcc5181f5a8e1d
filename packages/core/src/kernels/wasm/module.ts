import { type Binary, fused, plain } from './binary.ts';

/** What is used of the global, which TypeScript's library for Node does not declare in full. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  validate(bytes: Uint8Array): boolean;
};

/**
 * The compiled module: the one whose a·b + c is rounded once, where relaxed SIMD is there, for twice the speed; else the
 * one that rounds after each step.
 * @throws Error where WebAssembly or its SIMD is missing
 */
export function compile(options: { isFused: boolean; isShared: boolean }): object {
  const bytes = bytesOf(options.isFused ? fused : plain, options.isShared);
  return options.isFused ? compileRelaxed(bytes) : new WebAssembly.Module(bytes);
}

function bytesOf({ base64, limitsAt }: Binary, isShared: boolean): Uint8Array {
  const bytes = decoded(base64);
  if (isShared) bytes[limitsAt]! |= 2;
  return bytes;
}

/** Node's own decoder takes a fiftieth of the time. */
function decoded(base64: string): Uint8Array {
  if (globalThis.Buffer !== undefined) return Buffer.from(base64, 'base64');
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Node 20 has relaxed SIMD behind a flag, which counts at the moment of the compilation. */
function compileRelaxed(bytes: Uint8Array): object {
  const isNode20 = globalThis.process?.versions?.v8?.startsWith('11.3.');
  const v8 = isNode20 && !WebAssembly.validate(bytes) ? process.getBuiltinModule?.('node:v8') : undefined;
  v8?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    v8?.setFlagsFromString('--no-experimental-wasm-relaxed-simd');
  }
}
