// Builds packages as they are published: `node scripts/build.mjs` all of them, `node scripts/build.mjs core nn` some.
// Of each entry under `publishConfig` comes one file of JavaScript (what entries share goes to a third), for an import
// costs more by the number of files than by their size; the declarations stay file by file.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { buildWasm } from '../packages/core/scripts/build-wasm.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** Builds the named packages (those of `packages/`) into their `dist`. */
export async function build(names) {
  await buildWasm();
  const declarations = await declare(names);
  try {
    for (const name of names) {
      const dist = join(root, 'packages', name, 'dist');
      await rm(dist, { recursive: true, force: true });
      await cp(join(declarations, name, 'src'), dist, { recursive: true });
      await bundle(name, dist);
    }
  } finally {
    await rm(declarations, { recursive: true });
  }
}

/** The names of all packages. */
export async function allPackages() {
  return (await readdir(join(root, 'packages'))).sort();
}

/** The declarations of the packages, in a temporary folder. */
async function declare(names) {
  const folder = await mkdtemp(join(tmpdir(), 'ndgrad-types-'));
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(root, 'packages'),
    outDir: folder,
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const include = names.map((name) => join(root, 'packages', name, 'src'));
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  try {
    const tsc = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(/package\.json$/, 'bin/tsc');
    await run(process.execPath, [tsc, '-p', folder]);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw new Error(`the declarations can't be made:\n${error.stdout}${error.stderr}`);
  }
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.d.ts'));
  await Promise.all(files.map((name) => nameBuiltFiles(join(folder, name))));
  return folder;
}

/** Lets a declaration import './tensor.js', as published, not './tensor.ts'. */
async function nameBuiltFiles(path) {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/(["'])(\.{1,2}\/[^"']+)\.ts\1/g, '$1$2.js$1'));
}

/** Bundles the sources, and what they use of other packages: except `dependencies`, which whoever installs it gets. */
async function bundle(name, dist) {
  const manifest = JSON.parse(await readFile(join(dist, '../package.json'), 'utf8'));
  const outside = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  const entries = [...new Set(filesOf(manifest.publishConfig).filter((path) => path.endsWith('.js')))];
  const bundled = await rolldown({
    input: Object.fromEntries(
      entries.map((path) => [basename(path, '.js'), join(dist, '../src', basename(path).replace(/\.js$/, '.ts'))]),
    ),
    platform: 'neutral',
    resolve: { mainFields: ['module', 'main'] },
    external: (id) => id.startsWith('node:') || outside.has(id.match(/^(@[^/]+\/)?[^/]+/)?.[0]),
    onLog: (level, { message }) => {
      throw new Error(`${name}: ${level}: ${message}`);
    },
  });
  const { output } = await bundled.write({
    dir: dist,
    format: 'esm',
    keepNames: true, // a module is called by its class in messages and summaries
    entryFileNames: '[name].js',
    chunkFileNames: 'shared-[hash].js',
  });
  await bundled.close();
  await writeLicences(output, dist);
}

/** Puts the licences of what was bundled beside it, as they ask for. */
async function writeLicences(output, dist) {
  const files = output
    .flatMap(({ moduleIds }) => moduleIds.map((id) => id.replaceAll('\\', '/')))
    .filter((id) => id.includes('/node_modules/'));
  const folders = [...new Set(files.map((id) => id.match(/^.*\/node_modules\/(@[^/]+\/)?[^/]+/)[0]))].sort();
  const notices = folders.map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const licence = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
    if (licence === undefined) throw new Error(`${name} has no licence to put beside its code`);
    return `${name} ${version}\n\n${(await readFile(join(folder, licence), 'utf8')).trim()}\n`;
  });
  const text = (await Promise.all(notices)).join(`\n${'-'.repeat(80)}\n\n`);
  if (text !== '') await writeFile(join(dist, 'LICENSES.md'), `# Libraries inside this package\n\n${text}`);
}

/** All paths in a value of `publishConfig`. */
function filesOf(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(filesOf);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  await build(names.length > 0 ? names : await allPackages());
}
