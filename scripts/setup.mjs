import { buildWasm } from '../packages/core/scripts/build-wasm.mjs';

/** Before the tests: makes the embedded WebAssembly anew if its source has changed. */
export async function setup() {
  await buildWasm();
}
