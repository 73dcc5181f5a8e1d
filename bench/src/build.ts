import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = new URL('../', import.meta.url);
const packages = ['core', 'nn', 'optim'];

/**
 * Compiles ndgrad's packages and the contenders to plain JavaScript in a folder below `.built/`, until this process
 * ends, so that what is measured is what a user of the packages runs. Returns the program of a contender's process.
 */
export function build(): string {
  const parent = new URL('.built/', folder);
  mkdirSync(parent, { recursive: true });
  const outDir = mkdtempSync(fileURLToPath(new URL('run-', parent)));
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  const built = pathToFileURL(`${outDir}/`);
  const options = ['--noEmit', 'false', '--noCheck', '--rewriteRelativeImportExtensions', '--outDir', outDir];
  const paths = ['--rootDir', '..', '--project', 'tsconfig.build.json'];
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', folder));
  execFileSync(process.execPath, [tsc, ...paths, ...options], { cwd: folder, stdio: ['ignore', 2, 2] });
  for (const name of packages) publish(name, built);
  return fileURLToPath(new URL('bench/src/child.js', built));
}

/** Makes `@ndgrad/NAME` found by what lies in `built`, with the dependencies that it has. */
function publish(name: string, built: URL) {
  const compiled = new URL(`packages/${name}/`, built);
  const manifest = { name: `@ndgrad/${name}`, type: 'module', exports: './src/index.js' };
  writeFileSync(new URL('package.json', compiled), JSON.stringify(manifest));
  mkdirSync(new URL('node_modules/@ndgrad/', built), { recursive: true });
  symlinkSync(fileURLToPath(compiled), fileURLToPath(new URL(`node_modules/@ndgrad/${name}`, built)), 'junction');
  const dependencies = new URL(`../packages/${name}/node_modules`, folder);
  // The others' dependencies are core alone, and core is the compiled one.
  if (name === 'core' && existsSync(dependencies)) {
    symlinkSync(fileURLToPath(dependencies), fileURLToPath(new URL('node_modules', compiled)), 'junction');
  }
}
