// Builds all packages and packs them as the registry gets them: `node scripts/pack.mjs FOLDER` (default: `dist`).
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allPackages, build } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? `${root}/dist`);

await build(await allPackages());
mkdirSync(folder, { recursive: true });
// Without scripts, for each package would build itself once more.
const words = ['-r', '--filter', './packages/*', '--config.ignore-scripts=true', 'pack', '--pack-destination', folder];
const options = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' };
execFileSync('npx', ['-y', 'pnpm@12', ...words], options);
