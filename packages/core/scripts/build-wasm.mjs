// Compiles assembly/*.ts to WebAssembly and embeds it, as base64, in src/kernels/wasm/binary.ts.
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const entry = 'index.ts';
const sourceFolder = new URL('../assembly/', import.meta.url);
const target = fileURLToPath(new URL('../src/kernels/wasm/binary.ts', import.meta.url));
const settings = [
  '--optimizeLevel',
  '3',
  '--shrinkLevel',
  '0',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--noAssert',
  '--importMemory',
];

/** Builds the embedded WebAssembly if it is missing or older than its source. Resolves to whether it was built. */
export async function buildWasm() {
  const sources = await readSources();
  const hash = createHash('sha256')
    .update(JSON.stringify([sources, settings]))
    .digest('hex')
    .slice(0, 16);
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present.includes(hash)) return false;
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main([entry, '--outFile', 'out.wasm', ...settings], {
    readFile: (name) => sources[name] ?? null,
    writeFile: (_, contents) => {
      binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const text = `// Made of assembly/*.ts by scripts/build-wasm.mjs: do not edit.
/** The hash of the source that this was made of. */
export const sourceHash = '${hash}';
/** The WebAssembly module, in base64. */
export const binary =
  '${Buffer.from(binary).toString('base64')}';
`;
  await writeFile(`${target}.${process.pid}`, text);
  await rename(`${target}.${process.pid}`, target);
  return true;
}

/** The contents of the source files, by name. */
async function readSources() {
  const names = (await readdir(sourceFolder)).filter((name) => name.endsWith('.ts')).sort();
  const texts = names.map(async (name) => [name, await readFile(new URL(name, sourceFolder), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWasm();
