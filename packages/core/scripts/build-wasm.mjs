// Compiles assembly/*.ts to WebAssembly, without and with relaxed SIMD, and embeds both, as base64, in
// src/kernels/wasm/binary.ts.
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
  '--enable',
  'threads',
  '--noAssert',
  '--importMemory',
  '--maximumMemory',
  '65536',
];
const variants = { plain: [], fused: ['--enable', 'relaxed-simd'] };

/** Builds the embedded WebAssembly if it is missing or older than its source. Resolves to whether it was built. */
export async function buildWasm() {
  const sources = await readSources();
  const hash = createHash('sha256')
    .update(JSON.stringify([sources, settings, variants]))
    .digest('hex')
    .slice(0, 16);
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present.includes(hash)) return false;
  const binaries = {};
  for (const name in variants) binaries[name] = await compile(sources, [...settings, ...variants[name]]);
  const text = `// Made of assembly/*.ts by scripts/build-wasm.mjs: do not edit.
/** The hash of the source that this was made of. */
export const sourceHash = '${hash}';
/** A WebAssembly module in base64, and which of its bytes says how its memory is limited. */
export interface Binary {
  readonly base64: string;
  readonly limitsAt: number;
}
${Object.entries(binaries).map(declared).join('')}`;
  await writeFile(`${target}.${process.pid}`, text);
  await rename(`${target}.${process.pid}`, target);
  return true;
}

/** The WebAssembly module of the sources. */
async function compile(sources, settings) {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main([entry, '--outFile', 'out.wasm', ...settings], {
    readFile: (name) => sources[name] ?? null,
    writeFile: (_, contents) => {
      binary = Buffer.from(contents);
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

/** A binary as TypeScript. */
function declared([name, binary]) {
  return `export const ${name}: Binary = {
  limitsAt: ${limitsAt(binary)},
  base64:
    '${binary.toString('base64')}',
};
`;
}

/** The byte behind the names and the kind of the imported memory: 1 where it has an upper limit, 3 where it is shared. */
function limitsAt(binary) {
  const memory = Buffer.from('\x03env\x06memory\x02');
  const at = binary.indexOf(memory) + memory.length;
  if (at < memory.length || binary[at] !== 1) throw new Error('the module imports no memory with an upper limit');
  return at;
}

/** The contents of the source files, by name. */
async function readSources() {
  const names = (await readdir(sourceFolder)).filter((name) => name.endsWith('.ts')).sort();
  const texts = names.map(async (name) => [name, await readFile(new URL(name, sourceFolder), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWasm();
