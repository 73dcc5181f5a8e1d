// `node --import ./scripts/dev.mjs FILE.ts` runs TypeScript sources, with the embedded WebAssembly made anew if its
// source has changed. (The tsx command would do, but under it one Ctrl-C arrives twice.)
import { buildWasm } from '../packages/core/scripts/build-wasm.mjs';

await buildWasm();
await import('tsx');
